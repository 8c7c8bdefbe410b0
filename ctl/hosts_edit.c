#include "ctl/hosts_edit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/name.h"
#include "base/slurp.h"
#include "ctl/commands.h"
#include "ctl/hosts_key.h"
#include "keys/known_hosts_file.h"
#include "keys/public.h"
#include "wire/sign.h"

#define BLANKS " \t\r"

static int
fail(const char *error)
{
	log_error("%s", error);
	return EXIT_LOCAL;
}

/*
 * The name's or fingerprint's lines; else the keys that the word means. That a
 * name's former key is revoked says nothing of the one that it has now.
 */
static bool
revoke_word(struct known_hosts_file *file, const struct settings *settings,
    const char *word, char error[static CTL_ERROR_MAX])
{
	struct public_key keys[HELLO_KEYS_MAX];
	size_t count, already;

	known_hosts_text_revoke(&file->content, word);
	already = file->content.already;
	if (file->content.changed > already)
		return true;
	count = hosts_keys_of(
	    word, file->path, &file->content, settings, keys, error);
	for (size_t i = 0; i < count; i++)
		known_hosts_text_revoke_key(&file->content, &keys[i]);
	if (count == 0 && already > 0 &&
	    known_hosts_has_authorities(file->known))
		log_warning("%s was revoked before: if a certificate makes it "
			    "known by another key since, give that key: its "
			    "line in quotes, or the file that ends in .pub",
		    word);
	return count > 0 || already > 0;
}

static bool
remove_lines(struct known_hosts_file *file, const struct settings *settings,
    const char *word, char error[static CTL_ERROR_MAX])
{
	(void)settings;
	known_hosts_text_remove(&file->content, word);
	if (file->content.changed > 0)
		return true;
	snprintf(error, CTL_ERROR_MAX,
	    "no line of %.300s has '%.100s': amiral hosts list shows names "
	    "and fingerprints",
	    file->path, word);
	return false;
}

typedef bool edit_fn(struct known_hosts_file *, const struct settings *,
    const char *word, char error[static CTL_ERROR_MAX]);

static int
edit(const struct settings *settings, const char *word, edit_fn *fn,
    const char *done)
{
	char error[CTL_ERROR_MAX];
	struct known_hosts_file file;
	int status = EXIT_LOCAL;

	if (!known_hosts_file_open(&file, settings->known_hosts, error))
		return fail(error);
	if (fn(&file, settings, word, error) &&
	    known_hosts_file_write(&file, error)) {
		printf("%s %s\n", done, word);
		status = EXIT_OK;
	} else
		log_error("%s", error);
	known_hosts_file_close(&file);
	return status;
}

int
hosts_revoke(const struct settings *settings, const char *word)
{
	return edit(settings, word, revoke_word, "revoked");
}

int
hosts_remove(const struct settings *settings, const char *word)
{
	return edit(settings, word, remove_lines, "removed");
}

/* Import */

struct import_host {
	const char *name; /* inside the source's text */
	struct public_key key;
};

struct import {
	struct known_hosts_file file;
	struct import_host *hosts; /* that were added */
	size_t room;
	unsigned line, added, same, other_types, unusable, changed;
};

/* The name that the host will answer by: not an address, not a pattern. */
static const char *
usable_name(char *names)
{
	struct in_addr v4;
	char *name;

	while ((name = strsep(&names, ",")) != NULL)
		if (name_is_host(name) && inet_pton(AF_INET, name, &v4) != 1)
			return name;
	return NULL;
}

static void
say_changed(struct import *im, const char *host, const struct public_key *key)
{
	char fingerprint[FINGERPRINT_SIZE];

	im->changed++;
	sign_fingerprint(key, fingerprint);
	log_error("line %u: WARNING: %s is NOT imported: %s is not the key "
		  "that %s has for that name, or is another host's or a "
		  "revoked one there; if it was installed anew, remove the "
		  "old line first: amiral hosts remove %s",
	    im->line, host, fingerprint, im->file.path, host);
}

/* Against the lines before it: as known_hosts_check() judges those of a file.
 */
static enum status
check_added(
    const struct import *im, const char *host, const struct public_key *key)
{
	for (size_t i = 0; i < im->added; i++) {
		bool name = strcmp(im->hosts[i].name, host) == 0;
		bool same = public_key_equal(&im->hosts[i].key, key);

		if (name || same)
			return name && same ? STATUS_OK : STATUS_HOST;
	}
	return STATUS_UNKNOWN_KEY;
}

static void
add_host(struct import *im, const char *host, const struct public_key *key)
{
	if (im->added == im->room) {
		im->room = 2 * im->room + 64;
		im->hosts =
		    reallocarray(im->hosts, im->room, sizeof *im->hosts);
		if (im->hosts == NULL)
			fatal("out of memory");
	}
	im->hosts[im->added++] = (struct import_host){ host, *key };
	known_hosts_text_add(&im->file.content, host, key, false);
}

static void
take_host(struct import *im, const char *host, const struct public_key *key)
{
	enum status status = known_hosts_check(im->file.known, host, key);

	if (status == STATUS_UNKNOWN_KEY)
		status = check_added(im, host, key);
	if (status == STATUS_UNKNOWN_KEY)
		add_host(im, host, key);
	else if (status == STATUS_OK)
		im->same++;
	else
		say_changed(im, host, key);
}

/* "names type base64 [comment]"; markers are for a person to copy. */
static void
take_line(struct import *im, char *line)
{
	char *rest, *names = strtok_r(line, BLANKS, &rest);
	char *type = strtok_r(NULL, BLANKS, &rest);
	char *base64 = strtok_r(NULL, BLANKS, &rest);
	struct public_key key;
	const char *host;

	if (names == NULL || names[0] == '#')
		return;
	if (names[0] == '@' || base64 == NULL) {
		im->unusable++;
	} else if (strcmp(type, public_type_name(KEY_ED25519)) != 0) {
		im->other_types++;
	} else {
		host = usable_name(names);
		if (host != NULL && public_from_text(&key, type, base64))
			take_host(im, host, &key);
		else
			im->unusable++;
	}
}

static bool
take_text(
    struct import *im, char *text, char error[static KNOWN_HOSTS_ERROR_MAX])
{
	char *line;

	while ((line = strsep(&text, "\n")) != NULL) {
		im->line++;
		take_line(im, line);
	}
	return im->added == 0 || known_hosts_file_write(&im->file, error);
}

/* A pipe has no start to read from anew: no slurp. */
static char *
read_stdin(void)
{
	char *text = malloc(KNOWN_HOSTS_FILE_MAX + 1);
	size_t len;

	if (text == NULL)
		fatal("out of memory");
	len = fread(text, 1, KNOWN_HOSTS_FILE_MAX + 1, stdin);
	if (ferror(stdin) || len > KNOWN_HOSTS_FILE_MAX) {
		free(text);
		errno = EFBIG;
		return NULL;
	}
	text[len] = '\0';
	return text;
}

static char *
read_source(const char *source, char error[static KNOWN_HOSTS_ERROR_MAX])
{
	char *text;
	size_t len;
	int fd;

	if (strcmp(source, "-") == 0) {
		text = read_stdin();
		if (text == NULL)
			snprintf(error, KNOWN_HOSTS_ERROR_MAX,
			    "standard input: %s", strerror(errno));
		return text;
	}
	fd = file_open(source, FILE_TRUSTED, KNOWN_HOSTS_FILE_MAX, error);
	if (fd == -1)
		return NULL;
	text = slurp(fd, KNOWN_HOSTS_FILE_MAX, &len);
	close(fd);
	if (text == NULL)
		snprintf(error, KNOWN_HOSTS_ERROR_MAX, "%.300s: cannot be read",
		    source);
	return text;
}

static int
say_imported(const struct import *im)
{
	printf("%u imported, %u known already", im->added, im->same);
	if (im->changed > 0)
		printf(", %u with another key", im->changed);
	if (im->other_types > 0)
		printf(", %u of other key types skipped", im->other_types);
	if (im->unusable > 0)
		printf(", %u hashed or without a plain host name skipped",
		    im->unusable);
	putchar('\n');
	return im->changed > 0 ? EXIT_LOCAL : EXIT_OK;
}

int
hosts_import(const struct settings *settings, const char *source)
{
	char error[KNOWN_HOSTS_ERROR_MAX], *text = read_source(source, error);
	struct import im = { 0 };
	int status;

	if (text == NULL)
		return fail(error);
	if (!known_hosts_file_open(&im.file, settings->known_hosts, error)) {
		free(text);
		return fail(error);
	}
	status = take_text(&im, text, error) ? say_imported(&im) : fail(error);
	known_hosts_file_close(&im.file);
	free(im.hosts);
	free(text);
	return status;
}
