#include "ctl/certified.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ctl/local.h"
#include "ctl/net.h"
#include "keys/public.h"
#include "wire/hello.h"
#include "wire/verify/base64.h"

#define LOOP_FDS     2
#define CONNECT_MS   10000
#define ANSWERS_MS   20000
#define WARNINGS_MAX 20
/* As many names of the greatest length as a frame holds. */
#define CHUNK_NAMES (LINK_BODY_MAX / (4 + HOSTNAME_MAX))

_Static_assert(CHUNK_NAMES <= CTL_HELLOS_MAX, "a chunk is one question");

enum stop { STOP_DONE, STOP_FAILED };

struct candidate {
	char name[HOSTNAME_MAX + 1];
	bool good;
	struct public_key key; /* where good */
};

struct search {
	struct loop *loop;
	struct net *net;
	const struct known_hosts *known;
	const char *fleet;
	struct candidate *items; /* of hosts that are not known */
	size_t count, asked, answered, found;
	unsigned warnings;
	struct loop_timer deadline;
	char *error;
};

/* The successor of a rotation counts too: it would be the host's next. */
static bool
has_revoked(const struct known_hosts *known, const char *host,
    const struct envelope *envelope)
{
	for (unsigned i = 0; i < envelope->signatures; i++)
		if (known_hosts_check(known, host,
			&envelope->signature[i].key) == STATUS_REVOKED)
			return true;
	return false;
}

static enum certificate_fault
judge_certificate(const struct known_hosts *known, const struct hello *hello,
    const struct envelope *envelope, int64_t now_ms)
{
	const struct public_key *key = &envelope->signature[0].key;
	struct certificate certificate;
	uint8_t blob[CERTIFICATE_MAX];
	enum certificate_fault fault;
	enum status authority;
	size_t len;

	if (!base64_decode(blob, sizeof blob, hello->certificate,
		strlen(hello->certificate), &len))
		return CERTIFICATE_MALFORMED;
	fault = certificate_read(&certificate, blob, len);
	if (fault != CERTIFICATE_GOOD)
		return fault;
	if (!public_key_equal(&certificate.key, key))
		return CERTIFICATE_KEY;
	authority = known_hosts_authority(
	    known, hello->hostname, &certificate.authority);
	if (authority == STATUS_REVOKED ||
	    has_revoked(known, hello->hostname, envelope))
		return CERTIFICATE_REVOKED;
	if (authority != STATUS_OK)
		return CERTIFICATE_AUTHORITY;
	/* A key that a line has is that line's host's, or nobody's. */
	if (known_hosts_check(known, hello->hostname, key) !=
	    STATUS_UNKNOWN_KEY)
		return CERTIFICATE_KEY;
	return certificate_judge(&certificate, hello->hostname, now_ms);
}

bool
certified_judge(const struct known_hosts *known, const char *fleet,
    const char *host, const uint8_t *bytes, size_t len, int64_t now_ms,
    enum certificate_fault *fault, struct public_key *key)
{
	struct envelope envelope;
	struct hello hello;
	bool is_its;

	if (envelope_open(bytes, len, ENVELOPE_HELLO, &envelope) != STATUS_OK ||
	    hello_parse(envelope.payload, envelope.payload_len, &hello) !=
		STATUS_OK)
		return false;
	is_its = hello.certificate != NULL &&
		 hello.signatures == envelope.signatures &&
		 strcmp(hello.hostname, host) == 0 &&
		 strcmp(hello.fleet, fleet) == 0;
	if (is_its) {
		*fault = judge_certificate(known, &hello, &envelope, now_ms);
		*key = envelope.signature[0].key;
	}
	hello_clear(&hello);
	return is_its;
}

/* A name of Redis's making is one that name_is_host() has passed. */
static void
warn(struct search *s, const char *name, enum certificate_fault fault)
{
	if (s->warnings++ < WARNINGS_MAX)
		log_warning("%s: its certificate is refused: %s", name,
		    certificate_fault_text(fault));
}

/* Two names with one key would be two hosts that cannot be told apart. */
static bool
is_taken(const struct search *s, const struct public_key *key)
{
	for (size_t i = 0; i < s->answered; i++)
		if (s->items[i].good && public_key_equal(&s->items[i].key, key))
			return true;
	return false;
}

static void
take_hello(struct search *s, const uint8_t *bytes, size_t len)
{
	struct candidate *item = &s->items[s->answered];
	enum certificate_fault fault;

	if (len == 0 || !certified_judge(s->known, s->fleet, item->name, bytes,
			    len, clock_wall_ms(), &fault, &item->key))
		return;
	if (fault == CERTIFICATE_GOOD && is_taken(s, &item->key))
		fault = CERTIFICATE_KEY;
	item->good = fault == CERTIFICATE_GOOD;
	s->found += item->good;
	if (!item->good)
		warn(s, item->name, fault);
}

static void
stop_failed(struct search *s, const char *why)
{
	snprintf(s->error, CTL_ERROR_MAX, "%s", why);
	loop_stop(s->loop, STOP_FAILED);
}

static void
ask_next(struct search *s)
{
	const char *names[CHUNK_NAMES];
	size_t n = 0;

	while (n < CHUNK_NAMES && s->asked < s->count)
		names[n++] = s->items[s->asked++].name;
	if (n == 0)
		loop_stop(s->loop, STOP_DONE);
	else if (!net_hellos(s->net, names, n))
		fatal("the queue to amiral-net is full at its start");
}

static int
order(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* SCAN may name one host several times. */
static void
drop_repeated(struct search *s)
{
	size_t kept = 0;

	qsort(s->items, s->count, sizeof *s->items, order);
	for (size_t i = 0; i < s->count; i++)
		if (i == 0 || order(&s->items[i], &s->items[kept - 1]) != 0)
			s->items[kept++] = s->items[i];
	s->count = kept;
}

static void
add_name(struct search *s, const char *name)
{
	struct candidate *grown;

	if (s->count == CTL_NAMES_MAX || known_hosts_find(s->known, name) >= 0)
		return;
	grown = reallocarray(s->items, s->count + 1, sizeof *grown);
	if (grown == NULL)
		fatal("out of memory");
	s->items = grown;
	grown[s->count] = (struct candidate){ .good = false };
	snprintf(grown[s->count++].name, HOSTNAME_MAX + 1, "%s", name);
}

static void
on_names(bool last, struct cursor *names, void *arg)
{
	char name[HOSTNAME_MAX + 1];
	struct search *s = arg;

	while (!cursor_done(names)) {
		if (!cursor_text(names, name, sizeof name) ||
		    !name_is_host(name))
			fatal("amiral-net sent what is no host's name");
		add_name(s, name);
	}
	if (!last)
		return;
	drop_repeated(s);
	ask_next(s);
}

static void
on_hellos(bool last, struct cursor *hellos, void *arg)
{
	struct search *s = arg;
	const uint8_t *bytes;
	size_t len;

	while (!cursor_done(hellos)) {
		bytes = cursor_string(hellos, &len);
		if (bytes == NULL || s->answered == s->asked)
			fatal("amiral-net answered what it was not asked");
		take_hello(s, bytes, len);
		s->answered++;
	}
	if (last)
		ask_next(s);
}

static void
on_connected(void *arg)
{
	struct search *s = arg;

	loop_timer_set(s->loop, &s->deadline, ANSWERS_MS);
	if (!net_names(s->net))
		fatal("the queue to amiral-net is full at its start");
}

static void
on_ended(const char *why, void *arg)
{
	stop_failed(arg, why);
}

static void
on_deadline(void *arg)
{
	stop_failed(arg, "Redis gives no answer");
}

static const struct net_events events = {
	.connected = on_connected,
	.ended = on_ended,
	.hellos = on_hellos,
	.names = on_names,
};

static bool
search_run(struct search *s, const struct settings *settings,
    const struct options *options)
{
	char password[PASSWORD_MAX];
	const struct net_config config = { settings->redis, password,
		settings->fleet, options->verbose };
	int stop = STOP_FAILED;

	if (!settings_password(settings, password, s->error))
		return false;
	s->loop = loop_new(LOOP_FDS);
	s->deadline = (struct loop_timer){ .fn = on_deadline, .arg = s };
	loop_timer_set(s->loop, &s->deadline, CONNECT_MS);
	s->net = net_start(s->loop, &config, &events, s, s->error);
	explicit_bzero(password, sizeof password);
	if (s->net != NULL)
		stop = loop_run(s->loop);
	net_stop(s->net);
	loop_free(s->loop);
	return stop == STOP_DONE;
}

/* The file's lines, and one for each that was found. */
static char *
join(const struct search *s, const char *text, size_t *len)
{
	size_t size =
	    *len + 2 + s->found * (HOSTNAME_MAX + 1 + PUBLIC_LINE_MAX);
	char *whole = malloc(size), line[PUBLIC_LINE_MAX];
	int n;

	if (whole == NULL)
		fatal("out of memory");
	memcpy(whole, text, *len);
	whole[(*len)++] = '\n';
	for (size_t i = 0; i < s->count; i++) {
		if (!s->items[i].good)
			continue;
		public_format(&s->items[i].key, "", line);
		n = snprintf(whole + *len, size - *len, "%s %s\n",
		    s->items[i].name, line);
		*len += (size_t)n;
	}
	return whole;
}

/* Every point has been judged: the file's, and with each hello. */
static bool
merge(struct known_hosts **known, const struct search *s,
    const struct settings *settings)
{
	struct known_hosts *both;
	char *text, *whole;
	size_t len;

	text = local_known_text(settings, &len, s->error);
	if (text == NULL)
		return false;
	whole = join(s, text, &len);
	both = known_hosts_parse_again(
	    settings->known_hosts, whole, len, s->error);
	free(whole);
	free(text);
	if (both == NULL)
		return false;
	known_hosts_free(*known);
	*known = both;
	return true;
}

bool
certified_add(struct known_hosts **known, const struct settings *settings,
    const struct options *options, char error[static CTL_ERROR_MAX])
{
	struct search s = {
		.known = *known,
		.fleet = settings->fleet,
		.error = error,
	};
	bool good;

	if (!known_hosts_has_authorities(*known))
		return true;
	good = search_run(&s, settings, options);
	if (good && s.warnings > WARNINGS_MAX)
		log_warning(
		    "and %u certificates more", s.warnings - WARNINGS_MAX);
	if (good && s.found > 0)
		good = merge(known, &s, settings);
	free(s.items);
	return good;
}
