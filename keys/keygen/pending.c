/* Part of amiral-keygen. */
#include "keys/keygen/pending.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/log.h"
#include "keys/keygen/keygen.h"

enum status
announcement_open(struct announcement *out, const uint8_t *bytes, size_t len,
    const char *fleet)
{
	struct announcement a = { 0 };
	struct envelope envelope;
	enum status status;

	status = envelope_open(bytes, len, ENVELOPE_ENROLL, &envelope);
	if (status != STATUS_OK)
		return status;
	if (envelope.signatures != 1)
		return STATUS_LINES;
	status =
	    enroll_parse(envelope.payload, envelope.payload_len, &a.enroll);
	if (status != STATUS_OK)
		return status;
	if (strcmp(a.enroll.fleet, fleet) != 0)
		return STATUS_FLEET;
	a.key = envelope.signature[0].key;
	if (a.key.type != KEY_ED25519)
		return STATUS_KEY;
	sign_fingerprint(&a.key, a.fingerprint);
	envelope_digest(&envelope, a.digest);
	*out = a;
	return STATUS_OK;
}

/* By key first, so that those of one key are neighbours. */
static int
order_by_key(const void *one, const void *other)
{
	const struct announcement *a = one, *b = other;
	int order = strcmp(a->fingerprint, b->fingerprint);

	if (order != 0)
		return order;
	return (a->enroll.issued < b->enroll.issued) -
	       (a->enroll.issued > b->enroll.issued);
}

static int
order_by_name(const void *one, const void *other)
{
	const struct announcement *a = one, *b = other;
	int order = strcmp(a->enroll.hostname, b->enroll.hostname);

	if (order != 0)
		return order;
	return (a->enroll.issued < b->enroll.issued) -
	       (a->enroll.issued > b->enroll.issued);
}

static void
arrange(struct pending *pending)
{
	size_t kept = 0;

	if (pending->count == 0)
		return;
	qsort(pending->items, pending->count, sizeof(*pending->items),
	    order_by_key);
	for (size_t i = 1; i < pending->count; i++)
		if (strcmp(pending->items[kept].fingerprint,
			pending->items[i].fingerprint) != 0)
			pending->items[++kept] = pending->items[i];
	pending->count = kept + 1;
	qsort(pending->items, pending->count, sizeof(*pending->items),
	    order_by_name);
}

bool
pending_fetch(struct operator_side *side, struct pending *out)
{
	char error[CTL_ERROR_MAX];
	struct broker_list *list =
	    broker_list(side->broker, CTL_KEY_ENROLL, error);

	*out = (struct pending){ 0 };
	if (list == NULL) {
		log_error("%s", error);
		return false;
	}
	out->items = calloc(list->count + 1, sizeof(*out->items));
	if (out->items == NULL)
		fatal("out of memory");
	for (size_t i = 0; i < list->count; i++) {
		if (announcement_open(&out->items[out->count],
			list->items[i].bytes, list->items[i].len,
			side->settings.fleet) == STATUS_OK)
			out->count++;
		else
			out->unverified++;
	}
	out->cut = list->cut;
	broker_list_free(list);
	arrange(out);
	return true;
}

void
pending_clear(struct pending *pending)
{
	free(pending->items);
	*pending = (struct pending){ 0 };
}

void
pending_drop(struct operator_side *side, const struct announcement *a)
{
	char error[CTL_ERROR_MAX];

	if (!broker_set(side->broker, CTL_KEY_ENROLL, a->fingerprint, 0, NULL,
		0, error))
		log_warning("%s stays pending: %s", a->enroll.hostname, error);
}

/* Seconds, minutes, hours or days since the host's own word for now. */
static void
format_age(char out[static 32], int64_t ms)
{
	static const struct {
		int64_t ms;
		const char *unit;
	} units[] = {
		{ 86400000, "d" },
		{ 3600000, "h" },
		{ 60000, "min" },
		{ 1000, "s" },
	};
	size_t i = 0;

	if (ms < 0)
		ms = 0;
	while (i < 3 && ms < 2 * units[i].ms)
		i++;
	snprintf(out, 32, "%" PRId64 " %s", ms / units[i].ms, units[i].unit);
}

void
pending_print(FILE *file, const struct announcement *a)
{
	char address[ESCAPE_MAX(ENROLL_ADDRESS_MAX)], age[32];

	format_age(age, clock_wall_ms() - a->enroll.issued);
	escape_text(address, sizeof(address), a->enroll.address,
	    strlen(a->enroll.address));
	fprintf(file, "%s %s announced %s ago from %s%s", a->enroll.hostname,
	    a->fingerprint, age, address,
	    a->enroll.has_token ? ", with a token" : "");
}

#define BAR "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n"

void
pending_alarm(const struct known_hosts *known, const struct announcement *a,
    const char *path)
{
	const char *host = a->enroll.hostname;
	long at = known_hosts_find(known, host);
	char old[FINGERPRINT_SIZE] = "";

	if (at >= 0)
		sign_fingerprint(known_hosts_key(known, (size_t)at), old);
	fflush(stdout);
	fputs(BAR
	    "@      WARNING: A KNOWN HOST ANNOUNCES ANOTHER KEY      @\n" BAR,
	    stderr);
	if (at >= 0)
		fprintf(
		    stderr, "%s is known in %s by\n    %s\n", host, path, old);
	else
		fprintf(stderr,
		    "The key announced for %s is another host's in %s.\n", host,
		    path);
	fprintf(stderr,
	    "and now a key announces itself under that name:\n    %s\n"
	    "It may have been installed anew, or somebody between this "
	    "machine and it\nwants to take its place. Compare the "
	    "fingerprint on the host itself:\n"
	    "    amiral-keygen show /etc/amiral/host_key\n"
	    "Only if it is the same: amiral-keygen accept %s %s\n",
	    a->fingerprint, host, a->fingerprint);
}

void
pending_dispute(const struct announcement *a)
{
	fflush(stdout);
	fprintf(stderr,
	    BAR
	    "@     WARNING: TWO KEYS ANNOUNCE THEMSELVES AS ONE     @\n" BAR
	    "This is one of those that want to be %s:\n    %s\n"
	    "All but one want to take its place. Compare the fingerprint on "
	    "the host itself:\n    amiral-keygen show /etc/amiral/host_key\n"
	    "Only the one that is the same: amiral-keygen accept %s %s\n",
	    a->enroll.hostname, a->fingerprint, a->enroll.hostname,
	    a->fingerprint);
}
