/* Part of amiral-keygen: a new pair, on the disk completely or not at all. */
#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "keys/keygen/keygen.h"
#include "keys/public.h"
#include "keys/secret.h"

#define NODE_MAX 64

struct order {
	char path[PATH_MAX], public_path[PATH_MAX];
	const char *comment;
	char default_comment[KEY_COMMENT_MAX + 1];
};

static void
user_at_host(char out[static KEY_COMMENT_MAX + 1])
{
	const struct passwd *user = getpwuid(getuid());
	char host[NODE_MAX + 1] = "localhost";

	if (gethostname(host, sizeof(host)) == 0)
		host[NODE_MAX] = '\0';
	snprintf(out, KEY_COMMENT_MAX + 1, "%s@%s",
	    user != NULL ? user->pw_name : "user", host);
}

static bool
set_path(struct order *order, const char *file)
{
	int n;

	if (file == NULL) {
		if (!keygen_default_path(order->path) || !keygen_make_config())
			return false;
	} else if (strlen(file) < PATH_MAX) {
		memcpy(order->path, file, strlen(file) + 1);
	} else {
		log_error("the file's path is too long");
		return false;
	}
	n = snprintf(order->public_path, PATH_MAX, "%s.pub", order->path);
	if (n > 0 && n < PATH_MAX)
		return true;
	log_error("the file's path is too long");
	return false;
}

static bool
set_comment(struct order *order, const char *comment)
{
	if (comment == NULL) {
		user_at_host(order->default_comment);
		comment = order->default_comment;
	}
	order->comment = comment;
	if (secret_comment_ok(comment))
		return true;
	log_error("the comment is over %d bytes or not plain text: give "
		  "another with -C",
	    KEY_COMMENT_MAX);
	return false;
}

static bool
is_absent(const char *path)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return true; /* or out of reach: writing will say why */
	log_error("%s: exists, and is never overwritten: move it away, or name "
		  "another file with -f",
	    path);
	return false;
}

static bool
write_secret(const struct order *order, const struct secret_key *key)
{
	char error[FILE_ERROR_MAX], *text;
	size_t len;
	int result;

	text = secret_format(key, &len);
	if (text == NULL) {
		log_error(KEY_NOT_LOCKED);
		return false;
	}
	result = file_create(order->path, 0600, text, len, error);
	secret_text_free(text);
	if (result != 0)
		log_error("%s", error);
	return result == 0;
}

/* A secret key nobody has used yet goes again if its public half cannot come.
 */
static bool
write_public(const struct order *order, const struct secret_key *key)
{
	char error[FILE_ERROR_MAX], line[PUBLIC_LINE_MAX];
	size_t len;

	public_format(&key->public_key, key->comment, line);
	len = strlen(line);
	line[len++] = '\n'; /* the file has no NUL */
	if (file_create(order->public_path, 0644, line, len, error) == 0)
		return true;
	log_error("%s", error);
	unlink(order->path);
	return false;
}

static int
make(const struct order *order)
{
	struct secret_key key;
	bool good;

	if (!is_absent(order->path) || !is_absent(order->public_path))
		return 1;
	if (secret_generate(&key, order->comment) != 0) {
		log_error(KEY_NOT_LOCKED);
		return 1;
	}
	good = write_secret(order, &key) && write_public(order, &key);
	secret_free(&key);
	if (good)
		keygen_print_fingerprint(&key.public_key, key.comment);
	return good ? 0 : 1;
}

int
command_new(const struct command *self, int argc, char **argv)
{
	static const struct option options[] = {
		{ "file", required_argument, NULL, 'f' },
		{ "comment", required_argument, NULL, 'C' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *file = NULL, *comment = NULL;
	struct order order;
	int option;

	while (
	    (option = getopt_long(argc, argv, "f:C:h", options, NULL)) != -1) {
		if (option == 'f')
			file = optarg;
		else if (option == 'C')
			comment = optarg;
		else
			return option == 'h' ? keygen_help(self)
					     : keygen_usage(self);
	}
	if (optind != argc)
		return keygen_usage(self);
	if (!set_comment(&order, comment) || !set_path(&order, file))
		return 1;
	return make(&order);
}
