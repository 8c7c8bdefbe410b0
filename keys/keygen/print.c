/* Part of amiral-keygen: keys on the screen, and where they are kept. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/escape.h"
#include "base/log.h"
#include "keys/keygen/keygen.h"
#include "keys/public.h"
#include "keys/secret.h"
#include "wire/sign.h"

static const char *const type_labels[] = {
	[KEY_ED25519] = "ED25519",
	[KEY_SK_ED25519] = "ED25519-SK",
};

/* A comment is anybody's text, of at most KEY_COMMENT_MAX bytes. */
static void
escape_comment(
    char out[static ESCAPE_MAX(KEY_COMMENT_MAX)], const char *comment)
{
	escape_text(out, ESCAPE_MAX(KEY_COMMENT_MAX), comment, strlen(comment));
}

void
keygen_print_fingerprint(const struct public_key *key, const char *comment)
{
	char fingerprint[FINGERPRINT_SIZE], shown[ESCAPE_MAX(KEY_COMMENT_MAX)];

	sign_fingerprint(key, fingerprint);
	escape_comment(shown, comment);
	printf("256 %s %s (%s)\n", fingerprint,
	    shown[0] != '\0' ? shown : "no comment", type_labels[key->type]);
}

void
keygen_print_public(const struct public_key *key, const char *comment)
{
	char line[PUBLIC_LINE_MAX], shown[ESCAPE_MAX(KEY_COMMENT_MAX)];

	public_format(key, "", line);
	escape_comment(shown, comment);
	printf("%s%s%s\n", line, shown[0] != '\0' ? " " : "", shown);
}

bool
keygen_config_path(char path[static PATH_MAX], const char *name)
{
	const char *home = getenv("HOME");
	int n;

	if (home == NULL || home[0] != '/') {
		log_error("HOME is not an absolute path: name the file");
		return false;
	}
	n = snprintf(path, PATH_MAX, "%s/.config/amiral/%s", home, name);
	if (n > 0 && n < PATH_MAX)
		return true;
	log_error("HOME is too long: name the file");
	return false;
}

bool
keygen_default_path(char path[static PATH_MAX])
{
	return keygen_config_path(path, "key");
}

bool
keygen_make_config(void)
{
	char path[PATH_MAX];
	int cut;

	for (cut = 2; cut > 0; cut--) {
		if (!keygen_config_path(path, ""))
			return false;
		/* "HOME/.config", then "HOME/.config/amiral" */
		for (int i = 0; i < cut; i++)
			*strrchr(path, '/') = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST) {
			log_error("%s: cannot make the directory: %s", path,
			    strerror(errno));
			return false;
		}
	}
	return true;
}
