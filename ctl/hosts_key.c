#include "ctl/hosts_key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/slurp.h"
#include "ctl/hellos.h"
#include "keys/certificate.h"
#include "keys/public.h"

#define FINGERPRINT "SHA256:"
#define PUBLIC_FILE ".pub"

/* "type base64 [comment]"; text is cut. */
static bool
key_from_public(char *text, struct public_key *out)
{
	char *type, *base64;

	text[strcspn(text, "\n")] = '\0';
	type = strsep(&text, " ");
	base64 = strsep(&text, " ");
	return base64 != NULL && public_from_text(out, type, base64);
}

static bool
key_from_certificate(char *text, struct public_key *out)
{
	struct certificate certificate;
	uint8_t blob[CERTIFICATE_MAX];
	size_t len;

	if (certificate_line(text, blob, &len) == NULL ||
	    certificate_read(&certificate, blob, len) != CERTIFICATE_GOOD)
		return false;
	*out = certificate.key;
	return true;
}

static bool
key_from_text(const char *text, struct public_key *out)
{
	char *copy = strdup(text), *again = strdup(text);
	bool good =
	    copy != NULL && again != NULL &&
	    (key_from_public(copy, out) || key_from_certificate(again, out));

	free(copy);
	free(again);
	return good;
}

static bool
key_from_file(
    const char *path, struct public_key *out, char error[static CTL_ERROR_MAX])
{
	int fd = file_open(path, FILE_TRUSTED, FILE_KEY_MAX, error);
	size_t len;
	char *text;
	bool good;

	if (fd == -1)
		return false;
	text = slurp(fd, FILE_KEY_MAX, &len);
	close(fd);
	good = text != NULL && strlen(text) == len && key_from_text(text, out);
	free(text);
	if (!good)
		snprintf(error, CTL_ERROR_MAX,
		    "%.300s: neither a public Ed25519 key nor a host's "
		    "certificate: name the file that ends in .pub",
		    path);
	return good;
}

static bool
ends_with(const char *text, const char *end)
{
	size_t len = strlen(text);

	return len > strlen(end) && strcmp(text + len - strlen(end), end) == 0;
}

static bool
is_fingerprint(const char *word)
{
	return strncmp(word, FINGERPRINT, strlen(FINGERPRINT)) == 0;
}

/* Fingerprints have slashes too. */
static bool
is_file(const char *word)
{
	return !is_fingerprint(word) &&
	       (strchr(word, '/') != NULL || ends_with(word, PUBLIC_FILE));
}

size_t
hosts_keys_of(const char *word, const char *file,
    const struct known_hosts_text *text, const struct settings *settings,
    struct public_key out[static HELLO_KEYS_MAX],
    char error[static CTL_ERROR_MAX])
{
	size_t remembered;

	if (strchr(word, ' ') != NULL) {
		if (key_from_text(word, out))
			return 1;
		snprintf(error, CTL_ERROR_MAX,
		    "that is no public Ed25519 key's or host certificate's "
		    "line: copy it whole, in quotes");
		return 0;
	}
	if (is_file(word))
		return key_from_file(word, out, error);
	if (is_fingerprint(word) && known_hosts_text_find(text, word, out))
		return 1;
	if (settings->cache != NULL &&
	    (remembered = hellos_find_keys(
		 settings->cache, settings->fleet, word, out)) > 0)
		return remembered;
	snprintf(error, CTL_ERROR_MAX,
	    "no line of %.300s has '%.100s', and no host that is remembered "
	    "either: amiral hosts list and amiral inventory show names and "
	    "fingerprints; or give the key itself: its line in quotes, or the "
	    "file that ends in .pub",
	    file, word);
	return 0;
}
