/* Part of amiral-keygen: a host's next key, beside the one that it has. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "keys/keygen/keygen.h"
#include "keys/public.h"
#include "keys/secret_file.h"

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

/* Also after a crash between two of them. */
static bool
move(const char *path, const char *from_suffix, const char *to_suffix)
{
	char from[PATH_ROOM], to[PATH_ROOM];

	snprintf(from, sizeof(from), "%s%s", path, from_suffix);
	snprintf(to, sizeof(to), "%s%s", path, to_suffix);
	if (!is_there(from) || rename(from, to) == 0)
		return true;
	return complain(from, strerror(errno));
}

static bool
finish(const char *path)
{
	char next[PATH_ROOM], certificate[PATH_ROOM];
	char next_certificate[PATH_ROOM];

	snprintf(next, sizeof(next), "%s.new", path);
	snprintf(certificate, sizeof(certificate), "%s-cert.pub", path);
	snprintf(next_certificate, sizeof(next_certificate), "%s.new-cert.pub",
	    path);
	if (is_there(next) && is_there(certificate) &&
	    !is_there(next_certificate))
		return complain(next,
		    "the host has a certificate, and its next key has none: "
		    "make one with ssh-keygen -s CA -h");
	snprintf(certificate, sizeof(certificate), "%s.new.pub", path);
	if (!is_there(next) && !is_there(certificate) &&
	    !is_there(next_certificate))
		return complain(next, "no rotation is under way");
	return move(path, ".new", "") && move(path, ".new.pub", ".pub") &&
	       move(path, ".new-cert.pub", "-cert.pub");
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
