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
};

static void
no_log(enum log_level level, const char *line, size_t len, void *arg)
{
	(void)level;
	(void)line;
	(void)len;
	(void)arg;
}

static int
setup(void **state)
{
	struct table *t = calloc(1, sizeof *t);

	assert_non_null(t);
	log_to(no_log, NULL);
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

/* In a rotation two keys sign: first is the old one, second the new one. */
static void
give_rotation(struct table *t, unsigned first, unsigned second, int64_t at)
{
	unsigned signers[2] = { first, second };
	struct hello hello = { .at = at, .signatures = 2, .serial = 1 };
	char *payload, *lines[2], error[KEY_ERROR_MAX];
	size_t payload_len, len;
	uint8_t *bytes;

	strcpy(hello.fleet, CAST_FLEET);
	strcpy(hello.hostname, cast_name(0));
	strcpy(hello.agent, "0.1.0");
	hello.facts = json_object();
	payload = hello_build(&hello, &payload_len);
	assert_non_null(payload);
	for (int i = 0; i < 2; i++) {
		bytes =
		    signer_envelope(t->cast.signers[signers[i]], ENVELOPE_HELLO,
			(uint8_t *)payload, payload_len, &len, error);
		assert_non_null(bytes);
		lines[i] = strndup((char *)bytes, strcspn((char *)bytes, "\n"));
		free(bytes);
	}
	bytes = sign_envelope((const char *const *)lines, 2, (uint8_t *)payload,
	    payload_len, &len);
	assert_non_null(bytes);
	hellos_take(&t->hellos, 0, bytes, len);
	free(bytes);
	free(lines[0]);
	free(lines[1]);
	free(payload);
	json_decref(hello.facts);
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
	bytes[len - 2] ^= 1;
	hellos_take(&t->hellos, 0, bytes, len);
	assert_int_equal(t->hellos.verified, 1);
	assert_int_equal(t->hellos.rejected, 1);
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
	close(fd);
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
		cmocka_unit_test_setup_teardown(test_find_key, setup, teardown),
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
