/* Part of amiral-keygen. */
#include "keys/keygen/judge.h"

#include <sodium.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "keys/known_hosts_file.h"
#include "keys/token_record.h"

/* One announcement before the judge. */
struct hearing {
	const struct announcement *a;
	struct docket *docket; /* NULL: a person decides */
	struct known_hosts_file file;
	struct token_record record;
	char id[2 * ENROLL_ID_SIZE + 1];
};

static enum verdict
trouble(const char *error)
{
	log_error("%s", error);
	return VERDICT_TROUBLE;
}

/* The last step: the line is added, then Redis's copy goes. */
static enum verdict
enter(struct hearing *h)
{
	char error[KNOWN_HOSTS_ERROR_MAX];

	known_hosts_text_add(
	    &h->file.content, h->a->enroll.hostname, &h->a->key, false);
	if (!known_hosts_file_write(&h->file, error))
		return trouble(error);
	return VERDICT_ACCEPTED;
}

/* What known_hosts says: VERDICT_ACCEPTED where nothing is in the way. */
static enum verdict
ask_known_hosts(struct hearing *h)
{
	const struct announcement *a = h->a;
	const char *host = a->enroll.hostname;
	enum status status;

	status = known_hosts_check(h->file.known, host, &a->key);
	if (status == STATUS_OK)
		return VERDICT_KNOWN;
	if (status == STATUS_UNKNOWN_KEY)
		return VERDICT_ACCEPTED;
	if (status == STATUS_REVOKED)
		log_error("%s announces itself by %s, which %s has revoked: "
			  "refused",
		    host, a->fingerprint, h->file.path);
	else
		pending_alarm(h->file.known, a, h->file.path);
	return VERDICT_REFUSED;
}

static bool
token_refuse(const struct hearing *h, const char *why)
{
	if (docket_may_say(h->docket))
		log_error(
		    "%s announces itself by %s with token %s: refused: %s",
		    h->a->enroll.hostname, h->a->fingerprint, h->id, why);
	return false;
}

static bool
mac_is_good(const struct hearing *h, const struct token_record *record)
{
	uint8_t mac[ENROLL_MAC_SIZE];

	enroll_mac(&h->a->enroll, &h->a->key, record->secret, mac);
	return sodium_memcmp(mac, h->a->enroll.mac, sizeof(mac)) == 0;
}

static bool
token_allows(const struct hearing *h, const struct token_record *record)
{
	if (record == NULL)
		return token_refuse(h,
		    "no good record of that token here: it was made "
		    "elsewhere, removed, or made up");
	if (strcmp(record->fleet, h->a->enroll.fleet) != 0)
		return token_refuse(h, "the token is for another fleet");
	if (!mac_is_good(h, record))
		return token_refuse(h,
		    "the MAC does not fit this name and key: somebody who "
		    "does not hold the token has made or changed it on its "
		    "way");
	if (clock_wall_ms() > record->expires)
		return token_refuse(h, "the token has expired: make another");
	if (!glob_match(record->host, h->a->enroll.hostname, GLOB_PLAIN))
		return token_refuse(h, "the token is not for this name");
	if (token_record_has_used(record, h->a->digest))
		return token_refuse(h,
		    "this very announcement was accepted before: somebody "
		    "replays it");
	if (token_record_left(record) <= 0)
		return token_refuse(h,
		    "the token is used up: make another, or one with --uses");
	return true;
}

static const struct token_record *
read_record(struct hearing *h)
{
	char directory[PATH_MAX], path[PATH_MAX], error[TOKEN_ERROR_MAX];

	if (!operator_tokens(directory, false) ||
	    !token_record_path(path, directory, h->a->enroll.token_id))
		return NULL;
	if (token_record_read(&h->record, path, error))
		return &h->record;
	log_error("%s", error);
	return NULL;
}

/* The use is on the disk before the host is believed. */
static enum verdict
spend(struct hearing *h)
{
	char error[TOKEN_ERROR_MAX];
	enum verdict verdict = ask_known_hosts(h);

	if (verdict != VERDICT_ACCEPTED)
		return verdict;
	if (!token_record_use(&h->record, h->a->digest, error))
		return trouble(error);
	return enter(h);
}

/* An announcement of a key that is known already needs no token any more. */
static bool
is_known(const struct known_hosts *known, const struct announcement *a)
{
	return known_hosts_check(known, a->enroll.hostname, &a->key) ==
	       STATUS_OK;
}

static enum verdict
hear_token(struct hearing *h)
{
	if (is_known(h->file.known, h->a))
		return VERDICT_KNOWN;
	return token_allows(h, read_record(h)) ? spend(h) : VERDICT_REFUSED;
}

enum verdict
judge_token(struct docket *docket, struct operator_side *side,
    const struct announcement *a)
{
	struct hearing h = { .a = a, .docket = docket };
	char error[KNOWN_HOSTS_ERROR_MAX];
	enum verdict verdict;

	sodium_bin2hex(
	    h.id, sizeof(h.id), a->enroll.token_id, sizeof(a->enroll.token_id));
	if (is_known(docket_known(docket), a))
		return VERDICT_KNOWN;
	if (!token_allows(&h, docket_record(docket, a->enroll.token_id)))
		return VERDICT_REFUSED;
	if (!docket_may_judge(docket))
		return VERDICT_LATER;
	if (!known_hosts_file_open(&h.file, side->settings.known_hosts, error))
		return trouble(error);
	verdict = hear_token(&h);
	token_record_clear(&h.record);
	known_hosts_file_close(&h.file);
	return verdict;
}

/* A name's former keys make way; a key that another name has does not. */
static enum verdict
hear_approved(struct hearing *h, bool replace)
{
	const char *host = h->a->enroll.hostname;
	enum verdict verdict = ask_known_hosts(h);

	if (verdict == VERDICT_ACCEPTED)
		return enter(h);
	if (verdict != VERDICT_REFUSED || !replace ||
	    known_hosts_find(h->file.known, host) < 0 ||
	    known_hosts_check(h->file.known, host, &h->a->key) != STATUS_HOST)
		return verdict;
	known_hosts_text_remove(&h->file.content, host);
	return enter(h);
}

enum verdict
judge_approved(
    struct operator_side *side, const struct announcement *a, bool replace)
{
	struct hearing h = { .a = a };
	char error[KNOWN_HOSTS_ERROR_MAX];
	enum verdict verdict;

	if (!known_hosts_file_open(&h.file, side->settings.known_hosts, error))
		return trouble(error);
	verdict = hear_approved(&h, replace);
	known_hosts_file_close(&h.file);
	return verdict;
}
