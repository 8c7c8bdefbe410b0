#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "agent/gate/memory.h"
#include "agent/gate/outbox.h"
#include "base/cursor.h"
#include "fixture.h"
#include "privsep/messages.h"

#define HEAD (8 + 1 + 8 + UUID_LEN)

static struct fixture fixture;
static struct gate_outbox outbox;
static struct gate_memory memory;

static int
setup(void **state)
{
	(void)state;
	fixture = (struct fixture){ .loop = loop_new(16) };
	outbox_init(&outbox);
	memory_init(&memory);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	memory_clear(&memory);
	while (outbox.letters > 0)
		outbox_done(&outbox, outbox.next_id - outbox.letters);
	loop_free(fixture.loop);
	return 0;
}

/* A reply of len bytes to request number n. */
static struct letter *
letter(unsigned n, enum letter_kind kind, size_t len)
{
	static uint8_t bytes[ENVELOPE_MAX];
	struct letter *made = letter_new(bytes, len);

	assert_non_null(made);
	memcpy(made->request, &n, sizeof(n));
	memset(made->reply_to, 'r', UUID_LEN);
	made->kind = kind;
	made->via = REPLY_VIA_LIST;
	made->expires = 77;
	return made;
}

static bool
post(unsigned n, enum letter_kind kind, size_t len)
{
	struct letter *one = letter(n, kind, len);
	bool posted = outbox_post(&outbox, one);

	letter_release(one);
	return posted;
}

static void
remember(unsigned n, enum letter_kind kind, size_t len)
{
	struct letter *one = letter(n, kind, len);

	memory_add(&memory, one);
	letter_release(one);
}

/* The id of the next frame at the other end of a link, or -1. */
static int64_t
next_id(int peer)
{
	static uint8_t frame[1 + HEAD + ENVELOPE_MAX];
	struct cursor cursor;
	int64_t id;
	ssize_t n = recv(peer, frame, sizeof(frame), MSG_DONTWAIT);

	if (n < 0)
		return -1;
	cursor_init(&cursor, frame, (size_t)n);
	assert_int_equal(cursor_u8(&cursor), G2N_REPLY);
	id = (int64_t)cursor_u64(&cursor);
	assert_int_equal(cursor_u8(&cursor), REPLY_VIA_LIST);
	assert_int_equal(cursor_u64(&cursor), 77);
	assert_non_null(cursor_bytes(&cursor, UUID_LEN));
	assert_false(cursor.bad);
	return id;
}

static void
test_kept_until_stored(void **state)
{
	struct link *link;
	int peer;

	(void)state;
	assert_true(post(1, LETTER_START, 10));
	link = fixture_link(&fixture, &net_to_gate, &gate_to_net, &peer);
	outbox_attach(&outbox, link);
	assert_int_equal(next_id(peer), 0);
	assert_true(post(1, LETTER_FINAL, 20));
	assert_int_equal(next_id(peer), 1);
	assert_int_equal(next_id(peer), -1);
	assert_int_equal(outbox.letters, 2);
	assert_int_equal(outbox.bytes, 30);
	outbox_done(&outbox, 0);
	outbox_done(&outbox, 0);  /* said twice */
	outbox_done(&outbox, 99); /* never sent */
	assert_int_equal(outbox.letters, 1);
	outbox_attach(&outbox, NULL);
	link_close(link);
	close(peer);
	/* A fresh net gets what is left, under the same id. */
	link = fixture_link(&fixture, &net_to_gate, &gate_to_net, &peer);
	outbox_attach(&outbox, link);
	assert_int_equal(next_id(peer), 1);
	assert_int_equal(next_id(peer), -1);
	outbox_done(&outbox, 1);
	assert_int_equal(outbox.letters, 0);
	assert_int_equal(outbox.bytes, 0);
	outbox_attach(&outbox, NULL);
	link_close(link);
	close(peer);
}

/* Reported as stored before the link even took it: nothing is left over. */
static void
test_done_while_unsent(void **state)
{
	(void)state;
	assert_true(post(1, LETTER_FINAL, 10));
	assert_true(post(2, LETTER_FINAL, 10));
	outbox_done(&outbox, 0);
	assert_int_equal(outbox.letters, 1);
	assert_non_null(outbox.unsent);
	outbox_done(&outbox, 1);
	assert_null(outbox.unsent);
}

static void
test_bound_of_letters(void **state)
{
	(void)state;
	for (unsigned i = 0; i < OUTBOX_LETTERS; i++) {
		assert_false(outbox_full(&outbox));
		assert_true(post(i, LETTER_PIECE, 1));
	}
	assert_true(outbox_full(&outbox));
	assert_false(post(1, LETTER_PIECE, 1));
	assert_true(post(1, LETTER_FINAL, 1));
	assert_int_equal(outbox.letters, OUTBOX_LETTERS + 1);
	outbox_done(&outbox, 0);
	assert_true(outbox_full(&outbox));
	outbox_done(&outbox, 1);
	assert_false(outbox_full(&outbox));
	assert_true(post(1, LETTER_PIECE, 1));
}

static void
test_bound_of_bytes(void **state)
{
	size_t len = 32768;

	(void)state;
	for (unsigned i = 0; i < OUTBOX_BYTES / len; i++)
		assert_true(post(i, LETTER_PIECE, len));
	assert_false(post(1, LETTER_PIECE, 1));
	assert_true(post(1, LETTER_FINAL, ENVELOPE_MAX));
	assert_true(outbox_full(&outbox));
}

static void
test_sent_again(void **state)
{
	uint8_t request[ENVELOPE_DIGEST_SIZE] = { 1 };
	int64_t now = 5;

	(void)state;
	remember(1, LETTER_START, 10);
	remember(1, LETTER_FINAL, 20);
	remember(2, LETTER_FINAL, 30);
	assert_int_equal(memory_resend(&memory, request, now, &outbox), 2);
	assert_int_equal(outbox.bytes, 30);
	assert_int_equal(
	    memory_resend(&memory, request, now + 9999, &outbox), 0);
	assert_int_equal(
	    memory_resend(&memory, request, now + 10000, &outbox), 2);
	request[0] = 3;
	assert_int_equal(memory_resend(&memory, request, now, &outbox), 0);
}

static void
test_final_reply(void **state)
{
	uint8_t request[ENVELOPE_DIGEST_SIZE] = { 1 };

	(void)state;
	assert_null(memory_final(&memory, request));
	remember(1, LETTER_START, 10);
	assert_null(memory_final(&memory, request));
	remember(1, LETTER_PIECE, 20);
	remember(1, LETTER_FINAL, 30);
	assert_int_equal(memory_final(&memory, request)->len, 30);
}

static bool
remembered(unsigned n)
{
	uint8_t request[ENVELOPE_DIGEST_SIZE] = { 0 };

	memcpy(request, &n, sizeof(n));
	return memory_final(&memory, request) != NULL;
}

static void
test_memory_of_letters(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MEMORY_LETTERS; i++)
		remember(i, LETTER_FINAL, 1);
	assert_true(remembered(0));
	remember(MEMORY_LETTERS, LETTER_FINAL, 1);
	assert_false(remembered(0));
	assert_true(remembered(1));
	assert_int_equal(memory.letters, MEMORY_LETTERS);
}

static void
test_memory_of_bytes(void **state)
{
	size_t len = 65536;
	unsigned n = MEMORY_BYTES / 65536;

	(void)state;
	for (unsigned i = 0; i < n; i++)
		remember(i, LETTER_FINAL, len);
	assert_int_equal(memory.bytes, MEMORY_BYTES);
	assert_true(remembered(0));
	remember(n, LETTER_FINAL, 1);
	assert_false(remembered(0));
	assert_int_equal(memory.bytes, MEMORY_BYTES - len + 1);
}

/* One request alone over the bound loses pieces, never its two words. */
static void
test_memory_of_one(void **state)
{
	uint8_t request[ENVELOPE_DIGEST_SIZE] = { 7 };

	(void)state;
	remember(7, LETTER_START, 1);
	for (unsigned i = 0; i < MEMORY_LETTERS + 10; i++)
		remember(7, LETTER_PIECE, 1);
	remember(7, LETTER_FINAL, 1);
	assert_int_equal(memory.letters, MEMORY_LETTERS);
	assert_non_null(memory_final(&memory, request));
	assert_int_equal(
	    memory_resend(&memory, request, 0, &outbox), MEMORY_LETTERS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_kept_until_stored, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_done_while_unsent, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_bound_of_letters, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_bound_of_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_sent_again, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_final_reply, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_memory_of_letters, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_memory_of_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_memory_of_one, setup, teardown),
	};

	return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
