/* Match: form, truth tables, and what can be said by name alone. */
#include "wire/match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/json.h"

static const char facts_text[] =
    "{\"os\":\"debian\",\"cpus\":4,\"load\":0.5,\"big\":9007199254740993,"
    "\"virtual\":true,\"bare\":false,\"nothing\":null,\"empty\":[],"
    "\"half\":10.0,\"text4\":\"4\","
    "\"disks\":[\"sda\",\"sdb\",3,{\"x\":1}],\"objects\":[{},[]],"
    "\"net\":{\"eth0\":{\"ip\":\"10.0.0.7\"},\"a.b\":1,\"null\":null},"
    "\"dotted.name\":\"whole\",\"dotted\":{\"name\":\"path\"},"
    "\"hostname\":\"liar\",\"fleet\":\"liar\",\"groups\":[\"liars\"],"
    "\"hostname.x\":\"liar\"}";

static char web[] = "web", paris[] = "paris";
static char *const groups[] = { web, paris, NULL };
static char *const no_groups[] = { NULL };

struct truth {
	const char *match;
	bool expected;
};

static json_t *
load(const char *text)
{
	json_t *node = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	if (node == NULL)
		fail_msg("no JSON: %s", text);
	return node;
}

static bool
holds(const char *text, const struct match_host *host)
{
	json_t *match = load(text);
	bool result;

	if (match_check(match) != STATUS_OK)
		fail_msg("ill-formed: %s", text);
	result = match_test(match, host);
	/* What holds with facts must be possible without them. */
	if (result && !match_possible(match, host->hostname))
		fail_msg("holds, but not possible: %s", text);
	json_decref(match);
	return result;
}

static void
truths_check(const struct truth *rows, size_t n)
{
	json_t *facts = load(facts_text);
	const struct match_host host = {
		.hostname = "www01.example.com",
		.fleet = "paris-3f9c21aa",
		.groups = groups,
		.facts = facts,
	};

	for (size_t i = 0; i < n; i++)
		if (holds(rows[i].match, &host) != rows[i].expected)
			fail_msg("%s is %d", rows[i].match, !rows[i].expected);
	json_decref(facts);
}

#define TRUTHS(rows) truths_check(rows, sizeof(rows) / sizeof((rows)[0]))

static void
test_keys(void **state)
{
	static const struct truth rows[] = {
		{ "{\"all\":true}", true },
		{ "{\"all\":false,\"hosts\":[\"www01.example.com\"]}", true },
		{ "{\"all\":false,\"hosts\":[\"www02.example.com\"]}", false },
		{ "{\"hosts\":[\"a\",\"www01.example.com\"]}", true },
		{ "{\"hosts\":[\"www01.example\",\"example.com\"]}", false },
		{ "{\"groups\":[\"web\"]}", true },
		{ "{\"groups\":[\"x\",\"paris\"]}", true },
		{ "{\"groups\":[\"we\",\"liars\",\"web*\"]}", false },
		{ "{\"node_facts\":{\"hostname\":\"www*\"}}", true },
		{ "{\"node_facts\":{\"hostname\":\"liar\"}}", false },
		{ "{\"node_facts\":{\"fleet\":\"paris-*\"}}", true },
		{ "{\"node_facts\":{\"groups\":\"w?b\"}}", true },
		{ "{\"node_facts\":{\"groups\":\"liars\"}}", false },
		{ "{\"node_facts\":{\"hostname.x\":\"liar\"}}", false },
		/* All keys must hold. */
		{ "{\"all\":true,\"groups\":[\"db\"]}", false },
		{ "{\"all\":true,\"groups\":[\"web\"]}", true },
		{ "{\"groups\":[\"web\"],\"node_facts\":{\"os\":\"deb*\"}}",
		    true },
		{ "{\"groups\":[\"web\"],\"node_facts\":{\"os\":\"red*\"}}",
		    false },
		{ "{\"hosts\":[\"www01.example.com\"],"
		  "\"where\":{\"fact\":\"cpus\",\"op\":\"gt\",\"value\":4}}",
		    false },
	};

	(void)state;
	TRUTHS(rows);
}

static void
test_node_facts(void **state)
{
	static const struct truth rows[] = {
		{ "{\"node_facts\":{\"os\":\"debian\"}}", true },
		{ "{\"node_facts\":{\"os\":\"Debian\"}}", false },
		{ "{\"node_facts\":{\"os\":[\"x\",\"[c-e]eb*n\"]}}", true },
		{ "{\"node_facts\":{\"os\":[\"x\",\"y\"]}}", false },
		{ "{\"node_facts\":{\"os\":\"*\",\"cpus\":\"4\"}}", true },
		{ "{\"node_facts\":{\"os\":\"*\",\"cpus\":\"5\"}}", false },
		{ "{\"node_facts\":{\"load\":\"0.5\"}}", true },
		{ "{\"node_facts\":{\"half\":\"10.0\"}}", true },
		{ "{\"node_facts\":{\"virtual\":\"true\"}}", true },
		{ "{\"node_facts\":{\"bare\":\"f*\"}}", true },
		{ "{\"node_facts\":{\"disks\":\"sdb\"}}", true },
		{ "{\"node_facts\":{\"disks\":\"3\"}}", true },
		{ "{\"node_facts\":{\"disks\":\"sdc\"}}", false },
		{ "{\"node_facts\":{\"empty\":\"*\"}}", false },
		{ "{\"node_facts\":{\"absent\":\"*\"}}", false },
		{ "{\"node_facts\":{\"nothing\":\"*\"}}", false },
		{ "{\"node_facts\":{\"net\":\"*\"}}", false },
		{ "{\"node_facts\":{\"net.eth0.ip\":\"10.*\"}}", true },
		{ "{\"node_facts\":{\"net.eth0.mac\":\"*\"}}", false },
		{ "{\"node_facts\":{\"net.eth0.ip.x\":\"*\"}}", false },
		{ "{\"node_facts\":{\"net.a.b\":\"1\"}}", true },
		{ "{\"node_facts\":{\"dotted.name\":\"whole\"}}", true },
		{ "{\"node_facts\":{\"dotted.name\":\"path\"}}", false },
	};

	(void)state;
	TRUTHS(rows);
}

#define LEAF(fact, op, value)                                                  \
	"{\"where\":{\"fact\":\"" fact "\",\"op\":\"" op "\",\"value\":" value \
	"}}"

static void
test_operations(void **state)
{
	static const struct truth rows[] = {
		{ LEAF("cpus", "eq", "4"), true },
		{ LEAF("cpus", "eq", "5"), false },
		{ LEAF("cpus", "ne", "5"), true },
		{ LEAF("cpus", "ne", "4"), false },
		{ LEAF("cpus", "lt", "5"), true },
		{ LEAF("cpus", "lt", "4"), false },
		{ LEAF("cpus", "le", "4"), true },
		{ LEAF("cpus", "le", "3"), false },
		{ LEAF("cpus", "gt", "3"), true },
		{ LEAF("cpus", "gt", "4"), false },
		{ LEAF("cpus", "ge", "4"), true },
		{ LEAF("cpus", "ge", "5"), false },
		{ LEAF("load", "lt", "1"), true },
		{ LEAF("load", "gt", "0"), true },
		{ LEAF("half", "eq", "10"), true },
		{ LEAF("big", "eq", "9007199254740993"), true },
		{ LEAF("big", "eq", "9007199254740992"), false },
		{ LEAF("big", "gt", "9007199254740992"), true },
		{ LEAF("os", "eq", "\"debian\""), true },
		{ LEAF("os", "eq", "\"debia\""), false },
		{ LEAF("os", "eq", "\"d*\""), false },
		{ LEAF("os", "ne", "\"redhat\""), true },
		{ LEAF("os", "glob", "\"d*\""), true },
		{ LEAF("os", "glob", "\"x*\""), false },
		{ LEAF("virtual", "eq", "true"), true },
		{ LEAF("virtual", "eq", "false"), false },
		{ LEAF("virtual", "ne", "false"), true },
		/* Text against numbers and booleans: their JSON text. */
		{ LEAF("cpus", "eq", "\"4\""), true },
		{ LEAF("cpus", "ne", "\"4\""), false },
		{ LEAF("virtual", "eq", "\"true\""), true },
		/* Numbers and booleans against other types: missing. */
		{ LEAF("text4", "eq", "4"), false },
		{ LEAF("text4", "ne", "5"), false },
		{ LEAF("text4", "lt", "5"), false },
		{ LEAF("os", "ne", "true"), false },
		{ LEAF("net", "eq", "\"x\""), false },
		{ LEAF("net", "ne", "\"x\""), false },
		{ LEAF("objects", "ne", "\"x\""), false },
		/* Lists: any element; ne: none equal. */
		{ LEAF("disks", "eq", "\"sda\""), true },
		{ LEAF("disks", "ne", "\"sda\""), false },
		{ LEAF("disks", "ne", "\"sdz\""), true },
		{ LEAF("disks", "ge", "3"), true },
		{ LEAF("disks", "ge", "4"), false },
		{ LEAF("empty", "eq", "\"\""), false },
		{ LEAF("empty", "ne", "\"x\""), true },
		{ LEAF("groups", "eq", "\"web\""), true },
		{ LEAF("groups", "glob", "\"par*\""), true },
		{ LEAF("groups", "ne", "\"db\""), true },
		{ LEAF("hostname", "eq", "\"www01.example.com\""), true },
		{ LEAF("hostname", "eq", "\"liar\""), false },
		{ LEAF("fleet", "eq", "\"liar\""), false },
		/* No fact: nothing but exists holds. */
		{ LEAF("absent", "eq", "\"x\""), false },
		{ LEAF("absent", "ne", "\"x\""), false },
		{ LEAF("nothing", "ne", "\"x\""), false },
		{ LEAF("cpus", "exists", "true"), true },
		{ LEAF("cpus", "exists", "false"), false },
		{ LEAF("absent", "exists", "true"), false },
		{ LEAF("absent", "exists", "false"), true },
		{ LEAF("nothing", "exists", "true"), false },
		{ LEAF("net.null", "exists", "true"), false },
		{ LEAF("empty", "exists", "true"), true },
		{ LEAF("net", "exists", "true"), true },
		{ LEAF("hostname.x", "exists", "true"), false },
		{ LEAF("groups.x", "exists", "true"), false },
		{ "{\"where\":{\"fact\":\"cpus\",\"op\":\"exists\"}}", true },
	};

	(void)state;
	TRUTHS(rows);
}

/* T holds, F does not, M misses its fact, E is "exists" of no fact. */
#define T           "{\"fact\":\"cpus\",\"op\":\"eq\",\"value\":4}"
#define F           "{\"fact\":\"cpus\",\"op\":\"eq\",\"value\":5}"
#define M           "{\"fact\":\"absent\",\"op\":\"eq\",\"value\":5}"
#define E           "{\"fact\":\"absent\",\"op\":\"exists\"}"
#define WHERE(tree) "{\"where\":" tree "}"
#define NOT(tree)   "{\"not\":" tree "}"
#define AND(...)    "{\"and\":[" __VA_ARGS__ "]}"
#define OR(...)     "{\"or\":[" __VA_ARGS__ "]}"

static void
test_tree(void **state)
{
	static const struct truth rows[] = {
		{ WHERE(T), true },
		{ WHERE(F), false },
		{ WHERE(M), false },
		{ WHERE(E), false },
		{ WHERE(NOT(T)), false },
		{ WHERE(NOT(F)), true },
		{ WHERE(NOT(M)), false },
		{ WHERE(NOT(E)), true },
		{ WHERE(NOT(NOT(T))), true },
		{ WHERE(NOT(NOT(F))), false },
		{ WHERE(NOT(NOT(M))), true },
		{ WHERE(AND(T)), true },
		{ WHERE(AND(T "," T)), true },
		{ WHERE(AND(T "," F)), false },
		{ WHERE(AND(T "," M)), false },
		{ WHERE(AND(F "," M)), false },
		{ WHERE(OR(F)), false },
		{ WHERE(OR(F "," T)), true },
		{ WHERE(OR(F "," F)), false },
		{ WHERE(OR(M "," T)), true },
		{ WHERE(OR(T "," M)), true },
		{ WHERE(OR(M "," F)), false },
		/* The missing fact reaches the innermost not, and no further.
		 */
		{ WHERE(NOT(AND(F "," M))), false },
		{ WHERE(NOT(AND(M "," F))), false },
		{ WHERE(NOT(AND(T "," F))), true },
		{ WHERE(NOT(AND(F "," E))), true },
		{ WHERE(NOT(OR(F "," M))), false },
		{ WHERE(NOT(OR(T "," M))), false },
		{ WHERE(NOT(OR(F "," F))), true },
		{ WHERE(NOT(OR(F "," AND(F "," OR(F "," M))))), false },
		{ WHERE(NOT(AND(F "," NOT(M)))), true },
		{ WHERE(NOT(OR(F "," NOT(M)))), true },
		{ WHERE(NOT(OR(M "," NOT(M)))), false },
		{ WHERE(OR(NOT(M) "," T)), true },
		{ WHERE(OR(NOT(M) "," F)), false },
		{ WHERE(AND(NOT(F) "," NOT(AND(F "," T)))), true },
	};

	(void)state;
	TRUTHS(rows);
}

/* A host without groups is outside of every group; facts unknown: missing. */
static void
test_bare_host(void **state)
{
	static const struct match_host hosts[] = {
		{ "a", "paris-3f9c21aa", no_groups, NULL },
		{ "a", "paris-3f9c21aa", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct match_host *host = &hosts[i];

		assert_true(holds(LEAF("groups", "ne", "\"web\""), host));
		assert_true(holds("{\"where\":{\"not\":{\"fact\":\"groups\","
				  "\"op\":\"eq\",\"value\":\"web\"}}}",
		    host));
		assert_false(holds("{\"groups\":[\"web\"]}", host));
		assert_false(holds(LEAF("cpus", "ne", "1"), host));
		assert_true(holds(LEAF("cpus", "exists", "false"), host));
		assert_true(holds("{\"hosts\":[\"a\"]}", host));
	}
}

static void
test_form(void **state)
{
	static const char *const refused[] = {
		"{}",
		"{\"all\":false}",
		"{\"all\":1}",
		"{\"all\":null}",
		"{\"all\":true,\"any\":true}",
		"{\"All\":true}",
		"{\"hosts\":[]}",
		"{\"hosts\":[],\"all\":true}",
		"{\"hosts\":\"a\"}",
		"{\"hosts\":[\"A\"]}",
		"{\"hosts\":[\"a*\"]}",
		"{\"hosts\":[\"\"]}",
		"{\"hosts\":[1]}",
		"{\"hosts\":{\"a\":1}}",
		"{\"groups\":[]}",
		"{\"groups\":[\"\"]}",
		"{\"groups\":\"web\"}",
		"{\"groups\":[null]}",
		"{\"node_facts\":{}}",
		"{\"all\":true,\"node_facts\":{}}",
		"{\"node_facts\":[]}",
		"{\"node_facts\":\"x\"}",
		"{\"node_facts\":{\"os\":[]}}",
		"{\"node_facts\":{\"os\":\"\"}}",
		"{\"node_facts\":{\"os\":\"[a\"}}",
		"{\"node_facts\":{\"os\":\"a\\\\\"}}",
		"{\"node_facts\":{\"os\":1}}",
		"{\"node_facts\":{\"os\":[\"a\",1]}}",
		"{\"node_facts\":{\"os\":[[\"a\"]]}}",
		"{\"node_facts\":{\"os\":{}}}",
		"{\"node_facts\":{\"\":\"a\"}}",
		"{\"node_facts\":{\".a\":\"a\"}}",
		"{\"node_facts\":{\"a.\":\"a\"}}",
		"{\"node_facts\":{\"a..b\":\"a\"}}",
		WHERE("{}"),
		WHERE("[]"),
		WHERE("\"x\""),
		WHERE("null"),
		WHERE("{\"and\":[]}"),
		WHERE("{\"or\":[]}"),
		WHERE("{\"and\":" T "}"),
		WHERE("{\"not\":[" T "]}"),
		WHERE("{\"not\":{}}"),
		WHERE("{\"and\":[{}]}"),
		WHERE("{\"xor\":[" T "]}"),
		WHERE("{\"and\":[" T "],\"or\":[" T "]}"),
		WHERE("{\"and\":[" T "],\"x\":1}"),
		WHERE("{\"fact\":\"a\"}"),
		WHERE("{\"fact\":\"a\",\"op\":\"eq\"}"),
		WHERE("{\"op\":\"eq\",\"value\":1}"),
		WHERE("{\"fact\":\"a\",\"value\":1}"),
		WHERE("{\"fact\":\"a\",\"op\":\"eq\",\"value\":1,\"x\":1}"),
		WHERE("{\"fact\":1,\"op\":\"eq\",\"value\":1}"),
		WHERE("{\"fact\":\"a\",\"op\":1,\"value\":1}"),
		LEAF("", "eq", "1"),
		LEAF("a..b", "eq", "1"),
		LEAF("a", "EQ", "1"),
		LEAF("a", "", "1"),
		LEAF("a", "like", "\"x\""),
		LEAF("a", "eq", "null"),
		LEAF("a", "eq", "[]"),
		LEAF("a", "eq", "[1]"),
		LEAF("a", "eq", "{}"),
		LEAF("a", "eq", "1.5"),
		LEAF("a", "lt", "\"5\""),
		LEAF("a", "le", "true"),
		LEAF("a", "gt", "1.5"),
		LEAF("a", "ge", "null"),
		LEAF("a", "glob", "1"),
		LEAF("a", "glob", "\"\""),
		LEAF("a", "glob", "\"[\""),
		LEAF("a", "exists", "1"),
		LEAF("a", "exists", "null"),
		LEAF("a", "exists", "\"true\""),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		json_t *match = load(refused[i]);
		const struct match_host host = {
			.hostname = "a", .fleet = "f", .groups = no_groups
		};

		if (match_check(match) != STATUS_MATCH)
			fail_msg("accepted: %s", refused[i]);
		/* Unchecked ones do no harm, and never select by accident. */
		if (json_object_get(match, "all") == NULL)
			assert_false(match_test(match, &host));
		match_possible(match, "a");
		match_by_name(match);
		json_decref(match);
	}
	assert_int_equal(match_check(NULL), STATUS_MATCH);
}

static json_t *
nested_nots(unsigned n)
{
	json_t *tree = load(T);

	while (n-- > 0)
		tree = json_pack("{so}", "not", tree);
	return json_pack("{so}", "where", tree);
}

static json_t *
many_hosts(unsigned n)
{
	json_t *names = json_array();

	for (unsigned i = 0; i < n; i++) {
		char name[16];

		snprintf(name, sizeof(name), "h%u", i);
		json_array_append_new(names, json_string(name));
	}
	return json_pack("{so}", "hosts", names);
}

static void
test_bounds(void **state)
{
	static const struct {
		json_t *(*make)(unsigned);
		unsigned most;
	} rows[] = {
		{ nested_nots, JSON_DEPTH_MAX - 1 },
		{ many_hosts, MATCH_HOSTS_MAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *fits = rows[i].make(rows[i].most);
		json_t *more = rows[i].make(rows[i].most + 1);

		assert_int_equal(match_check(fits), STATUS_OK);
		assert_int_equal(match_check(more), STATUS_MATCH);
		json_decref(fits);
		json_decref(more);
	}
}

static void
test_fact_name_bound(void **state)
{
	char name[257];

	(void)state;
	memset(name, 'a', sizeof(name));
	for (size_t len = 255; len <= 256; len++) {
		json_t *match;

		name[len] = '\0';
		match = json_pack("{s{ss}}", "node_facts", name, "*");
		assert_int_equal(
		    match_check(match), len == 255 ? STATUS_OK : STATUS_MATCH);
		json_decref(match);
		name[len] = 'a';
	}
}

#define H1 "{\"fact\":\"hostname\",\"op\":\"eq\",\"value\":\"a\"}"
#define H2 "{\"fact\":\"hostname\",\"op\":\"eq\",\"value\":\"b\"}"
#define HM "{\"fact\":\"hostname\",\"op\":\"gt\",\"value\":1}"

/* For the host "a": may it match, whatever its facts are? */
static void
test_possible(void **state)
{
	static const struct truth rows[] = {
		{ "{\"all\":true}", true },
		{ "{\"hosts\":[\"a\"]}", true },
		{ "{\"hosts\":[\"b\"]}", false },
		{ "{\"groups\":[\"g\"]}", true },
		{ "{\"groups\":[\"g\"],\"hosts\":[\"b\"]}", false },
		{ "{\"node_facts\":{\"os\":\"x\"}}", true },
		{ "{\"node_facts\":{\"fleet\":\"x\"}}", true },
		{ "{\"node_facts\":{\"hostname\":\"a\",\"os\":\"x\"}}", true },
		{ "{\"node_facts\":{\"hostname\":\"b*\",\"os\":\"x\"}}",
		    false },
		{ "{\"all\":true,\"node_facts\":{\"hostname\":\"b*\"}}",
		    false },
		{ WHERE(T), true },
		{ WHERE(NOT(T)), true },
		{ WHERE(E), true },
		{ WHERE(NOT(E)), true },
		{ WHERE(H1), true },
		{ WHERE(H2), false },
		{ WHERE(NOT(H1)), false },
		{ WHERE(NOT(H2)), true },
		{ WHERE(AND(T "," H2)), false },
		{ WHERE(AND(T "," H1)), true },
		{ WHERE(OR(T "," H2)), true },
		{ WHERE(NOT(OR(T "," H1))), false },
		{ WHERE(NOT(AND(T "," H1))), true },
		/* If T's fact is missing, the inner not is false. */
		{ WHERE(NOT(NOT(AND(T "," H2)))), true },
		{ WHERE(NOT(NOT(AND(E "," H2)))), false },
		{ WHERE(NOT(HM)), false },
		{ WHERE(NOT(NOT(HM))), true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *match = load(rows[i].match);

		assert_int_equal(match_check(match), STATUS_OK);
		if (match_possible(match, "a") != rows[i].expected)
			fail_msg("%s is %d", rows[i].match, !rows[i].expected);
		json_decref(match);
	}
}

static void
test_by_name(void **state)
{
	static const struct truth rows[] = {
		{ "{\"all\":true}", true },
		{ "{\"all\":false,\"hosts\":[\"a\"]}", true },
		{ "{\"node_facts\":{\"hostname\":[\"a\",\"b*\"]}}", true },
		{ "{\"hosts\":[\"a\"],\"node_facts\":{\"hostname\":\"a\"}}",
		    true },
		{ "{\"node_facts\":{\"hostname\":\"a\",\"os\":\"x\"}}", false },
		{ "{\"node_facts\":{\"os\":\"x\"}}", false },
		{ "{\"groups\":[\"g\"]}", false },
		{ "{\"hosts\":[\"a\"],\"groups\":[\"g\"]}", false },
		{ WHERE(H1), false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *match = load(rows[i].match);

		if (match_by_name(match) != rows[i].expected)
			fail_msg("%s is %d", rows[i].match, !rows[i].expected);
		json_decref(match);
	}
}

/*
 * match_possible() against every way the facts may be: each leaf of random
 * trees holds, does not, or is missing. False where one way holds is a bug.
 */
static json_t *
random_tree(unsigned *seed, unsigned depth)
{
	static const char *const leaves[] = {
		"{\"fact\":\"x\",\"op\":\"eq\",\"value\":1}",
		"{\"fact\":\"y\",\"op\":\"eq\",\"value\":1}",
		"{\"fact\":\"x\",\"op\":\"exists\"}", H1, H2, HM
	};
	unsigned pick;

	*seed = *seed * 1103515245U + 12345U;
	pick = (*seed >> 16) % 6;
	if (depth == 0 || pick == 0)
		return load(leaves[(*seed >> 24) % 6]);
	if (pick < 3)
		return json_pack("{so}", "not", random_tree(seed, depth - 1));
	return json_pack("{s[oo]}", pick == 3 ? "and" : "or",
	    random_tree(seed, depth - 1), random_tree(seed, depth - 1));
}

static void
test_possible_is_sound(void **state)
{
	static const char *const values[] = { "", "\"%s\":1", "\"%s\":2" };
	unsigned seed = 7, excluded = 0;

	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		json_t *match =
		    json_pack("{so}", "where", random_tree(&seed, 4));
		bool possible = match_possible(match, "a");

		excluded += !possible;
		for (unsigned i = 0; i < 9 && !possible; i++) {
			json_t *facts = json_object();
			const struct match_host host = {
				.hostname = "a", .fleet = "f", .facts = facts
			};

			if (*values[i / 3] != '\0')
				json_object_set_new(
				    facts, "x", json_integer(i / 3));
			if (*values[i % 3] != '\0')
				json_object_set_new(
				    facts, "y", json_integer(i % 3));
			assert_false(match_test(match, &host));
			json_decref(facts);
		}
		json_decref(match);
	}
	assert_true(excluded > 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_node_facts),
		cmocka_unit_test(test_operations),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_bare_host),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_fact_name_bound),
		cmocka_unit_test(test_possible),
		cmocka_unit_test(test_by_name),
		cmocka_unit_test(test_possible_is_sound),
	};

	json_prepare();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
