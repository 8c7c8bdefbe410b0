/* base/conf: the grammar, its bounds, every cut and every flipped bit. */
#include "tests/unit/base/cmocka_base.h"

#include <stdio.h>
#include <string.h>

#include "base/conf.h"

static const char sample[] = "# a comment\n"
			     "; another\n"
			     "\n"
			     "  \t\n"
			     "[agent]\n"
			     "fleet = paris-3f9c21aa\n"
			     "groups=web, paris \t\n"
			     "empty =\n"
			     "[provider   up time ]\n"
			     "x = a=b\n";

static int
add(struct conf *conf, const char *text, char *error)
{
	error[0] = '\0';
	return conf_add(conf, "test.conf", text, strlen(text), error);
}

static void
test_sample(void **state)
{
	char error[CONF_ERROR_MAX];
	struct conf conf;
	struct conf_section *s;

	(void)state;
	conf_init(&conf);
	assert_int_equal(add(&conf, sample, error), 0);
	s = conf.sections;
	assert_string_equal(s->kind, "agent");
	assert_string_equal(s->title, "");
	assert_string_equal(s->file, "test.conf");
	assert_int_equal(s->line, 5);
	assert_string_equal(s->pairs->key, "fleet");
	assert_string_equal(s->pairs->value, "paris-3f9c21aa");
	assert_int_equal(s->pairs->line, 6);
	assert_string_equal(s->pairs->next->value, "web, paris");
	assert_string_equal(s->pairs->next->next->value, "");
	assert_null(s->pairs->next->next->next);
	s = s->next;
	assert_string_equal(s->kind, "provider");
	assert_string_equal(s->title, "up time");
	assert_string_equal(s->pairs->value, "a=b");
	assert_null(s->next);
	conf_free(&conf);
}

static const struct {
	const char *text, *message;
} wrong[] = {
	{ "a = b\n", "test.conf:1: 'a' stands before the first [section]" },
	{ "[x]\na b\n", "test.conf:2: no '='; write key = value" },
	{ "[x]\n= b\n", "test.conf:2: '' is not a key; write key = value" },
	{ "[x]\nA = b\n", "test.conf:2: 'A' is not a key; write key = value" },
	{ "[x]\na b = c\n", "test.conf:2: 'a b' is not a key; "
			    "write key = value" },
	{ "[x]\na = 1\n b\n", "test.conf:3: white space at the start: lines "
			      "cannot be continued; remove it" },
	{ "[x]\n\ta = 1\n", "test.conf:2: white space at the start: lines "
			    "cannot be continued; remove it" },
	{ "[x]\na = 1\nb = 2\na = 3\n",
	    "test.conf:4: 'a' repeats line 2; remove one of them" },
	{ "[x]\n[y]\n[x]\n",
	    "test.conf:3: section repeats the one of test.conf:1; join them" },
	{ "[x y]\n[x  y ]\n",
	    "test.conf:2: section repeats the one of test.conf:1; join them" },
	{ "[x\n", "test.conf:1: no ']' at the end of the line; "
		  "a comment needs a line of its own" },
	{ "[x] # c\n", "test.conf:1: no ']' at the end of the line; "
		       "a comment needs a line of its own" },
	{ "[]\n", "test.conf:1: not a section; write [kind] or [kind title]" },
	{ "[", "test.conf:1: no ']' at the end of the line; "
	       "a comment needs a line of its own" },
	{ "[X]\n", "test.conf:1: not a section; write [kind] or [kind title]" },
	{ "[x]y]\n", "test.conf:1: '[' or ']' inside a section's name" },
	{ "[x]\na = b # c\n", "test.conf:2: a comment behind a value; "
			      "put it on a line of its own" },
	{ "[x]\na = # c\n", NULL },
	{ "[x]\na = b#c\n", NULL },
	{ "[x]\r\n", "test.conf:1: control character (a carriage return?); "
		     "remove it" },
	{ "[x]\na = \xff\n", "test.conf:2: not valid UTF-8; correct it" },
	{ "[x]\na = \xc3\xa9", NULL },
};

static void
test_errors(void **state)
{
	char error[CONF_ERROR_MAX];
	struct conf conf;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		int expect = wrong[i].message != NULL ? -1 : 0;

		conf_init(&conf);
		assert_int_equal(add(&conf, wrong[i].text, error), expect);
		assert_string_equal(error, expect ? wrong[i].message : "");
		conf_free(&conf);
	}
}

static void
test_two_files(void **state)
{
	char error[CONF_ERROR_MAX], name[] = "first.conf";
	struct conf conf;

	(void)state;
	conf_init(&conf);
	assert_int_equal(conf_add(&conf, name, "[x]\n", 4, error), 0);
	memset(name, 'z', 5); /* the name is not the caller's any more */
	assert_int_equal(add(&conf, "[y]\na = b\n", error), 0);
	assert_int_equal(add(&conf, "[y]\n", error), -1);
	assert_int_equal(add(&conf, "[x]\n", error), -1);
	assert_string_equal(error, "test.conf:1: section repeats the one of "
				   "first.conf:1; join them");
	assert_int_equal(add(&conf, "a = b\n", error), -1);
	conf_free(&conf);
}

static void
test_line_bound(void **state)
{
	char error[CONF_ERROR_MAX], text[CONF_LINE_MAX + 16];
	struct conf conf;

	(void)state;
	for (size_t len = CONF_LINE_MAX; len <= CONF_LINE_MAX + 1; len++) {
		size_t n = (size_t)sprintf(text, "[x]\na = ");

		memset(text + n, 'v', sizeof(text) - n);
		text[4 + len] = '\n';
		conf_init(&conf);
		assert_int_equal(conf_add(&conf, "f", text, 4 + len + 1, error),
		    len <= CONF_LINE_MAX ? 0 : -1);
		if (len > CONF_LINE_MAX)
			assert_string_equal(error, "f:2: line is longer than "
						   "4096 bytes; shorten it");
		else
			assert_int_equal(strlen(conf.sections->pairs->value),
			    CONF_LINE_MAX - 4);
		conf_free(&conf);
	}
}

/* front, then n lines of a number between before and after. */
static int
add_many(const char *front, const char *before, const char *after, unsigned n,
    char *error)
{
	struct conf conf;
	char *text;
	size_t len;
	FILE *file = open_memstream(&text, &len);
	int result;

	assert_non_null(file);
	fputs(front, file);
	for (unsigned i = 0; i < n; i++)
		fprintf(file, "%s%u%s\n", before, i, after);
	assert_int_equal(fclose(file), 0);
	conf_init(&conf);
	result = conf_add(&conf, "f", text, len, error);
	conf_free(&conf);
	free(text);
	return result;
}

static void
check_bound(const char *front, const char *before, const char *after,
    unsigned max, const char *what)
{
	char error[CONF_ERROR_MAX] = "";

	assert_int_equal(add_many(front, before, after, max, error), 0);
	assert_int_equal(add_many(front, before, after, max + 1, error), -1);
	assert_non_null(strstr(error, what));
}

static void
test_table_bounds(void **state)
{
	char error[CONF_ERROR_MAX];
	struct conf conf;

	(void)state;
	conf_init(&conf);
	for (unsigned i = 0; i <= CONF_FILES_MAX; i++)
		assert_int_equal(add(&conf, "# nothing\n", error),
		    i < CONF_FILES_MAX ? 0 : -1);
	assert_non_null(strstr(error, "files"));
	conf_free(&conf);
	check_bound("[x]\n", "k", " = v", CONF_PAIRS_MAX, "keys");
	check_bound("", "[x ", "]", CONF_SECTIONS_MAX, "sections");
}

/* Whatever comes out is well formed; a failure has a message. */
static void
check_any(const char *text, size_t len)
{
	char error[CONF_ERROR_MAX] = "", *exact = malloc(len + 1);
	struct conf conf;

	assert_non_null(exact);
	memcpy(exact, text, len);
	conf_init(&conf);
	if (conf_add(&conf, "f", exact, len, error) == -1)
		assert_true(strncmp(error, "f:", 2) == 0);
	else
		for (struct conf_section *s = conf.sections; s; s = s->next)
			assert_true(s->kind[0] >= 'a' && s->kind[0] <= 'z');
	conf_free(&conf);
	free(exact);
}

static void
test_every_cut_and_bit(void **state)
{
	char text[sizeof(sample)];

	(void)state;
	for (size_t len = 0; len < sizeof(sample); len++)
		check_any(sample, len);
	for (size_t bit = 0; bit < 8 * (sizeof(sample) - 1); bit++) {
		memcpy(text, sample, sizeof(sample));
		text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
		check_any(text, sizeof(sample) - 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sample),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_two_files),
		cmocka_unit_test(test_line_bound),
		cmocka_unit_test(test_table_bounds),
		cmocka_unit_test(test_every_cut_and_bit),
	};

	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
