/*
 * Fuzz target: admit(), from bytes to a verdict, on the host of docs/vectors.
 * A header of HEADER bytes says what the host knows and what time it is; an
 * envelope follows. The verdict is that of reference_admit(), which was
 * written without looking, and a request is admitted once.
 */
#include "agent/gate/admit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/gate/jobs.h"
#include "fuzz/cast.h"
#include "fuzz/fuzz.h"
#include "fuzz/mutate.h"
#include "fuzz/reference.h"
#include "wire/json.h"

#define HEADER 16
#define NOW    1763800000500LL /* of docs/vectors */
#define TAKEN  "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

enum flag {
	TWICE = 1,
	CANCELLED = 2,
	NO_FACTS = 4,
	SHARE = 8,
	RESERVE = 16,
	ANYBODY = 32, /* who cancelled it may cancel any */
};

/* reference_admit.c knows what stands here by heart. */
static const char conf_text[] = "[agent]\n"
				"fleet = " REFERENCE_FLEET "\n"
				"hostname = " REFERENCE_HOST "\n"
				"groups = " REFERENCE_GROUP "\n"
				"max_ttl = 600\n"
				"[provider run]\n"
				"timeout = 20\n"
				"[policy alice's]\n"
				"operators = alice@*\n"
				"providers = ru*, absent\n"
				"[policy bob's]\n"
				"operators = bob@example.com\n"
				"providers = run\n"
				"args = word=[a-m]*|x?z, count=1|2, "
				"flag=true, where=/srv/*\n"
				"facts = cpus=8, os.name=x|deb*\n"
				"[policy bob's nights]\n"
				"operators = bob@*\n"
				"providers = r?n\n"
				"hours = 22:30-01:00, 05:00-06:00\n"
				"max_hosts = 1\n"
				"[policy both]\n"
				"operators = *@example.com\n"
				"providers = run\n"
				"args = word=*, count=*\n"
				"signatures = 2\n"
				"[policy alice looks after jobs]\n"
				"operators = alice@example.com\n"
				"providers = status\n"
				"jobs = any\n"
				"hours = 08:00-09:00\n";
static const char facts_text[] =
    "{\"cpus\":8,\"os\":{\"name\":\"debian\"},\"load\":0.25,\"virtual\":true,"
    "\"disks\":[\"sda\",\"sdb\"],\"a.b\":\"c\",\"none\":null,\"empty\":[]}";
static const char run_text[] =
    "{\"name\":\"run\",\"description\":\"\",\"args\":{"
    "\"word\":{\"type\":\"string\",\"required\":true,\"pattern\":\"[a-z]*\"},"
    "\"count\":{\"type\":\"integer\",\"enum\":[1,2,3]},"
    "\"deep\":{\"type\":\"object\"},\"flag\":{\"type\":\"boolean\"},"
    "\"where\":{\"type\":\"path\"}}}";
static const char uptime_text[] =
    "{\"name\":\"uptime\",\"description\":\"\","
    "\"args\":{\"averages\":{\"type\":\"object\"}}}";

struct world {
	struct gate_trust trust;
	json_t *facts, *run, *uptime;
	struct admitted *running[2]; /* of Alice and of Bob */
	struct gate_poison poison;   /* nothing */
};

static struct world world;

static const json_t *
described(const char *provider)
{
	if (strcmp(provider, "run") == 0)
		return json_object_get(world.run, "args");
	if (strcmp(provider, "uptime") == 0)
		return json_object_get(world.uptime, "args");
	return NULL;
}

static void
file_add(struct trust_files *files, enum gate_file kind, const char *name,
    const char *text)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	MUST(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	trust_files_add(files, kind, name, strlen(name), fd);
}

static void
operators_add(struct trust_files *files)
{
	char text[5 * PUBLIC_LINE_MAX];

	snprintf(text, sizeof(text),
	    "alice@example.com %s\n"
	    "alice@example.com %s\n"
	    "bob@example.com valid-after=\"20251101Z\","
	    "valid-before=\"20251201Z\" %s\n"
	    "carol@example.com namespaces=\"amiral-trust-v1\" %s\n",
	    cast_line(ALICE), cast_line(WWW01), cast_line(BOB),
	    cast_line(TRUST));
	file_add(files, GATE_FILE_OPERATORS, "allowed_signers", text);
}

/* The only way to an admitted request is to have one admitted. */
static struct admitted *
running(enum cast who, const char *operator_)
{
	static const char payload[] =
	    "{\"version\":1,\"fleet\":\"" REFERENCE_FLEET "\",\"reply_to\":"
	    "\"51665ac9-bab5-4995-aa80-09bc79cfb2bd\",\"operator\":\"%s\","
	    "\"signatures\":1,\"issued\":%lld,\"expires\":%lld,"
	    "\"match\":{\"all\":true},\"command\":{\"provider\":\"uptime\"}}";
	struct gate_jobs jobs = { 0 };
	struct gate_replay replay;
	json_t *none = NULL;
	struct gate_admit gate = { &world.trust, &none, &replay, &jobs, 0,
		&world.poison };
	struct admit_result result;
	char text[1024];
	uint8_t *bytes;
	size_t len;

	snprintf(text, sizeof(text), payload, operator_, NOW, NOW + 1000);
	bytes = cast_sign(ENVELOPE_REQUEST, &who, 1, (const uint8_t *)text,
	    strlen(text), &len);
	replay_init(&replay);
	admit(&gate, bytes, len, NOW, &result);
	MUST(result.outcome == ADMIT_ADMITTED);
	replay_clear(&replay);
	free(bytes);
	return result.admitted;
}

static void
world_build(void)
{
	struct trust_files files = { 0 };
	char error[TRUST_ERROR_MAX];
	struct secret_key host;
	size_t len;
	char *text;

	if (world.facts != NULL)
		return;
	MUST(secret_generate(&host, "host") == 0);
	text = secret_format(&host, &len);
	file_add(&files, GATE_FILE_CONF, "amirald.conf", conf_text);
	file_add(&files, GATE_FILE_HOST_KEY, "host_key", text);
	file_add(&files, GATE_FILE_DESCRIPTION, "run", run_text);
	file_add(&files, GATE_FILE_DESCRIPTION, "uptime", uptime_text);
	operators_add(&files);
	MUST(gate_trust_build(&world.trust, &files, "", error) == 0);
	trust_files_clear(&files);
	secret_text_free(text);
	secret_free(&host);
	poison_init(&world.poison);
	world.facts = json_loads(facts_text, 0, NULL);
	world.run = json_loads(run_text, 0, NULL);
	world.uptime = json_loads(uptime_text, 0, NULL);
	world.running[0] = running(ALICE, "alice@example.com");
	world.running[1] = running(BOB, "bob@example.com");
}

/* The host as the header has it: replay set, jobs, clock. */
struct host {
	struct gate_replay replay;
	struct gate_jobs jobs;
	struct gate_admit gate;
	struct reference_state state;
	unsigned alice; /* jobs of hers */
	uint8_t flags;
	json_t *facts;
};

/* Of those whose keys are for requests. */
static const char *
principal_of(const struct signature *signature)
{
	return cast_find(&signature->key) == BOB ? "bob@example.com"
						 : "alice@example.com";
}

static const char *
operator_of(const uint8_t *bytes, size_t len)
{
	struct envelope e;

	if (envelope_read(bytes, len, ENVELOPE_REQUEST, &e) != STATUS_OK)
		return "alice@example.com";
	return principal_of(&e.signature[0]);
}

/* Bob's request that runs, and what the operator holds of the set. */
static void
replay_fill(struct host *h, const uint8_t *bytes, size_t len)
{
	const char *operator_ = operator_of(bytes, len);
	uint8_t digest[ENVELOPE_DIGEST_SIZE], cancel[ENVELOPE_DIGEST_SIZE];
	struct envelope e;
	const char *last;

	for (unsigned i = 0; i < sizeof(digest); i++)
		digest[i] = (uint8_t)i;
	MUST(replay_add(
	    &h->replay, digest, "bob@example.com", INT64_MAX, REPLAY_RUNNING));
	if ((h->flags & CANCELLED) != 0 &&
	    envelope_read(bytes, len, ENVELOPE_REQUEST, &e) == STATUS_OK) {
		envelope_digest(&e, digest);
		/* Whoever signed can have taken it back. */
		last = principal_of(&e.signature[e.signatures - 1]);
		replay_cancel_digest(
		    digest, h->flags & ANYBODY ? REPLAY_ANYBODY : last, cancel);
		MUST(replay_add(
		    &h->replay, cancel, operator_, INT64_MAX, REPLAY_REFUSED));
		h->state.cancelled = true;
	}
	memset(digest, 0xff, sizeof(digest));
	MUST(replay_add(
	    &h->replay, digest, operator_, INT64_MAX, REPLAY_RUNNING));
	for (uint32_t i = 0; i < h->replay.owner_count; i++) {
		struct replay_owner *owner = &h->replay.owners[i];

		if (strcmp(owner->name, operator_) != 0)
			continue;
		if (h->flags & RESERVE)
			owner->entries = REPLAY_SHARE - REPLAY_RESERVE;
		if (h->flags & SHARE)
			owner->entries = REPLAY_SHARE;
		h->state.share = owner->entries;
	}
}

static void
jobs_fill(struct host *h, unsigned alice, unsigned bob)
{
	unsigned at = 0;

	h->jobs = (struct gate_jobs){ 0 };
	for (; at < JOBS_MAX && at < alice; at++)
		h->jobs.table[at].admitted = world.running[0];
	for (; at < JOBS_MAX && bob > 0; at++, bob--)
		h->jobs.table[at].admitted = world.running[1];
	h->state.jobs = at;
	h->alice = alice < JOBS_MAX ? alice : JOBS_MAX;
}

static void
host_open(struct host *h, struct input *in)
{
	int64_t offset[3];
	unsigned alice;

	for (unsigned i = 0; i < 3; i++)
		offset[i] = input_i32(in);
	h->flags = input_u8(in);
	h->facts = h->flags & NO_FACTS ? NULL : world.facts;
	h->state = (struct reference_state){
		.now = NOW + offset[0],
		.started = NOW - 3600000 + offset[1],
		.floor = offset[2] == 0 ? 0 : NOW + offset[2],
		.taken = TAKEN,
		.facts = h->facts,
		.described = described,
	};
	replay_init(&h->replay);
	h->replay.floor = h->state.floor;
	h->gate = (struct gate_admit){
		.trust = &world.trust,
		.facts = &h->facts,
		.replay = &h->replay,
		.jobs = &h->jobs,
		.started = h->state.started,
		.poison = &world.poison,
	};
	alice = input_u8(in);
	jobs_fill(h, alice, input_u8(in));
	input_u8(in);
}

/* What is not the reference's to know. */
static void
check_admitted(const struct host *h, struct admit_result *result)
{
	const struct admitted_terms *terms = admitted_terms(result->admitted);
	json_t *args = json_loads(terms->args, JSON_REJECT_DUPLICATES, NULL);

	MUST(strlen(terms->args) == terms->args_len);
	MUST(json_is_object(args) && json_equal(args, terms->arguments));
	MUST(terms->timeout_ms <= 60000);
	MUST(strcmp(terms->provider, "run") != 0 || terms->timeout_ms <= 20000);
	MUST(replay_find(&h->replay, result->subject.request) != NULL);
	json_decref(args);
	admitted_free(result->admitted);
}

/* The line that goes to root's file says nothing but printable ASCII. */
static void
check_audit(const struct admit_result *result)
{
	size_t len;
	char *line =
	    audit_line(AUDIT_REFUSED, &result->subject, "x", NOW, &len);

	MUST(line != NULL && len == strlen(line));
	for (size_t i = 0; i < len; i++)
		MUST(line[i] >= ' ' && line[i] <= '~');
	MUST(name_is_uuid(result->answer.reply_to));
	free(line);
}

static void
judge(struct host *h, const uint8_t *bytes, size_t len)
{
	static const enum admit_outcome outcomes[] = {
		[REFERENCE_SILENT] = ADMIT_DROPPED,
		[REFERENCE_KNOWN] = ADMIT_KNOWN,
		[REFERENCE_REFUSED] = ADMIT_REFUSED,
		[REFERENCE_ADMITTED] = ADMIT_ADMITTED,
	};
	enum reply_reason reason;
	struct admit_result result;
	enum reference_verdict verdict;

	h->state.jobs_own = h->alice;
	if (strcmp(operator_of(bytes, len), "bob@example.com") == 0)
		h->state.jobs_own = h->state.jobs - h->alice;
	verdict = reference_admit(&h->state, bytes, len, &reason);
	admit(&h->gate, bytes, len, h->state.now, &result);
	MUST(result.outcome == outcomes[verdict]);
	if (result.outcome == ADMIT_DROPPED)
		return;
	check_audit(&result);
	if (result.outcome == ADMIT_ADMITTED)
		check_admitted(h, &result);
	if (result.outcome == ADMIT_REFUSED)
		MUST(result.reason == reason);
	h->state.known = true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct host host;

	fuzz_prepare();
	world_build();
	host_open(&host, &in);
	replay_fill(&host, in.at, in.left);
	judge(&host, in.at, in.left);
	if (host.flags & TWICE)
		judge(&host, in.at, in.left);
	replay_clear(&host.replay);
	return 0;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	return mutate_envelope(data, size, max, seed, HEADER, ENVELOPE_REQUEST);
}
