/* Part of amiral-keygen: the operators' list, between here and Redis. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ctl/local.h"
#include "ctl/run.h"
#include "keys/keygen/trust.h"
#include "keys/signer.h"

#define LOOK_FIRST_MS 200 /* between two looks at the hellos; then doubled */
#define LOOK_MAX_MS   2000

/* A list as it stands in Redis, signed by whomever. */
struct remote {
	bool there;
	struct trust_list list;
	char signer[FINGERPRINT_SIZE];
};

/* What is no list of this fleet is not there. */
static void
remote_parse(
    struct remote *remote, const char *fleet, const struct broker_value *value)
{
	struct envelope envelope;

	if (value->bytes == NULL ||
	    envelope_open(value->bytes, value->len, ENVELOPE_TRUST,
		&envelope) != STATUS_OK ||
	    envelope.signatures != 1 ||
	    trust_parse(envelope.payload, envelope.payload_len,
		&remote->list) != STATUS_OK)
		return;
	sign_fingerprint(&envelope.signature[0].key, remote->signer);
	remote->there = strcmp(remote->list.fleet, fleet) == 0;
	if (!remote->there)
		trust_clear(&remote->list);
}

static bool
remote_read(struct remote *remote, struct trust_order *order)
{
	char error[CTL_ERROR_MAX];
	struct broker_value value;

	*remote = (struct remote){ 0 };
	if (!operator_connect(&order->side))
		return false;
	if (!broker_get(order->side.broker, CTL_KEY_TRUST, "", &value, error)) {
		log_error("%s", error);
		return false;
	}
	remote_parse(remote, order->side.settings.fleet, &value);
	free(value.bytes);
	return true;
}

static struct signer *
open_key(const struct trust_order *order)
{
	char error[KEY_ERROR_MAX];
	struct signer *signer = signer_open(order->side.settings.key, error);

	if (signer == NULL)
		log_error("%s", error);
	return signer;
}

/* Another one may have pushed meanwhile: what he changed must not be lost. */
static bool
is_next(struct trust_order *order)
{
	struct remote remote;
	bool good;

	if (!remote_read(&remote, order))
		return false;
	good = !remote.there || remote.list.serial < order->copy.list.serial;
	if (!good)
		log_error("Redis has list %" PRId64 " by %s, and this would "
			  "be %" PRId64 ": take that one over first with "
			  "amiral-keygen trust pull --signer %s",
		    remote.list.serial, remote.signer, order->copy.list.serial,
		    remote.signer);
	trust_clear(&remote.list);
	return good;
}

static uint8_t *
make_envelope(
    const struct trust_order *order, struct signer *signer, size_t *len)
{
	char error[KEY_ERROR_MAX] = "the list is too long";
	char *payload = trust_build(&order->copy.list, len);
	uint8_t *envelope = NULL;

	if (payload != NULL)
		envelope = signer_envelope(signer, ENVELOPE_TRUST,
		    (const uint8_t *)payload, *len, len, error);
	free(payload);
	if (envelope == NULL)
		log_error("%s", error);
	return envelope;
}

/* The number is used up before anybody can have seen it. */
static bool
use_serial(struct trust_order *order)
{
	bool good;

	order->copy.list.serial++;
	good = trust_copy_write(&order->copy);
	order->copy.list.serial--;
	return good;
}

static bool
send(struct trust_order *order, struct signer *signer)
{
	struct trust_list *list = &order->copy.list;
	char error[CTL_ERROR_MAX];
	uint8_t *envelope;
	size_t len;
	bool good;

	list->issued = clock_wall_ms();
	list->expires = list->issued + order->ttl_ms;
	envelope = make_envelope(order, signer, &len);
	if (envelope == NULL || !use_serial(order)) {
		free(envelope);
		return false;
	}
	good = broker_set(
	    order->side.broker, CTL_KEY_TRUST, "", 0, envelope, len, error);
	free(envelope);
	if (!good) {
		log_error("%s", error);
		return false;
	}
	printf("pushed list %" PRId64 ": %zu keys may ask, %zu are revoked\n",
	    list->serial, list->signer_count, list->revoked_count);
	return true;
}

/* Who has it, by the verified hellos. */

static size_t
count_behind(const struct hellos *hellos, int64_t serial, bool name_them)
{
	size_t behind = 0;

	for (size_t i = 0; i < known_hosts_count(hellos->known); i++) {
		const struct hello *hello = hellos_of(hellos, i);

		if (hello != NULL && hello->trust >= serial)
			continue;
		behind++;
		if (name_them)
			printf("not there yet: %s\n",
			    known_hosts_name(hellos->known, i));
	}
	return behind;
}

/* How many have it not; all of them where Redis does not tell. */
static size_t
look(const struct trust_order *order, const struct known_hosts *known,
    bool name_them)
{
	const struct settings *settings = &order->side.settings;
	size_t behind = known_hosts_count(known);
	char error[CTL_ERROR_MAX];
	struct engine *engine;
	struct hellos hellos;

	hellos_init(&hellos, known, NULL, settings->fleet);
	engine = run_open(settings, &order->side.flags, error);
	if (engine != NULL && run_hellos(engine, &hellos, error))
		behind =
		    count_behind(&hellos, order->copy.list.serial, name_them);
	else
		log_error("%s", error);
	run_close(engine);
	hellos_clear(&hellos);
	return behind;
}

static void
report(const struct trust_order *order, const struct known_hosts *known)
{
	int64_t end = clock_monotonic_ms() + order->wait_ms;
	size_t all = known_hosts_count(known), behind;
	int wait_ms = LOOK_FIRST_MS;

	if (all == 0)
		return;
	while ((behind = look(order, known, false)) > 0 &&
	       clock_monotonic_ms() + wait_ms < end) {
		poll(NULL, 0, wait_ms);
		wait_ms = wait_ms * 2 < LOOK_MAX_MS ? wait_ms * 2 : LOOK_MAX_MS;
	}
	if (behind > 0)
		behind = look(order, known, true);
	printf("%zu of %zu hosts have it\n", all - behind, all);
}

/* What was pushed is pushed, whoever can be counted. */
static void
report_hosts(const struct trust_order *order)
{
	char error[CTL_ERROR_MAX];
	struct known_hosts *known =
	    local_known_hosts(&order->side.settings, error);

	if (known == NULL) {
		log_warning("which hosts have it is not known: %s", error);
		return;
	}
	report(order, known);
	known_hosts_free(known);
}

bool
trust_push(struct trust_order *order, char **words)
{
	struct signer *signer = open_key(order);
	bool good;

	(void)words;
	if (signer == NULL)
		return false;
	good = is_next(order) && send(order, signer);
	signer_free(signer);
	if (good)
		report_hosts(order);
	return good;
}

/* Redis is not asked whom to believe. */
static bool
is_wanted(const struct trust_order *order, const struct remote *remote,
    const char *signer)
{
	if (!remote->there)
		log_error("Redis has no list of this fleet");
	else if (strcmp(remote->signer, signer) != 0)
		log_error("the list in Redis is signed by %s, not by %s: if "
			  "that is a colleague's key, say --signer %s",
		    remote->signer, signer, remote->signer);
	else if (remote->list.serial < order->copy.list.serial - 1)
		log_error("Redis has list %" PRId64 " and %" PRId64
			  " was pushed from here: it went back in time",
		    remote->list.serial, order->copy.list.serial - 1);
	else
		return true;
	return false;
}

bool
trust_pull(struct trust_order *order, char **words)
{
	char own[FINGERPRINT_SIZE];
	struct remote remote;
	struct signer *signer;
	bool good;

	(void)words;
	if (order->signer == NULL) {
		signer = open_key(order);
		if (signer == NULL)
			return false;
		sign_fingerprint(signer_key(signer), own);
		signer_free(signer);
		order->signer = own;
	}
	if (!remote_read(&remote, order))
		return false;
	good = is_wanted(order, &remote, order->signer);
	order->signer = NULL;
	if (!good) {
		trust_clear(&remote.list);
		return false;
	}
	trust_clear(&order->copy.list);
	order->copy.list = remote.list;
	order->copy.list.serial++;
	trust_copy_print(&order->copy);
	return trust_copy_write(&order->copy);
}
