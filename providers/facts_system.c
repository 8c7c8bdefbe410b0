/* Part of the provider facts: what the kernel and /etc say of the host. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/name.h"
#include "base/slurp.h"
#include "providers/facts.h"
#include "providers/provider.h"

#define FILE_BYTES     16384
#define MACHINE_ID_LEN 32

bool
facts_read_file(const char *path, char *dst, size_t size)
{
	size_t used = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd == -1)
		return false;
	while ((n = read(fd, dst + used, size - 1 - used)) > 0)
		used += (size_t)n;
	close(fd);
	dst[used] = '\0';
	return n == 0 && memchr(dst, '\0', used) == NULL;
}

/* A string that is not UTF-8 is no fact. */
static void
set_text(json_t *object, const char *name, const char *text)
{
	json_t *value = json_string(text);

	if (value != NULL)
		provider_set(object, name, value);
}

/* Host names are compared in lower case, whatever case they are set in. */
static void
lower(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

/* The first name of a line of hosts(5) if it is name with a domain. */
static const char *
qualified(char *line, const char *name)
{
	size_t len = strlen(name);
	char *word, *rest = line;
	const char *found = NULL;

	line[strcspn(line, "#")] = '\0';
	if (strtok_r(line, " \t", &rest) == NULL)
		return NULL;
	while ((word = strtok_r(NULL, " \t", &rest)) != NULL) {
		lower(word);
		if (found == NULL && strncmp(word, name, len) == 0 &&
		    word[len] == '.')
			found = word;
	}
	return found;
}

/*
 * No resolver: it would need a network, and a static program cannot load
 * one. hosts(5) is where Debian writes the full name.
 */
static void
set_fqdn(json_t *facts, char *name)
{
	char hosts[FILE_BYTES], *line, *rest = NULL;
	const char *full = name;

	lower(name);
	if (strchr(name, '.') == NULL &&
	    facts_read_file("/etc/hosts", hosts, sizeof(hosts))) {
		line = strtok_r(hosts, "\n", &rest);
		for (; line != NULL; line = strtok_r(NULL, "\n", &rest)) {
			const char *found = qualified(line, name);

			if (found != NULL && name_is_host(found)) {
				full = found;
				break;
			}
		}
	}
	set_text(facts, "fqdn", full);
}

static void
set_kernel(json_t *facts)
{
	json_t *kernel = provider_object();
	struct utsname names;

	if (uname(&names) == -1)
		fatal_errno("uname");
	set_fqdn(facts, names.nodename);
	set_text(kernel, "name", names.sysname);
	set_text(kernel, "release", names.release);
	set_text(kernel, "version", names.version);
	provider_set(facts, "kernel", kernel);
	set_text(facts, "arch", names.machine);
}

/* Undoes the quoting of os-release(5), in place. */
static char *
unquote(char *value)
{
	char quote = *value, *from, *to;

	if (quote != '"' && quote != '\'')
		return value;
	for (from = to = ++value; *from != '\0' && *from != quote; from++) {
		if (*from == '\\' && quote == '"' && from[1] != '\0')
			from++;
		*to++ = *from;
	}
	*to = '\0';
	return value;
}

static const struct {
	const char *key, *name;
} os_keys[] = {
	{ "NAME", "name" },
	{ "ID", "id" },
	{ "VERSION_ID", "version" },
	{ "ID_LIKE", "family" },
	{ "PRETTY_NAME", "pretty" },
};

static void
set_os_line(json_t *os, char *line)
{
	char *equals = strchr(line, '=');

	if (equals == NULL)
		return;
	*equals = '\0';
	for (size_t i = 0; i < sizeof(os_keys) / sizeof(os_keys[0]); i++)
		if (strcmp(line, os_keys[i].key) == 0)
			set_text(os, os_keys[i].name, unquote(equals + 1));
}

/* The nearest relative of the distribution, or itself where it has none. */
static void
set_family(json_t *os)
{
	const char *family = json_string_value(json_object_get(os, "family"));
	char *first;

	if (family == NULL)
		family = json_string_value(json_object_get(os, "id"));
	if (family == NULL)
		return;
	first = strndup(family, strcspn(family, " "));
	if (first == NULL)
		fatal("out of memory");
	set_text(os, "family", first);
	free(first);
}

static void
set_os(json_t *facts)
{
	char text[FILE_BYTES], *line, *rest = NULL;
	json_t *os;

	if (!facts_read_file("/etc/os-release", text, sizeof(text)) &&
	    !facts_read_file("/usr/lib/os-release", text, sizeof(text)))
		return;
	os = provider_object();
	line = strtok_r(text, "\n", &rest);
	for (; line != NULL; line = strtok_r(NULL, "\n", &rest))
		set_os_line(os, line);
	set_family(os);
	provider_set(facts, "os", os);
}

static void
set_kib(json_t *memory, const char *name, const char *text, const char *label)
{
	const char *at = strstr(text, label);

	if (at != NULL)
		provider_set(memory, name,
		    json_integer(strtoll(at + strlen(label), NULL, 10)));
}

static void
set_memory(json_t *facts)
{
	char text[FILE_BYTES];
	json_t *memory;

	if (!facts_read_file("/proc/meminfo", text, sizeof(text)))
		return;
	memory = provider_object();
	set_kib(memory, "total_kib", text, "MemTotal:");
	set_kib(memory, "available_kib", text, "MemAvailable:");
	provider_set(facts, "memory", memory);
}

static void
set_machine_id(json_t *facts)
{
	char id[MACHINE_ID_LEN + 8];

	if (!facts_read_file("/etc/machine-id", id, sizeof(id)))
		return;
	id[strcspn(id, "\n")] = '\0';
	if (strlen(id) == MACHINE_ID_LEN &&
	    strspn(id, "0123456789abcdef") == MACHINE_ID_LEN)
		set_text(facts, "machine_id", id);
}

void
facts_system(json_t *facts)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	set_kernel(facts);
	set_os(facts);
	if (cpus > 0)
		provider_set(facts, "cpus", json_integer(cpus));
	set_memory(facts);
	provider_set(
	    facts, "uptime_s", json_integer(clock_monotonic_ms() / 1000));
	set_machine_id(facts);
}
