/* Part of amiral-keygen: what stands in a key file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/slurp.h"
#include "keys/keygen/keygen.h"
#include "keys/public.h"
#include "keys/secret.h"
#include "keys/secret_file.h"

#define PRIVATE_START "-----BEGIN"

static int
show(const struct public_key *key, const char *comment)
{
	keygen_print_public(key, comment);
	keygen_print_fingerprint(key, comment);
	return 0;
}

/* Opened anew, by the stricter rules for secrets. */
static int
show_secret(const char *path)
{
	char error[KEY_ERROR_MAX];
	struct secret_key key;

	if (secret_file_read(&key, path, error) != 0) {
		log_error("%s", error);
		return 1;
	}
	secret_free(&key);
	return show(&key.public_key, key.comment);
}

/* "type base64 [comment]" and a newline: the one line of a .pub file. */
static bool
read_line(char *text, struct public_key *key, char **comment)
{
	char *rest = text, *type, *base64;

	text[strcspn(text, "\n")] = '\0';
	type = strsep(&rest, " ");
	base64 = strsep(&rest, " ");
	if (base64 == NULL)
		return false;
	*comment = rest != NULL ? rest : base64 + strlen(base64);
	return secret_comment_ok(*comment) &&
	       public_from_text(key, type, base64);
}

static int
show_public(const char *path, char *text, size_t len)
{
	struct public_key key;
	char *comment, *newline = memchr(text, '\n', len);

	if (memchr(text, '\0', len) == NULL &&
	    (newline == NULL || newline == text + len - 1) &&
	    read_line(text, &key, &comment))
		return show(&key, comment);
	log_error("%s: neither a secret Ed25519 key nor the one line of a "
		  "public one, \"ssh-ed25519 BASE64 COMMENT\": copy it anew, "
		  "or make a pair with amiral-keygen new",
	    path);
	return 1;
}

static bool
is_secret(int fd)
{
	char start[sizeof(PRIVATE_START)] = "";

	return pread(fd, start, sizeof(start) - 1, 0) > 0 &&
	       strcmp(start, PRIVATE_START) == 0;
}

static int
show_public_file(const char *path, int fd)
{
	char *text;
	size_t len;
	int status;

	text = slurp(fd, FILE_KEY_MAX, &len);
	if (text == NULL) {
		log_error("%s: cannot read it: %s", path, strerror(errno));
		return 1;
	}
	status = show_public(path, text, len);
	free(text);
	return status;
}

static int
show_file(const char *path)
{
	char error[FILE_ERROR_MAX];
	int fd, status;

	fd = file_open(path, FILE_TRUSTED, FILE_KEY_MAX, error);
	if (fd == -1) {
		log_error("%s", error);
		return 1;
	}
	status = is_secret(fd) ? show_secret(path) : show_public_file(path, fd);
	close(fd);
	return status;
}

int
command_show(const struct command *self, int argc, char **argv)
{
	char path[PATH_MAX];
	int status;

	if (!keygen_arguments(self, argc, argv, 0, 1, &status))
		return status;
	if (argc > 1)
		return show_file(argv[1]);
	return keygen_default_path(path) ? show_file(path) : 1;
}
