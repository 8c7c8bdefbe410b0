/* From TARGETS to match, resolved against the known hosts. */
#include "check.h"

#include <fcntl.h>
#include <unistd.h>

#include "cast.h"
#include "ctl/targets.h"
#include "keys/public.h"
#include "tests/lib/place.h"
#include "wire/request.h"

static char error[CTL_ERROR_MAX];

/* TARGETS as on the command line, up to a NULL. */
static bool
build(const struct cast *cast, struct targets *out, const char *const *words)
{
	char *argv[16] = { (char *)(uintptr_t) "amiral" };
	struct options o;
	int argc = 1;

	while (words[argc - 1] != NULL) {
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
		argc++;
	}
	assert_true(options_read(&o, argc, argv, error));
	return targets_build(&o, cast->known, "known_hosts", out, error);
}

static void
test_matches(void **state)
{
	static const struct {
		const char *words[8], *match;
		bool by_name;
		size_t count;
	} rows[] = {
		{ { NULL }, "{\"all\":true}", true, 3 },
		{ { "-a", NULL }, "{\"all\":true}", true, 3 },
		{ { "-I", "a.example.com", NULL },
		    "{\"hosts\":[\"a.example.com\"]}", true, 1 },
		{ { "-I", "[!a]*,c*", "-Iz*,b*", NULL }, NULL, false, 0 },
		{ { "-I", "c*", "-I", "?.example.com,a.example.com", NULL },
		    "{\"hosts\":[\"a.example.com\",\"b.example.com\","
		    "\"c.example.com\"]}",
		    true, 3 },
		{ { "-I", "z*", NULL }, "{\"hosts\":[]}", true, 0 },
		{ { "-F", "hostname=a*", NULL },
		    "{\"node_facts\":{\"hostname\":\"a*\"}}", true, 1 },
		{ { "-F", "hostname=z*", NULL },
		    "{\"node_facts\":{\"hostname\":\"z*\"}}", true, 0 },
		{ { "-F", "os=x", "-F", "arch=y", NULL },
		    "{\"node_facts\":{\"os\":\"x\",\"arch\":\"y\"}}", false,
		    0 },
		{ { "-F", "os=x", "-F", "os=y", NULL },
		    "{\"node_facts\":{\"os\":\"x\"},\"where\":{\"fact\":"
		    "\"os\",\"op\":\"glob\",\"value\":\"y\"}}",
		    false, 0 },
		{ { "-F", "n>=4", "-S", "a and b", "-S", "c", NULL },
		    "{\"where\":{\"and\":[{\"fact\":\"n\",\"op\":\"ge\","
		    "\"value\":4},{\"and\":[{\"fact\":\"a\",\"op\":\"exists\","
		    "\"value\":true},{\"fact\":\"b\",\"op\":\"exists\","
		    "\"value\":true}]},{\"fact\":\"c\",\"op\":\"exists\","
		    "\"value\":true}]}}",
		    false, 0 },
		{ { "-T", "web", "-T", "db", "-I", "a*", NULL },
		    "{\"hosts\":[\"a.example.com\"],\"groups\":[\"web\","
		    "\"db\"]}",
		    false, 0 },
	};
	struct targets targets;
	struct cast cast;

	(void)state;
	cast_init(&cast);
	for (int i = 0; i < COUNT(rows); i++) {
		bool good = build(&cast, &targets, rows[i].words);
		char *text;

		assert_int_equal(good, rows[i].match != NULL);
		if (!good)
			continue;
		text = json_dumps(targets.match, JSON_COMPACT);
		assert_string_equal(text, rows[i].match);
		assert_int_equal(targets.by_name, rows[i].by_name);
		assert_int_equal(targets.count, rows[i].count);
		free(text);
		targets_clear(&targets);
	}
	cast_clear(&cast);
}

static void
test_refusals(void **state)
{
	static const struct {
		const char *words[5], *says;
	} rows[] = {
		{ { "-I", "web9.example.com", NULL },
		    "host 'web9.example.com' is not in known_hosts" },
		{ { "-I", "A.example.com", NULL }, "lower case" },
		{ { "-I", "a[", NULL }, "--host 'a['" },
		{ { "-a", "-I", "a*", NULL }, "--all means every host" },
		{ { "-F", "x", NULL }, "--fact 'x'" },
		{ { "-F", "x>y", NULL }, "--fact fact x: 'y'" },
		{ { "-S", "a b", NULL }, "--select 'a b': column 3" },
		{ { "--nodes", "/nonexistent", NULL }, "/nonexistent" },
	};
	struct targets targets;
	struct cast cast;

	(void)state;
	cast_init(&cast);
	for (int i = 0; i < COUNT(rows); i++) {
		assert_false(build(&cast, &targets, rows[i].words));
		assert_says(error, rows[i].says);
	}
	cast_clear(&cast);
}

static void
test_nodes_file(void **state)
{
	char path[PLACE_MAX];
	const char *words[] = { "--nodes", path, NULL };
	struct targets targets;
	struct cast cast;
	int fd;

	(void)state;
	place_name(path, "amiral-nodes");
	fd = mkstemp(path);
	cast_init(&cast);
	assert_int_not_equal(fd, -1);
	assert_false(build(&cast, &targets, words));
	assert_says(error, "names nobody");
	assert_int_equal(write(fd, "a.example.com # x\nc*\n", 21), 21);
	assert_true(build(&cast, &targets, words));
	assert_int_equal(targets.count, 2);
	targets_clear(&targets);
	assert_int_equal(ftruncate(fd, TARGETS_FILE_MAX + 1), 0);
	assert_false(build(&cast, &targets, words));
	assert_says(error, "1 MiB");
	close(fd);
	unlink(path);
	cast_clear(&cast);
}

/* A line of known_hosts, with a key of its own. */
static void
put_host(FILE *f, int i)
{
	struct secret_key secret;
	char line[PUBLIC_LINE_MAX];

	assert_int_equal(secret_generate(&secret, ""), 0);
	public_format(&secret.public_key, "", line);
	secret_free(&secret);
	fprintf(f, "h%d %s\n", i, line);
}

/* One name more than a request may have. */
static void
test_most_names(void **state)
{
	const char *words[] = { "-I", "h*", NULL };
	char parse_error[KNOWN_HOSTS_ERROR_MAX], *text = NULL;
	struct targets targets;
	struct cast cast;
	size_t len;
	FILE *f;

	(void)state;
	cast_init(&cast);
	known_hosts_free(cast.known);
	f = open_memstream(&text, &len);
	for (int i = 0; i <= REQUEST_HOSTS_MAX; i++)
		put_host(f, i);
	assert_int_equal(fclose(f), 0);
	cast.known = known_hosts_parse("k", text, len, parse_error);
	free(text);
	if (cast.known == NULL)
		fail_msg("%s", parse_error);
	assert_false(build(&cast, &targets, words));
	assert_says(error, "at most 4096");
	words[1] = "h[1-4096]";
	assert_true(build(&cast, &targets, words));
	assert_int_equal(targets.count, REQUEST_HOSTS_MAX);
	targets_clear(&targets);
	cast_clear(&cast);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_nodes_file),
		cmocka_unit_test(test_most_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
