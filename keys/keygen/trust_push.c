/* Part of amiral-keygen: the operators' list goes to Redis, and so to hosts. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ctl/local.h"
#include "ctl/run.h"
#include "keys/keygen/trust_remote.h"

#define LOOK_FIRST_MS 200 /* between two looks at the hellos; then doubled */
#define LOOK_MAX_MS   2000

/* What is pushed must not be lost, nor a stranger's list be taken for one. */
static void
say_taken(const struct trust_order *order, const struct trust_remote *remote,
    enum trust_acquaintance who)
{
	bool known = who == TRUST_OURSELVES || who == TRUST_COLLEAGUE;

	log_error("Redis has list %" PRId64 " by %s, and this would be "
		  "%" PRId64,
	    remote->list.serial, remote->signer, order->copy.list.serial);
	if (known)
		log_error("take that one over first with amiral-keygen trust "
			  "pull");
	else
		log_error("that key is %s here, so the list may be anybody's: "
			  "ask your colleagues, not Redis, whether they have "
			  "pushed; amiral-keygen(1) says how to take over "
			  "theirs. One of nobody's goes with redis-cli del "
			  "amiral:%s:trust, a thief's under one with a higher "
			  "--serial",
		    who == TRUST_REVOKED ? "revoked" : "not known",
		    order->side.settings.fleet);
}

/* A thief's list is not taken over: its number is all that counts. */
static bool
skip_serials(struct trust_order *order)
{
	struct trust_list *list = &order->copy.list;

	if (order->serial != 0 && order->serial < list->serial) {
		log_error("--serial %" PRId64 ": the next one is %" PRId64
			  " already",
		    order->serial, list->serial);
		return false;
	}
	if (order->serial != 0)
		list->serial = order->serial;
	return true;
}

/* Another one may have pushed meanwhile: what he changed must not be lost. */
static bool
is_next(struct trust_order *order, const struct public_key *own)
{
	int64_t next = order->copy.list.serial;
	struct trust_remote remote;
	enum trust_acquaintance who;
	bool good;

	if (order->copy.list.serial > TRUST_SERIAL_LAST) {
		log_error("%s: no list can follow one with that serial",
		    order->copy.path);
		return false;
	}
	if (!skip_serials(order) || !trust_remote_read(&remote, order))
		return false;
	good = !remote.there || remote.list.serial < order->copy.list.serial;
	if (good && remote.there && remote.list.serial >= next)
		log_warning("this goes over list %" PRId64 " by %s: whom that "
			    "one adds may ask no more",
		    remote.list.serial, remote.signer);
	if (!good && trust_remote_who(&remote, order, own, &who))
		say_taken(order, &remote, who);
	trust_remote_clear(&remote);
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

struct audience {
	struct known_hosts *known;
	size_t count;
	int64_t *before, *now; /* the serial of each host's list; 0: unheard */
};

/* Those stay as they are where Redis does not tell. */
static void
listen_to(const struct trust_order *order, const struct audience *audience,
    int64_t *serials)
{
	const struct settings *settings = &order->side.settings;
	char error[CTL_ERROR_MAX];
	struct engine *engine;
	struct hellos hellos;

	hellos_init(&hellos, audience->known, NULL, settings->fleet);
	engine = run_open(settings, &order->side.flags, error);
	if (engine == NULL || !run_hellos(engine, &hellos, error))
		log_error("%s", error);
	for (size_t i = 0; engine != NULL && i < audience->count; i++) {
		const struct hello *hello = hellos_of(&hellos, i);

		if (hello != NULL)
			serials[i] = hello->trust;
	}
	run_close(engine);
	hellos_clear(&hellos);
}

static int64_t *
serials_new(size_t count)
{
	int64_t *serials = calloc(count + 1, sizeof(*serials));

	if (serials == NULL)
		fatal("out of memory");
	return serials;
}

/* What was pushed is pushed, whoever can be counted. */
static void
audience_open(struct audience *audience, const struct trust_order *order)
{
	char error[CTL_ERROR_MAX];

	audience->known = local_known_hosts(&order->side.settings, error);
	audience->count = 0;
	if (audience->known == NULL)
		log_warning("which hosts have it is not known: %s", error);
	else
		audience->count = known_hosts_count(audience->known);
	audience->before = serials_new(audience->count);
	audience->now = serials_new(audience->count);
	if (audience->count > 0)
		listen_to(order, audience, audience->before);
}

static void
audience_close(struct audience *audience)
{
	known_hosts_free(audience->known);
	free(audience->before);
	free(audience->now);
}

/* Redis may have hidden from us what the hosts have seen. */
static void
warn_of_newer(const struct audience *audience, int64_t serial)
{
	size_t ahead = 0, highest = 0;

	for (size_t i = 0; i < audience->count; i++) {
		if (audience->before[i] < serial)
			continue;
		if (ahead++ == 0 ||
		    audience->before[i] > audience->before[highest])
			highest = i;
	}
	if (ahead > 0)
		log_warning("%zu hosts will not take list %" PRId64 ": %s has "
			    "list %" PRId64 " already. Redis hides that one, "
			    "or has lost it: whoever pushed it pushes again; "
			    "over a thief's goes a higher --serial",
		    ahead, serial, known_hosts_name(audience->known, highest),
		    audience->before[highest]);
}

/* Of those that could take it. */
static size_t
count_behind(const struct audience *audience, int64_t serial, bool name_them)
{
	size_t behind = 0;

	for (size_t i = 0; i < audience->count; i++) {
		if (audience->before[i] >= serial || audience->now[i] >= serial)
			continue;
		behind++;
		if (name_them)
			printf("not there yet: %s\n",
			    known_hosts_name(audience->known, i));
	}
	return behind;
}

static size_t
count_reached(const struct audience *audience, int64_t serial)
{
	size_t reached = 0;

	for (size_t i = 0; i < audience->count; i++)
		reached +=
		    audience->before[i] < serial && audience->now[i] >= serial;
	return reached;
}

static void
report(const struct trust_order *order, const struct audience *audience)
{
	int64_t end = clock_monotonic_ms() + order->wait_ms;
	int64_t serial = order->copy.list.serial;
	int wait_ms = LOOK_FIRST_MS;

	if (audience->count == 0)
		return;
	for (;;) {
		listen_to(order, audience, audience->now);
		if (count_behind(audience, serial, false) == 0 ||
		    clock_monotonic_ms() + wait_ms >= end)
			break;
		poll(NULL, 0, wait_ms);
		wait_ms = wait_ms * 2 < LOOK_MAX_MS ? wait_ms * 2 : LOOK_MAX_MS;
	}
	count_behind(audience, serial, true);
	printf("%zu of %zu hosts have it\n", count_reached(audience, serial),
	    audience->count);
}

bool
trust_push(struct trust_order *order, char **words)
{
	struct signer *signer = trust_open_key(order);
	struct audience audience;
	bool good;

	(void)words;
	if (signer == NULL)
		return false;
	good = is_next(order, signer_key(signer));
	if (good) {
		audience_open(&audience, order);
		warn_of_newer(&audience, order->copy.list.serial);
		good = send(order, signer);
		if (good)
			report(order, &audience);
		audience_close(&audience);
	}
	signer_free(signer);
	return good;
}
