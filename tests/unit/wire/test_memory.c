/*
 * Out of memory from every single allocation of jansson's on: said by status
 * or NULL, nothing leaked, nothing half done; and the end of the process
 * where the parser is refused once. The sanitizers look on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "wire/hello.h"
#include "wire/json.h"
#include "wire/match.h"
#include "wire/reply.h"
#include "wire/request.h"

#define ALLOCATIONS_MAX 2000

static const char request_text[] =
    "{\"version\":1,\"fleet\":\"paris-3f9c21aa\","
    "\"reply_to\":\"51665ac9-bab5-4995-aa80-09bc79cfb2bd\","
    "\"operator\":\"alice@example.com\",\"signatures\":1,"
    "\"issued\":1763800000123,\"expires\":1763800060123,"
    "\"match\":{\"all\":true},\"command\":{\"provider\":\"uptime\","
    "\"args\":{\"a\":[1,\"b\"]}},\"seal_to\":"
    "\"CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}";

#define REPLY                                                                  \
	"{\"version\":1,\"in_reply_to\":"                                      \
	"\"51665ac9-bab5-4995-aa80-09bc79cfb2bd\",\"request\":"                \
	"\"AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\","                    \
	"\"hostname\":\"www01\",\"boot\":\"CQgHAAAAAAAAAAAAAAAAAA==\","        \
	"\"seq\":1,\"at\":5,"
#define UUID "\"uuid\":\"5b4197bd-a537-4cc7-972f-d08ea5760feb\","

static const char complete_text[] = REPLY UUID
    "\"status\":\"complete\",\"ended\":\"exit\",\"output\":{\"load\":0.5},"
    "\"signal\":9,\"cancelled_by\":\"alice\",\"truncated\":true,"
    "\"output_lost\":true,\"chunks\":{\"stdout\":{\"count\":3,\"sha256\":"
    "\"AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"},\"stderr\":"
    "{\"count\":0,\"sha256\":"
    "\"AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}},"
    "\"usage\":{\"wall_ms\":1,\"user_ms\":2,\"system_ms\":3,"
    "\"max_rss_kib\":4}}";
static const char noop_text[] =
    REPLY "\"status\":\"noop\",\"reason\":\"busy\",\"detail\":\"\"}";
static const char piece_text[] = REPLY UUID
    "\"status\":\"output\",\"stream\":\"stdout\",\"data64\":\"AAH/\"}";
static const char hello_text[] =
    "{\"version\":1,\"fleet\":\"paris-3f9c21aa\",\"hostname\":\"www01\","
    "\"boot\":\"CQgHAAAAAAAAAAAAAAAAAA==\",\"at\":5,\"trust\":0,"
    "\"agent\":\"amiral\",\"signatures\":2,\"facts\":{\"load\":0.5},"
    "\"serial\":7,\"certificate\":\"AAECAw==\"}";

static struct {
	unsigned left; /* allocations that succeed */
	bool limited;
} memory;

static void *
memory_take(size_t size)
{
	if (memory.limited && memory.left-- == 0) {
		memory.left = 0;
		return NULL;
	}
	return malloc(size);
}

/* jansson cannot always tell one from the other. */
static void
assert_memory_status(enum status status)
{
	assert_true(status == STATUS_MEMORY || status == STATUS_JSON);
}

/* One run: true if it succeeded. */
typedef bool run_fn(const char *text);

static bool
run_request(const char *text)
{
	struct request request;
	enum status status =
	    request_parse((const uint8_t *)text, strlen(text), &request);
	size_t len;
	char *built;

	if (status != STATUS_OK) {
		assert_memory_status(status);
		return false;
	}
	built = request_build(&request, &len);
	request_clear(&request);
	free(built);
	return built != NULL;
}

static bool
run_reply(const char *text)
{
	struct reply reply;
	enum status status =
	    reply_open((const uint8_t *)text, strlen(text), NULL, &reply);
	size_t len;
	char *built;

	if (status != STATUS_OK) {
		assert_memory_status(status);
		return false;
	}
	built = reply_build(&reply, &len);
	reply_clear(&reply);
	free(built);
	return built != NULL;
}

static bool
run_sealed(const char *text)
{
	const uint8_t seed[crypto_box_SEEDBYTES] = { 1 };
	struct reply reply = { .in_reply_to =
				   "51665ac9-bab5-4995-aa80-09bc79cfb2bd",
		.hostname = "www01",
		.seq = 1 };
	struct seal_pair pair;
	enum status status;
	size_t len;
	char *sealed;

	crypto_box_seed_keypair(pair.public_key, pair.secret_key, seed);
	sealed = reply_seal(&reply, pair.public_key, text, strlen(text), &len);
	if (sealed == NULL)
		return false;
	status = reply_open((const uint8_t *)sealed, len, &pair, &reply);
	free(sealed);
	if (status != STATUS_OK)
		assert_memory_status(status);
	else
		reply_clear(&reply);
	return status == STATUS_OK;
}

static bool
run_hello(const char *text)
{
	struct hello hello;
	enum status status =
	    hello_parse((const uint8_t *)text, strlen(text), &hello);
	size_t len;
	char *built;

	if (status != STATUS_OK) {
		assert_memory_status(status);
		return false;
	}
	built = hello_build(&hello, &len);
	hello_clear(&hello);
	free(built);
	return built != NULL;
}

static void
check_run(run_fn *run, const char *text)
{
	unsigned n = 0;
	bool succeeded = false;

	for (; n < ALLOCATIONS_MAX && !succeeded; n++) {
		memory.left = n;
		memory.limited = true;
		succeeded = run(text);
		memory.limited = false;
	}
	assert_true(succeeded);
	assert_true(n > 20);
}

static void
test_memory(void **state)
{
	(void)state;
	check_run(run_request, request_text);
	check_run(run_reply, complete_text);
	check_run(run_reply, noop_text);
	check_run(run_reply, piece_text);
	check_run(run_sealed, complete_text);
	check_run(run_hello, hello_text);
}

void *__real_malloc(size_t);
void *__wrap_malloc(size_t);

static long fails_at = -1; /* that allocation from now on, once */

void *
__wrap_malloc(size_t size)
{
	return fails_at >= 0 && fails_at-- == 0 ? NULL : __real_malloc(size);
}

/* 0: read with memory to spare; 255: ended; anything else is a crash. */
static int
read_with_refusal(long n)
{
	json_t *root = NULL;
	int status;
	pid_t child = fork();

	assert_int_not_equal(child, -1);
	if (child == 0) {
		close(STDERR_FILENO);
		json_prepare();
		fails_at = n;
		if (json_strict((const uint8_t *)complete_text,
			strlen(complete_text), "", &root) != STATUS_OK)
			_exit(1);
		_exit(fails_at >= 0 ? 0 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* jansson would write beyond its room: the process has to end before. */
static void
test_refused_once(void **state)
{
	long n = 0;
	int status;

	(void)state;
	while ((status = read_with_refusal(n)) == 255)
		n++;
	assert_int_equal(status, 0);
	assert_true(n > 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused_once),
		cmocka_unit_test(test_memory),
	};

	if (sodium_init() < 0)
		return 1;
	json_prepare();
	json_set_alloc_funcs(memory_take, free);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
