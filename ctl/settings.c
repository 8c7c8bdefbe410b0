#include "ctl/settings.h"

#include <limits.h>
#include <sodium.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/file.h"
#include "base/name.h"
#include "base/slurp.h"
#include "config.h"

#define NO_OPTION ((size_t)-1)

static const struct setting_row {
	const char *name;     /* in the file */
	const char *variable; /* of the environment, or NULL */
	size_t field, option;
	bool path;            /* "~/" in front is the home directory */
	const char *fallback; /* or NULL */
} rows[] = {
	{ "redis", "AMIRAL_REDIS", offsetof(struct settings, redis),
	    offsetof(struct options, redis), false, "redis://127.0.0.1:6379" },
	{ "fleet", "AMIRAL_FLEET", offsetof(struct settings, fleet),
	    offsetof(struct options, fleet), false, NULL },
	{ "key", "AMIRAL_KEY", offsetof(struct settings, key),
	    offsetof(struct options, key), true, "~/.config/amiral/key" },
	{ "known_hosts", "AMIRAL_KNOWN_HOSTS",
	    offsetof(struct settings, known_hosts),
	    offsetof(struct options, known_hosts), true,
	    "~/.config/amiral/known_hosts" },
	{ "operator", "AMIRAL_OPERATOR", offsetof(struct settings, operator_),
	    offsetof(struct options, operator_), false, NULL },
	{ "password_file", NULL, offsetof(struct settings, password_file),
	    NO_OPTION, true, NULL },
};
#define ROWS (sizeof rows / sizeof rows[0])

static char **
field_of(struct settings *s, const struct setting_row *row)
{
	return (char **)(void *)((char *)s + row->field);
}

/* A copy of value, at home where it starts with "~/". False and a message. */
static bool
set_field(struct settings *s, const struct setting_row *row, const char *value,
    char error[static CTL_ERROR_MAX])
{
	const char *home = getenv("HOME");
	char *copy = NULL;

	if (!row->path || strncmp(value, "~/", 2) != 0) {
		copy = strdup(value);
	} else if (home == NULL || home[0] != '/') {
		snprintf(error, CTL_ERROR_MAX,
		    "HOME names no directory: name %s by its option",
		    row->name);
		return false;
	} else if (asprintf(&copy, "%s%s", home, value + 1) == -1) {
		copy = NULL;
	}
	if (copy == NULL) {
		snprintf(error, CTL_ERROR_MAX, "out of memory");
		return false;
	}
	*field_of(s, row) = copy;
	return true;
}

static const struct setting_row *
row_find(const char *name)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

/* What no earlier source has said. */
static bool
take_pair(struct settings *s, const struct conf_pair *pair,
    char error[static CTL_ERROR_MAX])
{
	const struct setting_row *row = row_find(pair->key);

	if (row == NULL) {
		snprintf(error, CTL_ERROR_MAX,
		    "%.300s:%u: unknown key '%.100s': [amiral] has redis, "
		    "key, known_hosts, operator, fleet and password_file",
		    pair->file, pair->line, pair->key);
		return false;
	}
	if (pair->value[0] == '\0') {
		snprintf(error, CTL_ERROR_MAX,
		    "%.300s:%u: %s is empty: leave the line out", pair->file,
		    pair->line, row->name);
		return false;
	}
	return *field_of(s, row) != NULL ||
	       set_field(s, row, pair->value, error);
}

static bool
take_conf(struct settings *s, const struct conf *conf,
    char error[static CTL_ERROR_MAX])
{
	for (const struct conf_section *section = conf->sections;
	     section != NULL; section = section->next) {
		if (strcmp(section->kind, "amiral") != 0 ||
		    section->title[0] != '\0') {
			snprintf(error, CTL_ERROR_MAX,
			    "%.300s:%u: unknown section '%.100s': only "
			    "[amiral] is read here",
			    section->file, section->line, section->kind);
			return false;
		}
		for (const struct conf_pair *pair = section->pairs;
		     pair != NULL; pair = pair->next)
			if (!take_pair(s, pair, error))
				return false;
	}
	return true;
}

/* A file that does not exist says nothing. */
static bool
take_file(
    struct settings *s, const char *path, char error[static CTL_ERROR_MAX])
{
	char why[CONF_ERROR_MAX] = "cannot be read", *text = NULL;
	struct conf conf;
	size_t len = 0;
	bool good;
	int fd;

	if (access(path, F_OK) != 0)
		return true;
	fd = file_open(path, FILE_TRUSTED, FILE_CONF_MAX, why);
	if (fd != -1) {
		text = slurp(fd, FILE_CONF_MAX, &len);
		close(fd);
	}
	conf_init(&conf);
	good = text != NULL && conf_add(&conf, path, text, len, why) == 0;
	if (!good)
		snprintf(error, CTL_ERROR_MAX, "%s", why);
	else
		good = take_conf(s, &conf, error);
	conf_free(&conf);
	free(text);
	return good;
}

static bool
take_flags_and_environment(struct settings *s, const struct options *o,
    char error[static CTL_ERROR_MAX])
{
	for (size_t i = 0; i < ROWS; i++) {
		const char *value = NULL;

		if (rows[i].option != NO_OPTION)
			value = *(
			    const char *const *)(const void *)((const char *)o +
							       rows[i].option);
		if (value == NULL && rows[i].variable != NULL)
			value = getenv(rows[i].variable);
		if (value != NULL && value[0] != '\0' &&
		    !set_field(s, &rows[i], value, error))
			return false;
	}
	return true;
}

static bool
take_files(struct settings *s, char error[static CTL_ERROR_MAX])
{
	const char *home = getenv("HOME");
	char path[PATH_MAX];

	if (home != NULL && home[0] == '/') {
		if (asprintf(&s->cache, "%s/.cache/amiral", home) == -1)
			s->cache = NULL;
		snprintf(
		    path, sizeof path, "%s/.config/amiral/amiral.conf", home);
		if (!take_file(s, path, error))
			return false;
	}
	return take_file(s, AMIRAL_SYSCONFDIR "/amiral.conf", error);
}

static bool
check_names(const struct settings *s, char error[static CTL_ERROR_MAX])
{
	if (s->fleet == NULL) {
		snprintf(error, CTL_ERROR_MAX,
		    "no fleet is named: say --fleet NAME, set AMIRAL_FLEET, "
		    "or write fleet = NAME into ~/.config/amiral/amiral.conf");
		return false;
	}
	if (!name_is_fleet(s->fleet)) {
		snprintf(error, CTL_ERROR_MAX,
		    "'%.100s' is no fleet's name: it ends in '-' and 8 "
		    "hexadecimal digits, as amiral-keygen fleet made it",
		    s->fleet);
		return false;
	}
	if (s->operator_ != NULL && !name_is_principal(s->operator_)) {
		snprintf(error, CTL_ERROR_MAX,
		    "'%.300s' is no operator's name: printable ASCII without "
		    "spaces, commas, quotes, '*', '?' and '!'",
		    s->operator_);
		return false;
	}
	return true;
}

bool
settings_read(struct settings *out, const struct options *o,
    char error[static CTL_ERROR_MAX])
{
	memset(out, 0, sizeof *out);
	if (!take_flags_and_environment(out, o, error) ||
	    !take_files(out, error))
		return false;
	for (size_t i = 0; i < ROWS; i++)
		if (*field_of(out, &rows[i]) == NULL &&
		    rows[i].fallback != NULL &&
		    !set_field(out, &rows[i], rows[i].fallback, error))
			return false;
	return check_names(out, error);
}

bool
settings_password(const struct settings *s, char password[static PASSWORD_MAX],
    char error[static CTL_ERROR_MAX])
{
	long len;
	int fd;

	memset(password, 0, PASSWORD_MAX);
	if (s->password_file == NULL)
		return true;
	fd = file_open(s->password_file, FILE_SECRET, PASSWORD_MAX - 1, error);
	if (fd == -1)
		return false;
	len = slurp_into(fd, password, PASSWORD_MAX - 1);
	close(fd);
	if (len < 0 || memchr(password, '\0', (size_t)len) != NULL) {
		sodium_memzero(password, PASSWORD_MAX);
		snprintf(error, CTL_ERROR_MAX,
		    "%.300s: cannot be read as one line of text",
		    s->password_file);
		return false;
	}
	password[strcspn(password, "\r\n")] = '\0';
	return true;
}

void
settings_clear(struct settings *s)
{
	for (size_t i = 0; i < ROWS; i++)
		free(*field_of(s, &rows[i]));
	free(s->cache);
	memset(s, 0, sizeof *s);
}
