/* Part of amiral-keygen. */
#include "keys/keygen/trust_copy.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/slurp.h"
#include "keys/keygen/keygen.h"
#include "keys/public.h"

#define LIFE_MS   (365LL * 86400 * 1000)
#define TIME_TEXT 32

static bool
complain(const struct trust_copy *copy, const char *what)
{
	log_error("%s: %s", copy->path, what);
	return false;
}

static bool
begin(struct trust_copy *copy, const char *fleet)
{
	struct trust_list *list = &copy->list;

	*list = (struct trust_list){ .serial = 1, .issued = clock_wall_ms() };
	list->expires = list->issued + LIFE_MS;
	snprintf(list->fleet, sizeof(list->fleet), "%s", fleet);
	return true;
}

static bool
parse(struct trust_copy *copy, const char *fleet, const char *text, size_t len)
{
	enum status status =
	    trust_parse((const uint8_t *)text, len, &copy->list);

	if (status != STATUS_OK) {
		log_error("%s: no operators' list (%s): restore it, or remove "
			  "it and take over the one in Redis with "
			  "amiral-keygen trust pull",
		    copy->path, status_name(status));
		return false;
	}
	if (strcmp(copy->list.fleet, fleet) == 0)
		return true;
	trust_clear(&copy->list);
	return complain(copy, "a list of another fleet: move it away");
}

static bool
read_file(struct trust_copy *copy, const char *fleet)
{
	char error[FILE_ERROR_MAX];
	int fd =
	    file_open(copy->path, FILE_TRUSTED, ENVELOPE_PAYLOAD_MAX, error);
	char *text;
	size_t len;
	bool good;

	if (fd == -1) {
		log_error("%s", error);
		return false;
	}
	text = slurp(fd, ENVELOPE_PAYLOAD_MAX, &len);
	close(fd);
	if (text == NULL)
		return complain(copy, strerror(errno));
	good = parse(copy, fleet, text, len);
	free(text);
	return good;
}

bool
trust_copy_read(struct trust_copy *copy, const char *fleet)
{
	char name[sizeof("trust-") + FLEET_MAX];

	*copy = (struct trust_copy){ 0 };
	snprintf(name, sizeof(name), "trust-%s", fleet);
	if (!keygen_config_path(copy->path, name))
		return false;
	if (access(copy->path, F_OK) != 0 && errno == ENOENT)
		return begin(copy, fleet);
	return read_file(copy, fleet);
}

bool
trust_copy_write(const struct trust_copy *copy)
{
	char error[FILE_ERROR_MAX], *text;
	size_t len;
	bool good;

	if (!keygen_make_config())
		return false;
	text = trust_build(&copy->list, &len);
	if (text == NULL)
		return complain(copy, "the list is over 64 KiB: remove keys");
	good = file_replace(copy->path, 0600, text, len, error) == 0;
	free(text);
	if (!good)
		log_error("%s", error);
	return good;
}

void
trust_copy_clear(struct trust_copy *copy)
{
	trust_clear(&copy->list);
}

/* Room for one more; what is there stays. */
static void *
grow(void *array, size_t count, size_t size)
{
	void *grown = reallocarray(array, count + 1, size);

	if (grown == NULL)
		fatal("out of memory");
	return grown;
}

static struct trust_signer *
find(const struct trust_list *list, const struct public_key *key)
{
	for (size_t i = 0; i < list->signer_count; i++) {
		if (memcmp(list->signers[i].key.bytes, key->bytes,
			ED25519_KEY_SIZE) == 0)
			return &list->signers[i];
	}
	return NULL;
}

bool
trust_copy_add(struct trust_copy *copy, const struct trust_signer *signer)
{
	struct trust_list *list = &copy->list;
	struct trust_signer *at = find(list, &signer->key);
	char fingerprint[FINGERPRINT_SIZE];

	sign_fingerprint(&signer->key, fingerprint);
	if (trust_revokes(list, fingerprint)) {
		log_error(
		    "%s is revoked, for good: make a new key", fingerprint);
		return false;
	}
	if (at == NULL && list->signer_count == TRUST_SIGNERS_MAX)
		return complain(copy, "256 keys are there: remove one first");
	if (at == NULL) {
		list->signers =
		    grow(list->signers, list->signer_count, sizeof(*at));
		at = &list->signers[list->signer_count++];
	}
	*at = *signer;
	return true;
}

/* By its principal, or by its fingerprint. */
static bool
is_meant(const struct trust_signer *signer, const char *who)
{
	char fingerprint[FINGERPRINT_SIZE];

	sign_fingerprint(&signer->key, fingerprint);
	return strcmp(signer->principal, who) == 0 ||
	       strcmp(fingerprint, who) == 0;
}

/* How many went. */
static size_t
take_out(struct trust_list *list, const char *who)
{
	size_t kept = 0, n = list->signer_count;

	for (size_t i = 0; i < n; i++) {
		if (!is_meant(&list->signers[i], who))
			list->signers[kept++] = list->signers[i];
	}
	list->signer_count = kept;
	return n - kept;
}

static bool
nobody(const char *who)
{
	log_error("%.260s: no principal and no fingerprint of the list: see "
		  "amiral-keygen trust list",
	    who);
	return false;
}

bool
trust_copy_remove(struct trust_copy *copy, const char *who)
{
	return take_out(&copy->list, who) > 0 || nobody(who);
}

static bool
revoke_one(struct trust_copy *copy, const char *fingerprint)
{
	struct trust_list *list = &copy->list;

	if (trust_revokes(list, fingerprint))
		return true;
	if (list->revoked_count == TRUST_REVOKED_MAX)
		return complain(copy, "1024 keys are revoked: that is all");
	list->revoked =
	    grow(list->revoked, list->revoked_count, sizeof(*list->revoked));
	memcpy(list->revoked[list->revoked_count++], fingerprint,
	    FINGERPRINT_SIZE);
	return true;
}

bool
trust_copy_revoke(struct trust_copy *copy, const char *who)
{
	char fingerprint[FINGERPRINT_SIZE];
	struct trust_list *list = &copy->list;

	for (size_t i = 0; i < list->signer_count; i++) {
		sign_fingerprint(&list->signers[i].key, fingerprint);
		if (is_meant(&list->signers[i], who) &&
		    !revoke_one(copy, fingerprint))
			return false;
	}
	if (take_out(list, who) > 0)
		return true;
	return trust_is_fingerprint(who) ? revoke_one(copy, who) : nobody(who);
}

/* As allowed_signers has it: YYYYMMDDHHMMSSZ. */
static void
print_time(const char *option, int64_t ms, const char *before)
{
	char text[TIME_TEXT] = "";
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	if (gmtime_r(&seconds, &tm) != NULL)
		strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm);
	printf("%s%s=\"%s\"", before, option, text);
}

static void
print_signer(const struct trust_signer *signer)
{
	char line[PUBLIC_LINE_MAX];

	printf("%s", signer->principal);
	if (signer->valid_after != 0)
		print_time("valid-after", signer->valid_after, " ");
	if (signer->valid_before != 0)
		print_time("valid-before", signer->valid_before,
		    signer->valid_after != 0 ? "," : " ");
	public_format(&signer->key, "", line);
	printf(" %s\n", line);
}

void
trust_copy_print(const struct trust_copy *copy)
{
	const struct trust_list *list = &copy->list;

	printf("# operators of %s, to be pushed as list %" PRId64 "\n",
	    list->fleet, list->serial);
	for (size_t i = 0; i < list->signer_count; i++)
		print_signer(&list->signers[i]);
	for (size_t i = 0; i < list->revoked_count; i++)
		printf("# revoked %s\n", list->revoked[i]);
}
