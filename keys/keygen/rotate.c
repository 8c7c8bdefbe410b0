/* Part of amiral-keygen: a host's next key, beside the one that it has. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/slurp.h"
#include "keys/certificate.h"
#include "keys/keygen/keygen.h"
#include "keys/public.h"
#include "keys/secret_file.h"
#include "wire/verify/envelope.h"

#define HOST_KEY  "/etc/amiral/host_key"
#define PATH_ROOM (PATH_MAX + 32)

static bool
is_there(const char *path)
{
	return access(path, F_OK) == 0 || errno != ENOENT;
}

static bool
complain(const char *path, const char *what)
{
	log_error("%s: %s", path, what);
	return false;
}

static bool
write_file(const char *path, mode_t mode, const char *text, size_t len)
{
	char error[FILE_ERROR_MAX];

	if (file_create(path, mode, text, len, error) == 0)
		return true;
	log_error("%s", error);
	return false;
}

/* The public half first: what a crash leaves of it harms nobody. */
static bool
write_pair(const char *path, const struct secret_key *key)
{
	char public_path[PATH_ROOM + 4], line[PUBLIC_LINE_MAX + 1], *text;
	size_t len;
	bool good;

	snprintf(public_path, sizeof(public_path), "%s.pub", path);
	public_format(&key->public_key, key->comment, line);
	strcat(line, "\n");
	text = secret_format(key, &len);
	if (text == NULL)
		return complain(path, KEY_NOT_LOCKED);
	unlink(public_path); /* of a rotation that did not get further */
	good = write_file(public_path, 0644, line, strlen(line)) &&
	       write_file(path, 0600, text, len);
	secret_text_free(text);
	return good;
}

static bool
begin(const char *path)
{
	char next[PATH_ROOM], error[KEY_ERROR_MAX];
	struct secret_key old, new;
	bool good;

	snprintf(next, sizeof(next), "%s.new", path);
	if (is_there(next))
		return complain(next,
		    "a rotation is under way: amiral-keygen rotate --finish "
		    "ends it");
	if (secret_file_read(&old, path, error) != 0) {
		log_error("%s", error);
		return false;
	}
	secret_free(&old); /* its public half and comment stay */
	if (secret_generate(&new, old.comment) != 0)
		return complain(next, KEY_NOT_LOCKED);
	good = write_pair(next, &new);
	secret_free(&new);
	if (!good)
		return false;
	keygen_print_fingerprint(&old.public_key, "now");
	keygen_print_fingerprint(&new.public_key, "next");
	printf("Reload amirald. When every controller has seen the host, end "
	       "it with\namiral-keygen rotate --finish, and reload again.\n");
	return true;
}

/* What --finish works on: the paths, and the key that is the host's then. */
struct ending {
	const char *path;
	char next[PATH_ROOM], certificate[PATH_ROOM];
	struct public_key key;
	char comment[KEY_COMMENT_MAX + 1];
};

static bool
move(const char *from, const char *to)
{
	return rename(from, to) == 0 || complain(from, strerror(errno));
}

static char *
read_public(const char *path)
{
	char error[FILE_ERROR_MAX], *text;
	int fd = file_open(path, FILE_TRUSTED, FILE_KEY_MAX, error);
	size_t len;

	if (fd == -1) {
		log_error("%s", error);
		return NULL;
	}
	text = slurp(fd, FILE_KEY_MAX, &len);
	close(fd);
	if (text == NULL)
		complain(path, "cannot be read");
	return text;
}

/* The next key, or where it has moved already the host's own. */
static bool
read_key(struct ending *e, const char *path)
{
	char error[KEY_ERROR_MAX];
	struct secret_key key;

	if (secret_file_read(&key, path, error) != 0) {
		log_error("%s", error);
		return false;
	}
	e->key = key.public_key;
	snprintf(e->comment, sizeof(e->comment), "%s", key.comment);
	secret_free(&key);
	return true;
}

static bool
has_next_certificate(const struct ending *e)
{
	uint8_t blob[CERTIFICATE_MAX];
	struct certificate certificate;
	char *text = read_public(e->certificate);
	size_t len;
	bool good;

	good = text != NULL && certificate_line(text, blob, &len) != NULL &&
	       certificate_read(&certificate, blob, len) == CERTIFICATE_GOOD &&
	       public_key_equal(&certificate.key, &e->key);
	free(text);
	return good || complain(e->certificate,
			   "is no host certificate for the next key: make one "
			   "with ssh-keygen -s CA -h, or remove it");
}

static bool
certificates_are_good(const struct ending *e)
{
	char certificate[PATH_ROOM];

	snprintf(certificate, sizeof(certificate), "%s-cert.pub", e->path);
	if (is_there(e->certificate))
		return has_next_certificate(e);
	return !is_there(certificate) || !is_there(e->next) ||
	       complain(e->next,
		   "the host has a certificate, and its next key has none: "
		   "make one with ssh-keygen -s CA -h");
}

/* Whether the public half that was left is that of the host's key. */
static bool
is_its_public(const struct ending *e, const char *path)
{
	char line[PUBLIC_LINE_MAX + 1], *text = read_public(path);
	size_t len;
	bool same;

	public_format(&e->key, "", line);
	len = strlen(line);
	same = text != NULL && strncmp(text, line, len) == 0 &&
	       strchr(" \n", text[len]) != NULL;
	free(text);
	return same;
}

/*
 * Where a crash stopped an earlier one, the next key has moved already; where
 * it stopped the beginning, a public half is left that is nobody's.
 */
static bool
is_under_way(struct ending *e, const char *next_public)
{
	if (is_there(e->next))
		return read_key(e, e->next);
	if (!read_key(e, e->path))
		return false;
	if (!is_there(next_public))
		return is_there(e->certificate) ||
		       complain(e->next, "no rotation is under way");
	return is_its_public(e, next_public) ||
	       complain(next_public,
		   "no rotation is under way: this is left of one that was "
		   "cut short; amiral-keygen rotate begins again");
}

/* The secret first: then what is left tells that this was under way. */
static bool
move_all(const struct ending *e, const char *next_public)
{
	char to[PATH_ROOM], line[PUBLIC_LINE_MAX + 1], error[FILE_ERROR_MAX];

	if (is_there(e->next) && !move(e->next, e->path))
		return false;
	snprintf(to, sizeof(to), "%s-cert.pub", e->path);
	if (is_there(e->certificate) && !move(e->certificate, to))
		return false;
	public_format(&e->key, e->comment, line);
	strcat(line, "\n");
	snprintf(to, sizeof(to), "%s.pub", e->path);
	if (file_replace(to, 0644, line, strlen(line), error) != 0) {
		log_error("%s", error);
		return false;
	}
	return !is_there(next_public) || unlink(next_public) == 0 ||
	       complain(next_public, strerror(errno));
}

static bool
finish(const char *path)
{
	struct ending e = { .path = path };
	char next_public[PATH_ROOM];

	snprintf(e.next, sizeof(e.next), "%s.new", path);
	snprintf(e.certificate, sizeof(e.certificate), "%s.new-cert.pub", path);
	snprintf(next_public, sizeof(next_public), "%s.new.pub", path);
	return is_under_way(&e, next_public) && certificates_are_good(&e) &&
	       move_all(&e, next_public);
}

int
command_rotate(const struct command *self, int argc, char **argv)
{
	static const struct option options[] = {
		{ "file", required_argument, NULL, 'f' },
		{ "finish", no_argument, NULL, 'F' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = HOST_KEY;
	bool ends = false;
	int option;

	while ((option = getopt_long(argc, argv, "f:h", options, NULL)) != -1) {
		if (option == 'f')
			path = optarg;
		else if (option == 'F')
			ends = true;
		else
			return option == 'h' ? keygen_help(self)
					     : keygen_usage(self);
	}
	if (optind != argc || strlen(path) >= PATH_MAX)
		return keygen_usage(self);
	return (ends ? finish(path) : begin(path)) ? 0 : 1;
}
