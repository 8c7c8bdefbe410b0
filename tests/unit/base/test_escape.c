/* base/escape: what may be shown, and nothing else. */
#include "tests/unit/base/cmocka_base.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"

struct row {
	const char *in;
	size_t len;
	const char *out;
};
#define ROW(in, out)                                                           \
	{                                                                      \
		in, sizeof(in) - 1, out                                        \
	}

static const struct row rows[] = {
	ROW("", ""),
	ROW("plain text ~", "plain text ~"),
	ROW("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xb3",
	    "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xb3"),
	ROW("a\\b", "a\\\\b"),
	ROW("\0\t\n\r\033\x1f", "\\000\\011\\012\\015\\033\\037"),
	ROW("\x7f", "\\177"),
	ROW("\xc2\x80\xc2\x9f", "\\302\\200\\302\\237"), /* C1 */
	ROW("\xc2\xa0", "\xc2\xa0"),
	ROW("\xd8\x9c", "\\330\\234"),                   /* U+061C */
	ROW("\xe2\x80\x8a", "\xe2\x80\x8a"),             /* U+200A */
	ROW("\xe2\x80\x8b", "\\342\\200\\213"),          /* U+200B */
	ROW("\xe2\x80\x8f", "\\342\\200\\217"),          /* U+200F */
	ROW("\xe2\x80\x90", "\xe2\x80\x90"),             /* U+2010 */
	ROW("\xe2\x80\xa8", "\\342\\200\\250"),          /* U+2028 */
	ROW("\xe2\x80\xae", "\\342\\200\\256"),          /* U+202E */
	ROW("\xe2\x80\xaf", "\\342\\200\\257"),          /* U+202F */
	ROW("\xe2\x81\xa0", "\\342\\201\\240"),          /* U+2060 */
	ROW("\xe2\x81\xaf", "\\342\\201\\257"),          /* U+206F */
	ROW("\xe2\x81\xb0", "\xe2\x81\xb0"),             /* U+2070 */
	ROW("\xee\x80\x80", "\\356\\200\\200"),          /* U+E000 */
	ROW("\xef\xa3\xbf", "\\357\\243\\277"),          /* U+F8FF */
	ROW("\xef\xa4\x80", "\xef\xa4\x80"),             /* U+F900 */
	ROW("\xef\xb7\x90", "\\357\\267\\220"),          /* U+FDD0 */
	ROW("\xef\xbb\xbf", "\\357\\273\\277"),          /* U+FEFF */
	ROW("\xef\xbf\xb9", "\\357\\277\\271"),          /* U+FFF9 */
	ROW("\xef\xbf\xbc", "\xef\xbf\xbc"),             /* U+FFFC */
	ROW("\xef\xbf\xbe", "\\357\\277\\276"),          /* U+FFFE */
	ROW("\xf0\x9f\xbf\xbf", "\\360\\237\\277\\277"), /* U+1FFFF */
	ROW("\xf3\xa0\x80\x80", "\\363\\240\\200\\200"), /* U+E0000 */
	ROW("\xf3\xa0\x81\xbf", "\\363\\240\\201\\277"), /* U+E007F */
	ROW("\xf3\xb0\x80\x80", "\\363\\260\\200\\200"), /* U+F0000 */
	ROW("\xf4\x8f\xbf\xbd", "\\364\\217\\277\\275"), /* U+10FFFD */
	/* not UTF-8 */
	ROW("\x80", "\\200"),
	ROW("\xff\xfe", "\\377\\376"),
	ROW("\xc3", "\\303"),
	ROW("\xc3(", "\\303("),
	ROW("\xe2\x82", "\\342\\202"),
	ROW("\xc0\xaf", "\\300\\257"), /* overlong */
	ROW("\xe0\x80\xaf", "\\340\\200\\257"),
	ROW("\xf0\x80\x80\xaf", "\\360\\200\\200\\257"),
	ROW("\xed\xa0\x80", "\\355\\240\\200"),          /* surrogate */
	ROW("\xf4\x90\x80\x80", "\\364\\220\\200\\200"), /* over U+10FFFF */
	ROW("\xf8\x88\x80\x80\x80", "\\370\\210\\200\\200\\200"),
};

static void
test_table(void **state)
{
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len =
		    escape_text(out, sizeof(out), rows[i].in, rows[i].len);

		assert_string_equal(out, rows[i].out);
		assert_int_equal(len, strlen(out));
		assert_int_equal(escape_clean(rows[i].in, rows[i].len),
		    len == rows[i].len && memcmp(rows[i].in, out, len) == 0);
	}
}

static void
test_utf8_valid(void **state)
{
	(void)state;
	assert_true(utf8_valid("", 0));
	assert_true(utf8_valid("a\0b", 3));
	assert_true(utf8_valid("\xf4\x8f\xbf\xbf", 4));
	assert_false(utf8_valid("\xed\xa0\x80", 3));
	assert_false(utf8_valid("\xed\xbf\xbf", 3));
	assert_true(utf8_valid("\xed\x9f\xbf\xee\x80\x80", 6));
	assert_false(utf8_valid("\xc1\xbf", 2));
	assert_false(utf8_valid("\xf4\x90\x80\x80", 4));
	for (size_t cut = 1; cut < 4; cut++)
		assert_false(utf8_valid("\xf0\x9f\x90\xb3", cut));
}

/* The inverse: octal escapes and doubled backslashes. */
static size_t
unescape(const char *in, uint8_t *out)
{
	size_t n = 0;

	while (*in != '\0') {
		if (in[0] == '\\' && in[1] == '\\') {
			out[n++] = '\\';
			in += 2;
		} else if (in[0] == '\\') {
			out[n++] =
			    (uint8_t)((in[1] - '0') << 6 | (in[2] - '0') << 3 |
				      (in[3] - '0'));
			in += 4;
		} else {
			out[n++] = (uint8_t)*in++;
		}
	}
	return n;
}

/* Every triple of bytes from a set that holds each kind comes back. */
static void
test_injective(void **state)
{
	static const uint8_t kinds[] = { 0x00, '\n', ' ', 'a', '0', '\\', 0x7f,
		0x80, 0x9f, 0xa0, 0xbf, 0xc2, 0xd8, 0xe2, 0xed, 0xee, 0xf0,
		0xf3, 0xff };
	const size_t n = sizeof(kinds);
	uint8_t in[3], back[16];
	char out[ESCAPE_MAX(3)];

	(void)state;
	for (size_t i = 0; i < n * n * n; i++) {
		in[0] = kinds[i % n];
		in[1] = kinds[i / n % n];
		in[2] = kinds[i / n / n];
		escape_text(out, sizeof(out), in, 3);
		assert_int_equal(unescape(out, back), 3);
		assert_memory_equal(in, back, 3);
		assert_true(utf8_valid(out, strlen(out)));
	}
}

static void
test_cut_is_whole(void **state)
{
	static const char in[] = "a\xe2\x82\xac\n\\z";
	char out[32], whole[32];
	size_t full = escape_text(whole, sizeof(whole), in, sizeof(in) - 1);

	(void)state;
	for (size_t size = 1; size <= full + 1; size++) {
		size_t len;

		memset(out, 'X', sizeof(out));
		len = escape_text(out, size, in, sizeof(in) - 1);
		assert_true(len < size);
		assert_int_equal(out[len], '\0');
		assert_int_equal(out[size], 'X');
		assert_memory_equal(out, whole, len);
		assert_true(utf8_valid(out, len));
		/* behind "a", the sign, \012, the pair, "z" */
		assert_true(len == 0 || len == 1 || len == 4 || len == 8 ||
			    len == 10 || len == 11);
	}
	assert_int_equal(full, 11);
}

static void
test_worst_case_fits(void **state)
{
	uint8_t in[256];
	char *out;

	(void)state;
	memset(in, 0xff, sizeof(in));
	out = escape_dup(in, sizeof(in));
	assert_non_null(out);
	assert_int_equal(strlen(out) + 1, ESCAPE_MAX(sizeof(in)));
	free(out);
	out = escape_dup("", 0);
	assert_string_equal(out, "");
	free(out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_utf8_valid),
		cmocka_unit_test(test_injective),
		cmocka_unit_test(test_cut_is_whole),
		cmocka_unit_test(test_worst_case_fits),
	};

	return cmocka_run_group_tests_name("escape", tests, NULL, NULL);
}
