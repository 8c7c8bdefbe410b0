/* Changes to known_hosts: what is meant, and that all else stays. */
#include "keys/known_hosts_edit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "keys/known_hosts_file.h"
#include "keys/public.h"
#include "tests/unit/wire/verify/pair.h"
#include "tests/unit/wire/verify/scratch.h"

/* %1 to %9 become key lines, #1 to #9 fingerprints. */
static char *
expand(const char *text)
{
	char *out = calloc(1, 16384), line[PUBLIC_LINE_MAX];
	struct pair pair;
	size_t n = 0;

	assert_non_null(out);
	for (; *text != '\0'; text++) {
		if ((text[0] != '%' && text[0] != '#') || text[1] < '0' ||
		    text[1] > '9') {
			out[n++] = *text;
			continue;
		}
		pair_make(&pair, KEY_ED25519, (uint8_t)text[1]);
		if (text[0] == '%')
			public_format(&pair.key, "", line);
		else
			sign_fingerprint(&pair.key, line);
		n += (size_t)sprintf(out + n, "%s", line);
		text++;
	}
	return out;
}

typedef void edit_fn(struct known_hosts_text *, const char *which);

static void
check(edit_fn *edit, const char *before, const char *which, size_t changed,
    const char *after)
{
	char *text = expand(before), *selector = expand(which);
	char *expected = expand(after);
	struct known_hosts_text t;

	known_hosts_text_set(&t, text, strlen(text));
	edit(&t, selector);
	assert_string_equal(t.text, expected);
	assert_int_equal(t.len, strlen(expected));
	assert_int_equal(t.changed, changed);
	known_hosts_text_clear(&t);
	free(text);
	free(selector);
	free(expected);
}

static void
test_remove(void **state)
{
	edit_fn *edit = known_hosts_text_remove;

	(void)state;
	check(edit, "", "a", 0, "");
	check(edit, "# a\n\n \na %1\n", "a", 1, "# a\n\n \n");
	check(edit, "a %1 c\nab %2\n", "a", 1, "ab %2\n");
	check(edit, "a %1\nb %2", "b", 1, "a %1\n");
	check(edit, "a %1\na %2\n", "a", 2, "");
	check(edit, "a,b,c %1\n", "a", 1, "b,c %1\n");
	check(edit, "a,b,c %1\n", "b", 1, "a,c %1\n");
	check(edit, "a,b,c %1 x\n", "c", 1, "a,b %1 x\n");
	check(edit, "b,a,c,a,c %1\n", "a", 1, "b,c,c %1\n");
	check(edit, "a,a %1\n", "a", 1, "");
	check(edit, " a  %1\n", "a", 1, "");
	check(edit, "\ta,b\t%1\n", "a", 1, "\tb\t%1\n");
	check(edit, "a %1\nb %2\n", "#1", 1, "b %2\n");
	check(edit, "a,b %1\n", "#1", 1, "");
	check(edit, "@revoked a %1\n", "a", 0, "@revoked a %1\n");
	check(
	    edit, "@cert-authority a %1\n", "#1", 0, "@cert-authority a %1\n");
	check(edit, "a %1\n", "#2", 0, "a %1\n");
	check(edit, "a %1\n", "", 0, "a %1\n");
}

static void
test_revoke(void **state)
{
	edit_fn *edit = known_hosts_text_revoke;

	(void)state;
	check(edit, "a %1\nb %2\n", "a", 1, "@revoked a %1\nb %2\n");
	check(edit, "a %1\nb %2", "b", 1, "a %1\n@revoked b %2");
	check(edit, "a,b %1 c\n", "b", 1, "@revoked a,b %1 c\n");
	check(edit, "a %1\n", "#1", 1, "@revoked a %1\n");
	check(edit, "@revoked a %1\n", "a", 1, "@revoked a %1\n");
	check(edit, "@cert-authority a %1\n", "a", 0, "@cert-authority a %1\n");
	check(edit, "a %1\na %2\n", "a", 2, "@revoked a %1\n@revoked a %2\n");
	check(edit, "#1\n", "#1", 0, "#1\n");
	check(edit, "aa %1\n", "a", 0, "aa %1\n");
}

static void
test_add(void **state)
{
	struct known_hosts_text t;
	struct pair pair;
	char *expected = expand("a %1\nb %2\n@revoked c %3\n");
	char *before = expand("a %1");

	(void)state;
	known_hosts_text_set(&t, before, strlen(before));
	pair_make(&pair, KEY_ED25519, '2');
	known_hosts_text_add(&t, "b", &pair.key, false);
	pair_make(&pair, KEY_ED25519, '3');
	known_hosts_text_add(&t, "c", &pair.key, true);
	assert_string_equal(t.text, expected);
	known_hosts_text_clear(&t);
	free(expected);
	free(before);
}

/* A key by its number, as in expand(). */
static struct public_key
key_of(char number)
{
	struct pair pair;

	pair_make(&pair, KEY_ED25519, (uint8_t)number);
	return pair.key;
}

static void
revoke_key(struct known_hosts_text *t, const char *number)
{
	const struct public_key key = key_of(number[0]);

	known_hosts_text_revoke_key(t, &key);
}

/* What has no line of its own gets one, an authority's key too. */
static void
test_revoke_key(void **state)
{
	edit_fn *edit = revoke_key;
	static const char twice[] = "@cert-authority * %1\n@revoked * %1\n";

	(void)state;
	check(edit, "a %1\nb %2\n", "2", 1, "a %1\n@revoked b %2\n");
	check(edit, "a %1", "2", 1, "a %1\n@revoked * %2\n");
	check(edit, "", "2", 1, "@revoked * %2\n");
	check(edit, "@cert-authority * %1\n", "1", 1, twice);
	check(edit, twice, "1", 1, twice);
}

static void
test_find(void **state)
{
	char *text = expand("# %4\na %1\n@revoked * %2\n@cert-authority * %3");
	struct public_key wanted, found;
	struct known_hosts_text t;
	char fingerprint[FINGERPRINT_SIZE];

	(void)state;
	known_hosts_text_set(&t, text, strlen(text));
	for (char number = '1'; number <= '5'; number++) {
		wanted = key_of(number);
		sign_fingerprint(&wanted, fingerprint);
		assert_int_equal(known_hosts_text_find(&t, fingerprint, &found),
		    number <= '3');
		if (number <= '3')
			assert_memory_equal(
			    &found.bytes, &wanted.bytes, sizeof(wanted.bytes));
	}
	known_hosts_text_clear(&t);
	free(text);
}

static void
succeed(struct known_hosts_text *t, const char *numbers)
{
	const struct public_key old = key_of(numbers[0]);
	const struct public_key new = key_of(numbers[1]);

	known_hosts_text_add_successor(t, &old, &new);
}

static void
drop(struct known_hosts_text *t, const char *numbers)
{
	const struct public_key old = key_of(numbers[0]);
	const struct public_key new = key_of(numbers[1]);

	known_hosts_text_drop_predecessor(t, &old, &new);
}

/* A host keeps its other names. */
static void
test_rotation(void **state)
{
	(void)state;
	check(succeed, "a,b,c %1 x\n", "12", 1, "a,b,c %1 x\na,b,c %2\n");
	check(succeed, "a %1", "12", 1, "a %1\na %2\n");
	check(succeed, "a %3\n", "12", 0, "a %3\n");
	check(succeed, "@revoked a %1\n", "12", 0, "@revoked a %1\n");
	check(drop, "a,b %1\na,b %2 x\n", "12", 1, "a,b %2 x\n");
	check(
	    drop, "a,b,c %1\nd %3\n a %2 x\n", "12", 1, "d %3\n a,b,c %2 x\n");
	check(drop, "c,a %1\nb,a %2", "12", 1, "b,a,c %2");
	check(drop, "a %1\n", "12", 1, "");
	check(drop, "a %2\n", "12", 0, "a %2\n");
}

/* The file */

static void
test_file(void **state)
{
	const char *path = scratch_path(*state, "known");
	char error[KNOWN_HOSTS_ERROR_MAX];
	struct known_hosts_file file;
	struct pair pair;
	struct stat st;

	assert_true(known_hosts_file_open(&file, path, error));
	assert_int_equal(known_hosts_count(file.known), 0);
	pair_make(&pair, KEY_ED25519, '1');
	known_hosts_text_add(&file.content, "a", &pair.key, false);
	assert_true(known_hosts_file_write(&file, error));
	assert_int_equal(known_hosts_count(file.known), 1);
	known_hosts_file_close(&file);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(chmod(path, 0600), 0);
	assert_true(known_hosts_file_open(&file, path, error));
	known_hosts_text_add(&file.content, "b", &pair.key, false);
	assert_false(known_hosts_file_write(&file, error)); /* one key twice */
	assert_non_null(strstr(error, "known:2: "));
	known_hosts_text_remove(&file.content, "b");
	assert_true(known_hosts_file_write(&file, error));
	known_hosts_file_close(&file);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void
test_file_refused(void **state)
{
	const char *path = scratch_path(*state, "odd");
	char error[KNOWN_HOSTS_ERROR_MAX];
	struct known_hosts_file file;

	scratch_write(*state, "odd", "* ssh-ed25519 A\n", 16);
	assert_int_equal(chmod(path, 0644), 0);
	assert_false(known_hosts_file_open(&file, path, error));
	assert_int_equal(chmod(path, 0666), 0);
	assert_false(known_hosts_file_open(&file, path, error));
	assert_non_null(strstr(error, "writable by others"));
	assert_false(known_hosts_file_open(&file, "/nowhere/at/all", error));
	known_hosts_file_close(&file);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_remove),
		cmocka_unit_test(test_revoke),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_revoke_key),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_rotation),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_file_refused),
	};

	if (sodium_init() == -1)
		return 1;
	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
