/* What a gate had in hand when it ended is refused by those that follow. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "agent/gate/poison.h"
#include "privsep/messages.h"

static struct gate_poison poison;
static int notes;

static int
setup(void **state)
{
	(void)state;
	notes = memfd_create("notes", MFD_CLOEXEC);
	poison_init(&poison);
	return notes == -1 || ftruncate(notes, NOTES_SIZE) == -1;
}

static int
teardown(void **state)
{
	(void)state;
	poison_free(&poison);
	return close(notes);
}

static const uint8_t *
digest(unsigned n)
{
	static uint8_t bytes[ENVELOPE_DIGEST_SIZE];

	memset(bytes, 0xab, sizeof(bytes));
	memcpy(bytes, &n, sizeof(n));
	return bytes;
}

/* The former gate is gone, however; this one gets its notes. */
static void
next_gate(void)
{
	poison_adopt(&poison, dup(notes));
}

static void
test_in_hand_at_the_end(void **state)
{
	(void)state;
	next_gate();
	assert_true(poison_take(&poison, digest(1)));
	next_gate();
	assert_false(poison_take(&poison, digest(1)));
	assert_true(poison_take(&poison, digest(2)));
	poison_done(&poison);
	next_gate();
	assert_false(poison_take(&poison, digest(1)));
	assert_true(poison_take(&poison, digest(2)));
}

/* Not by a call that could tidy up: by what a crash leaves in memory. */
static void
test_a_crash(void **state)
{
	pid_t child;
	int status;

	(void)state;
	next_gate();
	if ((child = fork()) == 0) {
		if (poison_take(&poison, digest(7)))
			raise(SIGKILL);
		_exit(1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	next_gate();
	assert_false(poison_take(&poison, digest(7)));
}

static void
test_done_or_replaced_is_none(void **state)
{
	(void)state;
	next_gate();
	assert_true(poison_take(&poison, digest(1)));
	assert_true(poison_take(&poison, digest(2)));
	poison_done(&poison);
	next_gate();
	assert_true(poison_take(&poison, digest(1)));
	assert_true(poison_take(&poison, digest(2)));
}

static void
test_bound(void **state)
{
	(void)state;
	for (unsigned n = 0; n < POISON_MAX; n++) {
		next_gate();
		assert_true(poison_take(&poison, digest(n)));
	}
	next_gate();
	for (unsigned n = 0; n < POISON_MAX; n++)
		assert_false(poison_take(&poison, digest(n)));
	/* One more: the oldest alone is forgotten. */
	assert_true(poison_take(&poison, digest(POISON_MAX)));
	next_gate();
	for (unsigned n = 1; n <= POISON_MAX; n++)
		assert_false(poison_take(&poison, digest(n)));
	assert_true(poison_take(&poison, digest(0)));
}

/* Whatever a hostile gate wrote there, this one reads within bounds. */
static void
test_hostile_notes(void **state)
{
	uint8_t bytes[NOTES_SIZE];

	(void)state;
	for (unsigned round = 0; round < 64; round++) {
		if (round == 0)
			memset(bytes, 0xff, sizeof(bytes));
		else
			randombytes_buf(bytes, sizeof(bytes));
		assert_int_equal(pwrite(notes, bytes, sizeof(bytes), 0),
		    (ssize_t)sizeof(bytes));
		next_gate();
		assert_true(poison_take(&poison, digest(round)));
		next_gate();
		assert_false(poison_take(&poison, digest(round)));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_in_hand_at_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_crash, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_done_or_replaced_is_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bound, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_hostile_notes, setup, teardown),
	};

	return cmocka_run_group_tests_name("poison", tests, NULL, NULL);
}
