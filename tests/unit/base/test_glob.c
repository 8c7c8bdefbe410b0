/* base/glob: a table, the bounds, and an oracle that tries everything. */
#include "tests/unit/base/cmocka_base.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/glob.h"

#define NO   0
#define YES  1
#define PATH 2 /* matches unless '/' is special */

static const struct {
	const char *pattern, *text;
	int expect;
} rows[] = {
	{ "abc", "abc", YES },
	{ "abc", "ab", NO },
	{ "abc", "abcd", NO },
	{ "ABC", "abc", NO },
	{ "*", "", YES },
	{ "*", "anything", YES },
	{ "?", "", NO },
	{ "?", "a", YES },
	{ "www*", "www01", YES },
	{ "www*", "ww", NO },
	{ "*.example.com", "a.b.example.com", YES },
	{ "*a*b*c", "xxaxxbxxbc", YES },
	{ "*a*b*c", "xxaxxbxxb", NO },
	{ "**a", "ba", YES },
	{ "[a-c]x", "bx", YES },
	{ "[a-c]x", "dx", NO },
	{ "[!a-c]x", "dx", YES },
	{ "[!a-c]x", "ax", NO },
	{ "[]a]", "]", YES },
	{ "[]a]", "a", YES },
	{ "[!]a]", "]", NO },
	{ "[!]a]", "b", YES },
	{ "[a-]", "-", YES },
	{ "[-a]", "-", YES },
	{ "[\\]x]", "]", YES },
	{ "[\\]x]", "x", YES },
	{ "[\\!a]", "!", YES },
	{ "[z-a]", "m", NO },
	{ "[^a]", "^", YES },
	{ "[^a]", "b", NO },
	{ "\\*", "*", YES },
	{ "\\*", "a", NO },
	{ "\\\\", "\\", YES },
	{ "a]", "a]", YES },
	{ "a*/c", "a/b/c", PATH },
	{ "*", "a/b", PATH },
	{ "a?b", "a/b", PATH },
	{ "a[/]b", "a/b", PATH },
	{ "a[!x]b", "a/b", PATH },
	{ "a\\/b", "a/b", YES },
	{ "*/*", "a/b", YES },
	{ "*/*", "a/b/c", PATH },
	{ "[\xc3]\xa9", "\xc3\xa9", YES },
};

static void
test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool plain =
		    glob_match(rows[i].pattern, rows[i].text, GLOB_PLAIN);
		bool path =
		    glob_match(rows[i].pattern, rows[i].text, GLOB_PATH);

		if (plain != (rows[i].expect != NO) ||
		    path != (rows[i].expect == YES))
			fail_msg("'%s' and '%s': %d %d", rows[i].pattern,
			    rows[i].text, plain, path);
	}
}

static void
test_validity(void **state)
{
	static const char *const bad[] = { "", "[", "[a", "[!", "[]", "[!]",
		"a\\", "[\\]", "[a\\", "x[a-", NULL };
	char longest[GLOB_PATTERN_MAX + 2];

	(void)state;
	for (size_t i = 0; bad[i] != NULL; i++) {
		assert_false(glob_valid(bad[i]));
		assert_false(glob_match(bad[i], bad[i], GLOB_PLAIN));
		assert_false(glob_match(bad[i], "", GLOB_PLAIN));
	}
	memset(longest, 'a', sizeof(longest));
	longest[GLOB_PATTERN_MAX] = '\0';
	assert_true(glob_match(longest, longest, GLOB_PLAIN));
	longest[GLOB_PATTERN_MAX] = 'a';
	longest[GLOB_PATTERN_MAX + 1] = '\0';
	assert_false(glob_valid(longest));
}

/* Tries every length of every star; the patterns have no sets. */
static bool
oracle(const char *p, const char *t, bool path)
{
	if (*p == '\0')
		return *t == '\0';
	if (*p == '*') {
		for (;; t++) {
			if (oracle(p + 1, t, path))
				return true;
			if (*t == '\0' || (path && *t == '/'))
				return false;
		}
	}
	if (*t == '\0' || (path && *p == '?' && *t == '/'))
		return false;
	return (*p == '?' || *p == *t) && oracle(p + 1, t + 1, path);
}

/* The n-th word over letters, shortest first. */
static void
word(unsigned n, const char *letters, char *out)
{
	unsigned base = (unsigned)strlen(letters);

	for (; n > 0; n = (n - 1) / base)
		*out++ = letters[(n - 1) % base];
	*out = '\0';
}

static void
test_against_oracle(void **state)
{
	char pattern[8], text[8];

	(void)state;
	for (unsigned i = 1; i < 4 * 4 * 4 * 4 * 5; i++) {
		word(i, "a/*?", pattern);
		for (unsigned j = 0; j < 400; j++) {
			word(j, "a/b", text);
			for (int path = 0; path < 2; path++)
				if (glob_match(pattern, text,
					path ? GLOB_PATH : GLOB_PLAIN) !=
				    oracle(pattern, text, path))
					fail_msg("'%s' '%s' %d", pattern, text,
					    path);
		}
	}
}

/* Would take longer than the universe, were it exponential. */
static void
test_never_exponential(void **state)
{
	char pattern[GLOB_PATTERN_MAX + 1], text[4096];
	clock_t start = clock();

	(void)state;
	for (size_t i = 0; i < GLOB_PATTERN_MAX; i++)
		pattern[i] = i % 2 == 0 ? '*' : 'a';
	pattern[GLOB_PATTERN_MAX - 1] = 'b';
	pattern[GLOB_PATTERN_MAX] = '\0';
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_false(glob_match(pattern, text, GLOB_PLAIN));
	assert_true(clock() - start < 10 * CLOCKS_PER_SEC);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_validity),
		cmocka_unit_test(test_against_oracle),
		cmocka_unit_test(test_never_exponential),
	};

	return cmocka_run_group_tests_name("glob", tests, NULL, NULL);
}
