#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "agent/gate/replay.h"

#define NOW 1763800000000

static struct gate_replay replay;

static int
setup(void **state)
{
	(void)state;
	replay_init(&replay);
	return sodium_init() == -1;
}

static int
teardown(void **state)
{
	(void)state;
	replay_clear(&replay);
	return 0;
}

static const uint8_t *
digest(unsigned n)
{
	static uint8_t bytes[ENVELOPE_DIGEST_SIZE];

	crypto_hash_sha256(bytes, (const uint8_t *)&n, sizeof(n));
	return bytes;
}

static bool
add(unsigned n, const char *owner, int64_t expires)
{
	return replay_add(&replay, digest(n), owner, expires, REPLAY_COMPLETE);
}

static void
test_known(void **state)
{
	const struct replay_entry *entry;

	(void)state;
	assert_null(replay_find(&replay, digest(1)));
	assert_true(
	    replay_add(&replay, digest(1), "alice", NOW, REPLAY_RUNNING));
	assert_false(
	    replay_add(&replay, digest(1), "bob", NOW, REPLAY_RUNNING));
	entry = replay_find(&replay, digest(1));
	assert_non_null(entry);
	assert_int_equal(entry->state, REPLAY_RUNNING);
	assert_string_equal(replay_owner_name(&replay, entry), "alice");
	replay_mark(&replay, digest(1), REPLAY_COMPLETE);
	assert_int_equal(
	    replay_find(&replay, digest(1))->state, REPLAY_COMPLETE);
	replay_mark(&replay, digest(2), REPLAY_COMPLETE);
	assert_null(replay_find(&replay, digest(2)));
	assert_int_equal(replay_owned(&replay, "alice"), 1);
	assert_int_equal(replay_owned(&replay, "bob"), 0);
}

/* All of four shares: the set is full for everyone, and knows everything. */
static void
test_full(void **state)
{
	static const char *const owners[] = { "a", "b", "c", "d" };

	(void)state;
	for (unsigned i = 0; i < REPLAY_MAX; i++) {
		const char *owner = owners[i / REPLAY_SHARE];

		assert_true(replay_room(&replay, owner, NOW));
		assert_true(add(i, owner, NOW + 1 + i));
	}
	assert_int_equal(replay.used, REPLAY_MAX);
	assert_false(replay_room(&replay, "e", NOW));
	assert_false(add(REPLAY_MAX, "e", NOW + 1));
	for (unsigned i = 0; i < REPLAY_MAX; i++)
		assert_non_null(replay_find(&replay, digest(i)));
	assert_null(replay_find(&replay, digest(REPLAY_MAX)));
}

static void
test_share(void **state)
{
	(void)state;
	for (unsigned i = 0; i < REPLAY_SHARE; i++)
		assert_true(add(i, "alice", NOW + 1));
	assert_false(replay_room(&replay, "alice", NOW));
	assert_false(add(REPLAY_SHARE, "alice", NOW + 1));
	assert_true(replay_room(&replay, "bob", NOW));
	assert_true(add(REPLAY_SHARE, "bob", NOW + 1));
}

static void
test_leaves_at_its_end(void **state)
{
	(void)state;
	assert_true(add(1, "alice", NOW));
	assert_true(add(2, "alice", NOW + 1));
	replay_expire(&replay, NOW - 1);
	assert_non_null(replay_find(&replay, digest(1)));
	assert_int_equal(replay.floor, 0);
	replay_expire(&replay, NOW);
	assert_null(replay_find(&replay, digest(1)));
	assert_non_null(replay_find(&replay, digest(2)));
	assert_int_equal(replay.floor, NOW);
	assert_int_equal(replay_owned(&replay, "alice"), 1);
	replay_expire(&replay, NOW + 5);
	assert_int_equal(replay.floor, NOW + 1);
	assert_int_equal(replay_owned(&replay, "alice"), 0);
	assert_int_equal(replay.used, 0);
	/* A clock that went back does not lower it. */
	assert_true(add(3, "bob", NOW - 10));
	replay_expire(&replay, NOW);
	assert_int_equal(replay.floor, NOW + 1);
}

static void
test_running_stays(void **state)
{
	(void)state;
	assert_true(
	    replay_add(&replay, digest(1), "alice", NOW, REPLAY_RUNNING));
	replay_expire(&replay, NOW + 1000);
	assert_non_null(replay_find(&replay, digest(1)));
	assert_int_equal(replay.floor, 0);
	replay_mark(&replay, digest(1), REPLAY_COMPLETE);
	replay_expire(&replay, NOW + 1000);
	assert_null(replay_find(&replay, digest(1)));
}

/* What is over makes room, but is not searched for all the time. */
static void
test_room_by_sweeping(void **state)
{
	(void)state;
	for (unsigned i = 0; i < REPLAY_SHARE; i++)
		assert_true(add(i, "alice", NOW + (i % 2 ? 100 : 2000)));
	assert_false(replay_room(&replay, "alice", NOW));
	assert_false(replay_room(&replay, "alice", NOW + REPLAY_SWEEP_MS - 1));
	assert_true(replay_room(&replay, "alice", NOW + REPLAY_SWEEP_MS));
	assert_int_equal(replay_owned(&replay, "alice"), REPLAY_SHARE / 2);
	for (unsigned i = 0; i < REPLAY_SHARE; i += 2)
		assert_non_null(replay_find(&replay, digest(i)));
	/* It is known that those of the others are not known any more. */
	assert_int_equal(replay.early, NOW + 100);
}

static void
test_nothing_early_in_time(void **state)
{
	(void)state;
	assert_true(add(1, "alice", NOW - REPLAY_LATE_MS));
	replay_expire(&replay, NOW - REPLAY_LATE_MS);
	assert_int_equal(replay.used, 0);
	assert_int_equal(replay.early, 0);
}

static void
test_small_again(void **state)
{
	uint32_t size = replay.size;

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		assert_true(add(i, "alice", NOW));
	assert_true(replay.size >= 2000);
	replay_expire(&replay, NOW);
	assert_int_equal(replay.size, size);
}

static void
test_owners_come_and_go(void **state)
{
	char name[16];

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "op%u", i);
		assert_true(add(i, name, NOW + i));
		replay_expire(&replay, NOW + (int64_t)i - 10);
	}
	assert_true(replay.owner_count <= 16);
	for (unsigned i = 91; i < 100; i++) {
		const struct replay_entry *entry =
		    replay_find(&replay, digest(i));

		snprintf(name, sizeof(name), "op%u", i);
		assert_non_null(entry);
		assert_string_equal(replay_owner_name(&replay, entry), name);
	}
}

static void
test_cancel_digest(void **state)
{
	uint8_t alice[32], bob[32];

	(void)state;
	replay_cancel_digest(digest(1), "alice", alice);
	replay_cancel_digest(digest(1), "bob", bob);
	assert_memory_not_equal(alice, bob, 32);
	assert_memory_not_equal(alice, digest(1), 32);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_known, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_share, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_leaves_at_its_end, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_running_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_room_by_sweeping, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_nothing_early_in_time, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_small_again, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_owners_come_and_go, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_cancel_digest, setup, teardown),
	};

	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
