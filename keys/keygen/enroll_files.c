/* Part of amiral-keygen. */
#include "keys/keygen/enroll_files.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/agent_conf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/slurp.h"
#include "keys/allowed_signers.h"
#include "keys/public.h"
#include "keys/secret_file.h"

#define TIME_SIZE  20      /* "YYYYMMDDHHMMSSZ" and room */
#define TRUST_NAME "trust" /* principal of a signer who is no operator */
#define BOTH       "namespaces=\"amiral-request-v1,amiral-trust-v1\""
#define TRUST_ONLY "namespaces=\"amiral-trust-v1\""

static bool
complain(const char *error)
{
	log_error("%s", error);
	return false;
}

static bool
is_absent(const char *path)
{
	struct stat st;

	return lstat(path, &st) != 0 && errno == ENOENT;
}

/* Texts that grow line by line. */
struct text {
	char *bytes;
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void
add(struct text *text, const char *fmt, ...)
{
	char *line, *bytes;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vasprintf(&line, fmt, args);
	va_end(args);
	if (n < 0)
		fatal("out of memory");
	bytes = realloc(text->bytes, text->len + (size_t)n + 1);
	if (bytes == NULL)
		fatal("out of memory");
	memcpy(bytes + text->len, line, (size_t)n + 1);
	text->bytes = bytes;
	text->len += (size_t)n;
	free(line);
}

/* allowed_signers */

static bool
format_time(char out[static TIME_SIZE], int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	return gmtime_r(&seconds, &tm) != NULL &&
	       strftime(out, TIME_SIZE, "%Y%m%d%H%M%SZ", &tm) > 0;
}

/* "principal options key", as the list says it of its own signer. */
static bool
add_operator(struct text *text, const struct trust_signer *signer)
{
	char after[TIME_SIZE], before[TIME_SIZE], line[PUBLIC_LINE_MAX];

	if (!format_time(after, signer->valid_after) ||
	    !format_time(before, signer->valid_before))
		return complain("the operators' list has a time out of range");
	public_format(&signer->key, "", line);
	add(text, "%s " BOTH, signer->principal);
	if (signer->valid_after > 0)
		add(text, ",valid-after=\"%s\"", after);
	if (signer->valid_before > 0)
		add(text, ",valid-before=\"%s\"", before);
	add(text, " %s\n", line);
	return true;
}

/* A signer of lists who is no operator may sign lists, and nothing else. */
static bool
add_pinned(struct text *text, const struct trust_list *list,
    const struct public_key *pinned)
{
	char line[PUBLIC_LINE_MAX];

	for (size_t i = 0; i < list->signer_count; i++)
		if (public_key_equal(&list->signers[i].key, pinned))
			return add_operator(text, &list->signers[i]);
	public_format(pinned, "", line);
	add(text, TRUST_NAME " " TRUST_ONLY " %s\n", line);
	return true;
}

/*
 * Only whom the token pins. The others come with the list itself, which the
 * agent keeps: written here, they would outlive their being taken off it.
 */
static bool
build_operators(struct enroll_files *files)
{
	char error[ALLOWED_SIGNERS_ERROR_MAX];
	struct allowed_signers *signers;
	struct text text = { 0 };
	bool good;

	add(&text, "# Who may change this fleet's list of operators; made by "
		   "amiral-keygen enroll.\n");
	good = add_pinned(&text, files->list.list, &files->pinned);
	files->operators_text = text.bytes;
	if (!good)
		return false;
	signers = allowed_signers_parse(
	    files->operators, text.bytes, text.len, error);
	allowed_signers_free(signers);
	return signers != NULL || complain(error);
}

/* amirald.conf */

static bool
add_settings(struct text *text, const struct enroll_place *place)
{
	for (unsigned i = 0; i < place->set_count; i++) {
		const char *equals = strchr(place->set[i], '=');

		if (equals == NULL || strpbrk(place->set[i], "\r\n[") != NULL) {
			log_error("--set %s: write NAME=VALUE, as in [agent] "
				  "of amirald.conf",
			    place->set[i]);
			return false;
		}
		add(text, "%.*s = %s\n", (int)(equals - place->set[i]),
		    place->set[i], equals + 1);
	}
	return true;
}

/* amirald's own reader has the last word, and says where lists are kept. */
static bool
judge_conf(struct enroll_files *files, const struct text *text)
{
	struct agent_conf *out = calloc(1, sizeof(*out));
	char error[CONF_ERROR_MAX];
	struct conf conf;
	bool good;

	if (out == NULL)
		fatal("out of memory");
	conf_init(&conf);
	good =
	    conf_add(&conf, files->conf, text->bytes, text->len, error) == 0 &&
	    agent_conf_read(out, &conf, error) == 0;
	if (!good)
		log_error("%s", error);
	else
		good = enroll_list_prepare(
		    &files->list, out->state_dir, is_absent(files->conf));
	agent_conf_free(out);
	free(out);
	conf_free(&conf);
	return good;
}

static bool
build_conf(struct enroll_files *files, const struct enroll_place *place,
    const struct token *token)
{
	struct text text = { 0 };
	bool good;

	add(&text,
	    "# Made by amiral-keygen enroll; see amirald.conf(5).\n"
	    "[agent]\nfleet = %s\nhostname = %s\nhost_key = %s\n"
	    "operators = %s\n",
	    token->fleet, files->hostname, files->host_key, files->operators);
	good = add_settings(&text, place);
	add(&text, "\n[redis]\nurl = %s\n",
	    place->redis != NULL ? place->redis : token->url);
	if (place->password_file != NULL)
		add(&text, "password_file = %s\n", place->password_file);
	files->conf_text = text.bytes;
	return good && judge_conf(files, &text);
}

/* The host key */

static bool
path_in(char out[static PATH_MAX], const char *directory, const char *name)
{
	int n = snprintf(out, PATH_MAX, "%s/%s", directory, name);

	return (directory[0] == '/' && n > 0 && n < PATH_MAX) ||
	       complain("-d takes an absolute path of a directory");
}

/* A key that an earlier try has left is this host's key. */
static bool
prepare_key(struct enroll_files *files, const struct enroll_place *place)
{
	char error[KEY_ERROR_MAX];

	if (place->ssh_key != NULL) {
		log_warning("%s becomes amiral's key too: whoever reads it "
			    "can answer as this host to ssh and to amiral, "
			    "and changing it changes both",
		    place->ssh_key);
		snprintf(files->host_key, PATH_MAX, "%s", place->ssh_key);
	} else if (!path_in(files->host_key, place->directory, "host_key")) {
		return false;
	} else if (is_absent(files->host_key)) {
		files->new_key = true;
		return secret_generate(&files->secret, files->hostname) == 0 ||
		       complain(KEY_NOT_LOCKED);
	}
	return secret_file_read(&files->secret, files->host_key, error) == 0 ||
	       complain(error);
}

/* What is there is what would be written, or not there. */
static bool
is_free(const char *path, const char *text)
{
	char error[FILE_ERROR_MAX], *found;
	size_t len;
	bool same;
	int fd;

	if (is_absent(path))
		return true;
	fd = file_open(path, FILE_TRUSTED, FILE_CONF_MAX, error);
	if (fd == -1)
		return complain(error);
	found = slurp(fd, FILE_CONF_MAX, &len);
	close(fd);
	same = found != NULL && strcmp(found, text) == 0;
	free(found);
	if (!same)
		log_error("%s: is there, says something else, and is never "
			  "overwritten: this host is enrolled already? move "
			  "it away to enroll anew",
		    path);
	return same;
}

bool
enroll_files_prepare(struct enroll_files *files,
    const struct enroll_place *place, const struct token *token)
{
	return path_in(files->operators, place->directory, "allowed_signers") &&
	       path_in(files->conf, place->directory, "amirald.conf") &&
	       prepare_key(files, place) && build_operators(files) &&
	       build_conf(files, place, token) &&
	       is_free(files->operators, files->operators_text) &&
	       is_free(files->conf, files->conf_text);
}

/* Writing */

static bool
make_directory(const struct enroll_files *files)
{
	char path[PATH_MAX];

	memcpy(path, files->conf, sizeof(path));
	*strrchr(path, '/') = '\0';
	if (mkdir(path, 0755) == 0 || errno == EEXIST)
		return true;
	log_error("%s: cannot make the directory: %s", path, strerror(errno));
	return false;
}

static bool
write_text(const char *path, const char *text)
{
	char error[FILE_ERROR_MAX];

	return !is_absent(path) ||
	       file_create(path, 0644, text, strlen(text), error) == 0 ||
	       complain(error);
}

static bool
write_key(const struct enroll_files *files)
{
	char error[FILE_ERROR_MAX], *text;
	size_t len;
	bool good;

	if (!files->new_key)
		return true;
	text = secret_format(&files->secret, &len);
	if (text == NULL)
		return complain(KEY_NOT_LOCKED);
	good = file_create(files->host_key, 0600, text, len, error) == 0;
	secret_text_free(text);
	return good || complain(error);
}

bool
enroll_files_write(const struct enroll_files *files)
{
	return enroll_list_write(&files->list) && make_directory(files) &&
	       write_key(files) &&
	       write_text(files->operators, files->operators_text) &&
	       write_text(files->conf, files->conf_text);
}

void
enroll_files_clear(struct enroll_files *files)
{
	secret_free(&files->secret);
	free(files->operators_text);
	free(files->conf_text);
	files->operators_text = files->conf_text = NULL;
}
