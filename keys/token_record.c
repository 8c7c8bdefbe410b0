/* The operator's file of a token: one strict JSON object. */
#include "keys/token_record.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/slurp.h"
#include "wire/json.h"

#define SECRET_TEXT 44 /* characters of base64 */
#define DIGEST_TEXT 44

_Static_assert(TOKEN_ERROR_MAX == FILE_ERROR_MAX, "one buffer for both");

static const struct json_member record_members[] = {
	{ "version", JSON_INTEGER, true, 1, 1 },
	{ "fleet", JSON_STRING, true, 1, FLEET_MAX },
	{ "host", JSON_STRING, true, 1, GLOB_PATTERN_MAX },
	{ "secret", JSON_STRING, true, SECRET_TEXT, SECRET_TEXT },
	{ "expires", JSON_INTEGER, true, 0, JSON_TIME_MAX },
	{ "uses", JSON_INTEGER, true, 1, TOKEN_USES_MAX },
	{ "used", JSON_ARRAY, true, 0, 0 },
	{ 0 },
};

bool
token_record_path(char path[static PATH_MAX], const char *directory,
    const uint8_t id[static ENROLL_ID_SIZE])
{
	char hex[2 * ENROLL_ID_SIZE + 1];
	int n;

	sodium_bin2hex(hex, sizeof(hex), id, ENROLL_ID_SIZE);
	n = snprintf(path, PATH_MAX, "%s/%s", directory, hex);
	return n > 0 && n < PATH_MAX;
}

static bool
refuse(const struct token_record *record, const char *why,
    char error[static TOKEN_ERROR_MAX])
{
	snprintf(error, TOKEN_ERROR_MAX, "%.300s: %s", record->path, why);
	return false;
}

/* The text is wiped by record_free_text(). */
static char *
record_text(const struct token_record *record, const json_t *used, size_t *len)
{
	json_t *root, *secret;
	char *text = NULL;

	secret = json_from_bytes(record->secret, sizeof(record->secret));
	root = json_pack("{si ss ss so* sI sI sO}", "version", 1, "fleet",
	    record->fleet, "host", record->host, "secret", secret, "expires",
	    (json_int_t)record->expires, "uses", (json_int_t)record->uses,
	    "used", used);
	if (root != NULL && secret != NULL)
		text = json_compact(root, len);
	json_decref(root);
	return text;
}

static void
record_free_text(char *text, size_t len)
{
	if (text != NULL)
		sodium_memzero(text, len);
	free(text);
}

typedef int record_put(const char *path, mode_t mode, const void *bytes,
    size_t len, char error[static FILE_ERROR_MAX]);

static bool
record_write(const struct token_record *record, const json_t *used,
    record_put *put, char error[static TOKEN_ERROR_MAX])
{
	size_t len = 0;
	char *text = record_text(record, used, &len);
	bool good;

	if (text == NULL)
		return refuse(record, "out of memory", error);
	good = put(record->path, 0600, text, len, error) == 0;
	record_free_text(text, len);
	return good;
}

bool
token_record_create(
    const struct token_record *record, char error[static TOKEN_ERROR_MAX])
{
	json_t *none = json_array();
	bool good;

	if (none == NULL)
		return refuse(record, "out of memory", error);
	good = record_write(record, none, file_create, error);
	json_decref(none);
	return good;
}

static bool
used_is_good(const json_t *used)
{
	for (size_t i = 0; i < json_array_size(used); i++) {
		const json_t *digest = json_array_get(used, i);

		if (!json_is_string(digest) ||
		    json_string_length(digest) != DIGEST_TEXT)
			return false;
	}
	return json_array_size(used) <= TOKEN_USES_MAX;
}

static bool
record_members_read(struct token_record *record, json_t *root)
{
	if (json_check(root, record_members) != STATUS_OK ||
	    !json_get_name(root, "fleet", name_is_fleet, record->fleet,
		sizeof(record->fleet)) ||
	    !json_get_name(
		root, "host", glob_valid, record->host, sizeof(record->host)) ||
	    !json_get_base64(
		root, "secret", record->secret, sizeof(record->secret)) ||
	    !used_is_good(json_object_get(root, "used")))
		return false;
	record->expires = json_get_integer(root, "expires", 0);
	record->uses = json_get_integer(root, "uses", 0);
	record->used = json_incref(json_object_get(root, "used"));
	return true;
}

bool
token_record_read(struct token_record *record, const char *path,
    char error[static TOKEN_ERROR_MAX])
{
	json_t *root = NULL;
	size_t len;
	char *text;
	bool good;
	int fd;

	memset(record, 0, sizeof(*record));
	snprintf(record->path, sizeof(record->path), "%s", path);
	fd = file_open(path, FILE_SECRET, FILE_TRUST_MAX, error);
	if (fd == -1)
		return false;
	text = slurp(fd, FILE_TRUST_MAX, &len);
	close(fd);
	if (text == NULL)
		return refuse(record, "cannot be read", error);
	good = json_strict((uint8_t *)text, len, NULL, &root) == STATUS_OK &&
	       record_members_read(record, root);
	json_decref(root);
	record_free_text(text, len);
	return good || refuse(record,
			   "no token's record: remove it, and make "
			   "another with amiral-keygen token",
			   error);
}

void
token_record_clear(struct token_record *record)
{
	json_decref(record->used);
	sodium_memzero(record, sizeof(*record));
}

int64_t
token_record_left(const struct token_record *record)
{
	return record->uses - (int64_t)json_array_size(record->used);
}

static json_t *
digest_value(const uint8_t digest[static ENVELOPE_DIGEST_SIZE])
{
	return json_from_bytes(digest, ENVELOPE_DIGEST_SIZE);
}

bool
token_record_has_used(const struct token_record *record,
    const uint8_t digest[static ENVELOPE_DIGEST_SIZE])
{
	json_t *wanted = digest_value(digest);
	bool found = wanted == NULL; /* cannot tell: the safe answer */

	for (size_t i = 0; !found && i < json_array_size(record->used); i++)
		found = json_equal(json_array_get(record->used, i), wanted);
	json_decref(wanted);
	return found;
}

bool
token_record_use(struct token_record *record,
    const uint8_t digest[static ENVELOPE_DIGEST_SIZE],
    char error[static TOKEN_ERROR_MAX])
{
	if (json_array_append_new(record->used, digest_value(digest)) != 0)
		return refuse(record, "out of memory", error);
	return record_write(record, record->used, file_replace, error);
}
