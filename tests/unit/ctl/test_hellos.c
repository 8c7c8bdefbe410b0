/* The newest verified hello of each host, and its cache on disk. */
#include "check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cast.h"
#include "ctl/hellos.h"
#include "keys/public.h"
#include "tests/lib/place.h"
#include "wire/request.h"
#include "wire/sign.h"

struct table {
	struct cast cast;
	struct hellos hellos;
	char directory[PLACE_MAX], cache[PLACE_MAX + 16], path[256];
	size_t alarms; /* that were logged */
};

/* Roles of signers in a rotation of the first host. */
enum { OLD = 0, OTHER = 1, NEW = CAST_HOSTS - 1, STRANGER = CAST_HOSTS };

static void
count_alarms(enum log_level level, const char *line, size_t len, void *arg)
{
	struct table *t = arg;

	(void)level;
	t->alarms += memmem(line, len, "ALARM", 5) != NULL;
}

static int
setup(void **state)
{
	struct table *t = calloc(1, sizeof *t);

	assert_non_null(t);
	log_to(count_alarms, t);
	cast_init(&t->cast);
	place_name(t->directory, "amiral-cache");
	assert_non_null(mkdtemp(t->directory));
	snprintf(t->cache, sizeof t->cache, "%s/amiral", t->directory);
	snprintf(t->path, sizeof t->path, "%s/" CAST_FLEET, t->cache);
	hellos_init(&t->hellos, t->cast.known, t->cache, CAST_FLEET);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct table *t = *state;

	hellos_clear(&t->hellos);
	unlink(t->path);
	rmdir(t->cache);
	rmdir(t->directory);
	cast_clear(&t->cast);
	free(t);
	return 0;
}

/* As if Redis had it under the name of host. */
static void
give(struct table *t, unsigned signer, unsigned named, unsigned host,
    int64_t at, const char *facts)
{
	size_t len;
	uint8_t *bytes = cast_hello(&t->cast, signer, named, at, facts, &len);

	hellos_take(&t->hellos, host, bytes, len);
	free(bytes);
}

static void
reopen(struct table *t)
{
	char error[CTL_ERROR_MAX];

	if (!hellos_save(&t->hellos, error))
		fail_msg("%s", error);
	hellos_clear(&t->hellos);
	hellos_init(&t->hellos, t->cast.known, t->cache, CAST_FLEET);
}

static void
test_newest_wins(void **state)
{
	struct table *t = *state;

	assert_null(hellos_of(&t->hellos, 0));
	give(t, 0, 0, 0, 100, "{\"n\":1}");
	assert_int_equal(hellos_of(&t->hellos, 0)->at, 100);
	give(t, 0, 0, 0, 99, "{\"n\":2}");
	give(t, 0, 0, 0, 100, "{\"n\":2}");
	assert_int_equal(hellos_of(&t->hellos, 0)->at, 100);
	assert_int_equal(t->hellos.rejected, 2);
	give(t, 0, 0, 0, 101, "{\"n\":3}");
	assert_int_equal(hellos_of(&t->hellos, 0)->at, 101);
}

static void
test_not_theirs(void **state)
{
	struct table *t = *state;
	uint8_t *bytes;
	size_t len;

	give(t, 1, 0, 0, 1, "{}");          /* another host signs in its name */
	give(t, 1, 1, 0, 1, "{}");          /* a good one under the wrong key */
	give(t, CAST_HOSTS, 0, 0, 1, "{}"); /* a stranger */
	give(t, 0, 1, 0, 1, "{}");          /* it speaks of another host */
	assert_null(hellos_of(&t->hellos, 0));
	assert_int_equal(t->hellos.rejected, 4);
	assert_false(t->hellos.changed);
	bytes = cast_hello(&t->cast, 0, 0, 1, "{}", &len);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		hellos_take(&t->hellos, 0, bytes, len);
		assert_null(hellos_of(&t->hellos, 0));
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t cut = 0; cut < len; cut++)
		hellos_take(&t->hellos, 0, bytes, cut);
	assert_null(hellos_of(&t->hellos, 0));
	hellos_take(&t->hellos, 0, bytes, len);
	assert_non_null(hellos_of(&t->hellos, 0));
	free(bytes);
}

/* Of the first host: a line of each of the signers, and how many it says. */
static uint8_t *
sign_by(struct table *t, const unsigned *signers, unsigned count, unsigned says,
    int64_t at, size_t *len)
{
	struct hello hello = { .at = at, .signatures = says };
	char *payload, *lines[ENVELOPE_LINES_MAX], error[KEY_ERROR_MAX];
	size_t payload_len;
	uint8_t *bytes;

	strcpy(hello.fleet, CAST_FLEET);
	strcpy(hello.hostname, cast_name(0));
	strcpy(hello.agent, "0.1.0");
	hello.serial = says == 2 ? 1 : 0;
	hello.facts = json_object();
	payload = hello_build(&hello, &payload_len);
	assert_non_null(payload);
	for (unsigned i = 0; i < count; i++) {
		bytes =
		    signer_envelope(t->cast.signers[signers[i]], ENVELOPE_HELLO,
			(uint8_t *)payload, payload_len, len, error);
		assert_non_null(bytes);
		lines[i] = strndup((char *)bytes, strcspn((char *)bytes, "\n"));
		free(bytes);
	}
	bytes = sign_envelope((const char *const *)lines, count,
	    (uint8_t *)payload, payload_len, len);
	assert_non_null(bytes);
	for (unsigned i = 0; i < count; i++)
		free(lines[i]);
	free(payload);
	json_decref(hello.facts);
	return bytes;
}

/* In a rotation two keys sign: first is the old one, second the new one. */
static void
give_rotation(struct table *t, unsigned first, unsigned second, int64_t at)
{
	unsigned signers[2] = { first, second };
	size_t len;
	uint8_t *bytes = sign_by(t, signers, 2, 2, at, &len);

	hellos_take(&t->hellos, 0, bytes, len);
	free(bytes);
}

static void
test_rotation(void **state)
{
	struct table *t = *state;
	struct known_hosts *old = t->cast.known;
	char line[PUBLIC_LINE_MAX], text[4096], error[KNOWN_HOSTS_ERROR_MAX];

	give_rotation(t, 0, CAST_HOSTS, 5);
	assert_int_equal(hellos_of(&t->hellos, 0)->at, 5);
	give_rotation(t, CAST_HOSTS, 0, 6);
	assert_int_equal(hellos_of(&t->hellos, 0)->at, 6);
	give_rotation(t, CAST_HOSTS, 1, 7);
	assert_int_equal(hellos_of(&t->hellos, 0)->at, 6);
	/* A revoked key beside it spoils a good one. */
	hellos_clear(&t->hellos);
	public_format(signer_key(t->cast.signers[0]), "", line);
	snprintf(text, sizeof text, "%s %s\n@revoked * ", cast_name(0), line);
	public_format(signer_key(t->cast.signers[CAST_HOSTS]), "", line);
	strcat(strcat(text, line), "\n");
	t->cast.known = known_hosts_parse("k", text, strlen(text), error);
	assert_non_null(t->cast.known);
	known_hosts_free(old);
	hellos_init(&t->hellos, t->cast.known, NULL, CAST_FLEET);
	give_rotation(t, 0, CAST_HOSTS, 8);
	assert_null(hellos_of(&t->hellos, 0));
	assert_int_equal(t->hellos.rejected, 1);
}

/* The first host's keys are those of these signers, the older one first. */
static void
know(struct table *t, const unsigned *signers, unsigned count)
{
	char line[PUBLIC_LINE_MAX], text[4096] = "";
	char error[KNOWN_HOSTS_ERROR_MAX];
	size_t len = 0;

	for (unsigned i = 0; i < count; i++) {
		public_format(
		    signer_key(t->cast.signers[signers[i]]), "", line);
		len += (size_t)snprintf(text + len, sizeof text - len,
		    "%s %s\n", cast_name(0), line);
	}
	public_format(signer_key(t->cast.signers[OTHER]), "", line);
	len += (size_t)snprintf(
	    text + len, sizeof text - len, "%s %s\n", cast_name(1), line);
	hellos_clear(&t->hellos);
	known_hosts_free(t->cast.known);
	t->cast.known = known_hosts_parse("k", text, len, error);
	if (t->cast.known == NULL)
		fail_msg("%s", error);
	hellos_init(&t->hellos, t->cast.known, NULL, CAST_FLEET);
}

/* Who signs, beside which keys are known, and what comes of it. */
static void
test_who_may_rotate(void **state)
{
	static const unsigned known[2] = { OLD, NEW };
	static const struct {
		unsigned keys, signers[2], lines, says;
		enum { REJECTED, NOTHING, ALARM, FOLLOWED, OVER } then;
	} rows[] = {
		{ 1, { OLD }, 1, 1, NOTHING },
		{ 1, { OLD, NEW }, 2, 2, FOLLOWED },
		{ 1, { NEW, OLD }, 2, 2, NOTHING },
		{ 1, { OLD, OTHER }, 2, 2, ALARM },
		{ 2, { OLD }, 1, 1, NOTHING },
		{ 2, { OLD, NEW }, 2, 2, NOTHING },
		{ 2, { OLD, STRANGER }, 2, 2, ALARM },
		{ 2, { STRANGER, NEW }, 2, 2, NOTHING },
		{ 2, { STRANGER, OLD }, 2, 2, NOTHING },
		{ 2, { NEW }, 1, 1, OVER },
		/* The line of the other key was taken away, or put there. */
		{ 1, { OLD }, 1, 2, REJECTED },
		{ 1, { OLD, NEW }, 2, 1, REJECTED },
		{ 2, { NEW }, 1, 2, REJECTED },
	};
	struct table *t = *state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t len, followed = rows[i].then >= FOLLOWED;
		uint8_t *bytes = sign_by(t, rows[i].signers, rows[i].lines,
		    rows[i].says, clock_wall_ms(), &len);

		know(t, known, rows[i].keys);
		t->alarms = 0;
		hellos_take(&t->hellos, 0, bytes, len);
		free(bytes);
		assert_int_equal(t->hellos.rejected, rows[i].then == REJECTED);
		assert_int_equal(t->alarms, rows[i].then == ALARM);
		assert_int_equal(t->hellos.rotation_count, followed);
		if (followed == 0)
			continue;
		assert_true(public_key_equal(&t->hellos.rotations[0].old,
		    signer_key(t->cast.signers[OLD])));
		assert_true(public_key_equal(&t->hellos.rotations[0].new,
		    signer_key(t->cast.signers[NEW])));
		assert_int_equal(
		    t->hellos.rotations[0].over, rows[i].then == OVER);
	}
}

/* One that was made far ahead would be the newest for as long. */
static void
test_from_the_future(void **state)
{
	struct table *t = *state;
	int64_t now = clock_wall_ms();

	give(t, 0, 0, 0, now + REQUEST_SKEW_MS + 86400000, "{}");
	assert_null(hellos_of(&t->hellos, 0));
	assert_int_equal(t->hellos.rejected, 1);
	give(t, 0, 0, 0, now + REQUEST_SKEW_MS, "{}");
	assert_non_null(hellos_of(&t->hellos, 0));
}

/* Redis may repeat what a host said once; hosts say it each minute. */
static void
test_old_rotations(void **state)
{
	const int64_t oldest = HELLO_EXPIRY_MS + REQUEST_SKEW_MS;
	struct table *t = *state;

	give_rotation(t, 0, CAST_HOSTS, clock_wall_ms() - 86400000);
	assert_int_equal(t->hellos.rotation_count, 0);
	give_rotation(t, 0, CAST_HOSTS, clock_wall_ms() - oldest - 1);
	assert_int_equal(t->hellos.rotation_count, 0);
	give_rotation(t, 0, CAST_HOSTS, clock_wall_ms() - oldest + 10000);
	assert_int_equal(t->hellos.rotation_count, 1);
	assert_false(t->hellos.rotations[0].over);
}

static void
test_find_key(void **state)
{
	struct table *t = *state;
	const struct public_key *wanted = signer_key(t->cast.signers[1]);
	char fingerprint[FINGERPRINT_SIZE], error[CTL_ERROR_MAX];
	struct public_key found[HELLO_KEYS_MAX];

	give(t, 1, 1, 1, 7, "{}");
	assert_true(hellos_save(&t->hellos, error));
	sign_fingerprint(wanted, fingerprint);
	for (int i = 0; i < 2; i++) {
		memset(found, 0, sizeof found);
		assert_int_equal(
		    hellos_find_keys(t->cache, CAST_FLEET,
			i == 0 ? cast_name(1) : fingerprint, found),
		    1);
		assert_true(public_key_equal(&found[0], wanted));
	}
	assert_int_equal(
	    hellos_find_keys(t->cache, CAST_FLEET, cast_name(0), found), 0);
	assert_int_equal(
	    hellos_find_keys(t->cache, "other-00000000", cast_name(1), found),
	    0);
	sign_fingerprint(signer_key(t->cast.signers[0]), fingerprint);
	assert_int_equal(
	    hellos_find_keys(t->cache, CAST_FLEET, fingerprint, found), 0);
}

/* A cache of one entry. */
static void
write_cache(struct table *t, const char *name, const uint8_t *bytes, size_t len)
{
	static const char magic[] = "amiral hellos 1\n";
	uint8_t text[8192];
	struct writer w;
	int fd;

	writer_init(&w, text, sizeof text);
	writer_bytes(&w, magic, sizeof magic - 1);
	writer_text(&w, name);
	writer_string(&w, bytes, len);
	assert_true(writer_done(&w));
	mkdir(t->cache, 0700);
	fd = open(t->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(write(fd, text, w.used), w.used);
	close(fd);
}

/* Nobody's keys are found by a name that is not theirs. */
static void
test_find_key_in_odd_caches(void **state)
{
	static const unsigned signers[] = { OLD, NEW, STRANGER };
	static const struct {
		unsigned named, lines;
		const char *fleet;
		size_t found;
	} rows[] = {
		{ 0, 1, CAST_FLEET, 1 },
		{ 0, 2, CAST_FLEET, 2 },
		{ 0, 3, CAST_FLEET, 0 }, /* more than there is room for */
		{ 1, 1, CAST_FLEET, 0 }, /* it speaks of another host */
		{ 0, 1, "other-00000000", 0 },
	};
	struct public_key found[ENVELOPE_LINES_MAX];
	struct table *t = *state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t len;
		uint8_t *bytes = sign_by(t, signers, rows[i].lines,
		    rows[i].lines == 1 ? 1 : 2, 5, &len);

		snprintf(
		    t->path, sizeof t->path, "%s/%s", t->cache, rows[i].fleet);
		write_cache(t, cast_name(rows[i].named), bytes, len);
		free(bytes);
		assert_int_equal(hellos_find_keys(t->cache, rows[i].fleet,
				     cast_name(rows[i].named), found),
		    rows[i].found);
		unlink(t->path);
	}
}

static void
test_other_fleet(void **state)
{
	struct table *t = *state;

	hellos_clear(&t->hellos);
	hellos_init(&t->hellos, t->cast.known, NULL, "other-00000000");
	give(t, 0, 0, 0, 1, "{}");
	assert_null(hellos_of(&t->hellos, 0));
}

static void
test_cache(void **state)
{
	struct table *t = *state;
	struct stat st;

	give(t, 0, 0, 0, 7, "{\"n\":1}");
	give(t, 2, 2, 2, 8, "{\"n\":2}");
	assert_int_equal(t->hellos.verified, 2);
	reopen(t);
	assert_int_equal(hellos_of(&t->hellos, 0)->at, 7);
	assert_null(hellos_of(&t->hellos, 1));
	assert_int_equal(hellos_of(&t->hellos, 2)->at, 8);
	assert_int_equal(stat(t->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_false(t->hellos.changed);
	assert_int_equal(t->hellos.verified, 0);
}

/* The same bytes cost no signature, changed ones do. */
static void
test_only_changed_bytes(void **state)
{
	struct table *t = *state;
	size_t len;
	uint8_t *bytes = cast_hello(&t->cast, 0, 0, 5, "{}", &len);

	hellos_take(&t->hellos, 0, bytes, len);
	reopen(t);
	hellos_take(&t->hellos, 0, bytes, len);
	assert_int_equal(t->hellos.verified, 0);
	hellos_take(&t->hellos, 0, bytes, len - 1);
	assert_int_equal(t->hellos.verified, 1);
	bytes[len - 2] ^= 1;
	hellos_take(&t->hellos, 0, bytes, len);
	assert_int_equal(t->hellos.verified, 2);
	assert_int_equal(t->hellos.rejected, 2);
	free(bytes);
}

/* No entry outlives the key that signed it. */
static void
test_key_is_gone(void **state)
{
	struct table *t = *state;
	char line[PUBLIC_LINE_MAX], text[4096], error[KNOWN_HOSTS_ERROR_MAX];
	char revoked[PUBLIC_LINE_MAX];
	struct known_hosts *old = t->cast.known;

	give(t, 0, 0, 0, 5, "{}");
	give(t, 1, 1, 1, 5, "{}");
	reopen(t);
	hellos_clear(&t->hellos);
	public_format(signer_key(t->cast.signers[CAST_HOSTS]), "", line);
	public_format(signer_key(t->cast.signers[1]), "", revoked);
	snprintf(text, sizeof text, "%s %s\n@revoked * %s\n%s %s\n",
	    cast_name(0), line, revoked, cast_name(1), revoked);
	t->cast.known = known_hosts_parse("k", text, strlen(text), error);
	if (t->cast.known == NULL)
		fail_msg("%s", error);
	known_hosts_free(old);
	hellos_init(&t->hellos, t->cast.known, t->cache, CAST_FLEET);
	for (size_t i = 0; i < known_hosts_count(t->cast.known); i++)
		assert_null(hellos_of(&t->hellos, i));
}

static void
test_foreign_cache(void **state)
{
	struct table *t = *state;

	give(t, 0, 0, 0, 5, "{}");
	reopen(t);
	assert_int_equal(chmod(t->path, 0644), 0);
	hellos_clear(&t->hellos);
	hellos_init(&t->hellos, t->cast.known, t->cache, CAST_FLEET);
	assert_null(hellos_of(&t->hellos, 0));
}

/* What is no cache of ours says nothing, and hurts nobody. */
static void
test_broken_cache(void **state)
{
	struct table *t = *state;
	uint8_t bytes[4096];
	ssize_t len;
	int fd;

	give(t, 0, 0, 0, 5, "{\"n\":1}");
	reopen(t);
	fd = open(t->path, O_RDWR);
	len = read(fd, bytes, sizeof bytes);
	assert_true(len > 100 && len < (ssize_t)sizeof bytes);
	for (ssize_t cut = len - 1; cut >= 0; cut--) {
		assert_int_equal(ftruncate(fd, cut), 0);
		hellos_clear(&t->hellos);
		hellos_init(&t->hellos, t->cast.known, t->cache, CAST_FLEET);
		assert_null(hellos_of(&t->hellos, 0));
	}
	/* Another version's. */
	assert_int_equal(pwrite(fd, bytes, (size_t)len, 0), len);
	assert_int_equal(pwrite(fd, "amiral hellos 2", 15, 0), 15);
	close(fd);
	hellos_clear(&t->hellos);
	hellos_init(&t->hellos, t->cast.known, t->cache, CAST_FLEET);
	assert_null(hellos_of(&t->hellos, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_newest_wins, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_not_theirs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rotation, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_other_fleet, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_old_rotations, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_who_may_rotate, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_from_the_future, setup, teardown),
		cmocka_unit_test_setup_teardown(test_find_key, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_find_key_in_odd_caches, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cache, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_only_changed_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_key_is_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_foreign_cache, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_broken_cache, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
