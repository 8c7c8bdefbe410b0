/* Who has to answer: by name, by facts, by what is not known. */
#include "check.h"

#include "cast.h"
#include "ctl/expected.h"

#define AT 1763800000000 /* when the hellos were said */

/* a has n=1 in group web, b has n=2 in none; of c nothing is known. */
static void
fill(const struct cast *cast, struct hellos *hellos)
{
	static const char *const facts[] = {
		"{\"n\":1,\"groups\":[\"web\",3]}",
		"{\"n\":2,\"groups\":[]}",
	};

	hellos_init(hellos, cast->known, NULL, CAST_FLEET);
	for (unsigned i = 0; i < 2; i++) {
		size_t len;
		uint8_t *bytes = cast_hello(cast, i, i, AT, facts[i], &len);

		hellos_take(hellos, i, bytes, len);
		free(bytes);
	}
}

static void
test_sets(void **state)
{
	static const struct {
		const char *match;
		bool by_name, expected[3];
	} rows[] = {
		{ "{\"all\":true}", true, { true, true, true } },
		{ "{\"hosts\":[\"b.example.com\"]}", true,
		    { false, true, false } },
		{ "{\"node_facts\":{\"hostname\":\"[ac]*\"}}", true,
		    { true, false, true } },
		{ "{\"node_facts\":{\"n\":\"1\"}}", false,
		    { true, false, true } },
		{ "{\"node_facts\":{\"n\":\"1\",\"hostname\":\"[ab]*\"}}",
		    false, { true, false, false } },
		{ "{\"where\":{\"fact\":\"n\",\"op\":\"ge\",\"value\":2}}",
		    false, { false, true, true } },
		{ "{\"groups\":[\"web\"]}", false, { true, false, true } },
		{ "{\"groups\":[\"db\"]}", false, { false, false, true } },
		{ "{\"node_facts\":{\"fleet\":\"paris*\"}}", false,
		    { true, true, true } },
	};
	struct hellos hellos;
	struct cast cast;

	(void)state;
	cast_init(&cast);
	fill(&cast, &hellos);
	for (int i = 0; i < COUNT(rows); i++) {
		json_t *match = json_loads(rows[i].match, 0, NULL);
		struct verdicts v;

		verdicts_init(&v, cast.known);
		expected_compute(match, CAST_FLEET,
		    rows[i].by_name ? NULL : &hellos, AT, &v);
		for (int host = 0; host < 3; host++)
			assert_int_equal(
			    v.hosts[host].expected, rows[i].expected[host]);
		verdicts_clear(&v);
		json_decref(match);
	}
	hellos_clear(&hellos);
	cast_clear(&cast);
}

static bool
expects_a(struct cast *cast, const char *facts, const char *text, int64_t now)
{
	json_t *match = json_loads(text, 0, NULL);
	struct hellos hellos;
	struct verdicts v;
	uint8_t *bytes;
	size_t len;
	bool expected;

	hellos_init(&hellos, cast->known, NULL, CAST_FLEET);
	bytes = cast_hello(cast, 0, 0, AT, facts, &len);
	hellos_take(&hellos, 0, bytes, len);
	free(bytes);
	verdicts_init(&v, cast->known);
	expected_compute(match, CAST_FLEET, &hellos, now, &v);
	expected = v.hosts[0].expected;
	verdicts_clear(&v);
	hellos_clear(&hellos);
	json_decref(match);
	return expected;
}

/* Redis can hold back a newer hello: an old one leaves nobody out. */
static void
test_old_hello(void **state)
{
	const char *other = "{\"node_facts\":{\"n\":\"2\"}}";
	const char *named =
	    "{\"node_facts\":{\"n\":\"2\",\"hostname\":\"b*\"}}";
	const int64_t telling = HELLO_EXPIRY_MS + 30000;
	struct cast cast;

	(void)state;
	cast_init(&cast);
	assert_false(expects_a(&cast, "{\"n\":1}", other, AT));
	assert_false(expects_a(&cast, "{\"n\":1}", other, AT + telling - 1));
	assert_true(expects_a(&cast, "{\"n\":1}", other, AT + telling));
	assert_false(expects_a(&cast, "{\"n\":1}", named, AT + telling));
	cast_clear(&cast);
}

/* What a hello had no room for may be what is asked for. */
static void
test_left_out(void **state)
{
	const char *other = "{\"node_facts\":{\"n\":\"2\"}}";
	struct cast cast;

	(void)state;
	cast_init(&cast);
	assert_true(
	    expects_a(&cast, "{\"m\":1,\"facts_left_out\":true}", other, AT));
	assert_false(expects_a(&cast, "{\"m\":1}", other, AT));
	cast_clear(&cast);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_old_hello),
		cmocka_unit_test(test_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
