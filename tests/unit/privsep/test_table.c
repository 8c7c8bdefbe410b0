/*
 * The table between amirald-reader and amirald: what the one writes the other
 * finds, and whatever else stands there is refused or harmless.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/slurp.h"
#include "config.h"
#include "privsep/executor/settings.h"
#include "privsep/reader/sealed.h"
#include "privsep/reader/table_make.h"

static gid_t groups[] = { 7, 8, 9 };
static char facts_path[] = "/usr/libexec/amiral/facts",
	    tool_path[] = "/opt/tool", state_path[] = "/var/lib/amiral",
	    facts_dir[] = "/etc/amiral/facts.d";

/* The bytes of a table of two rows; the caller frees. */
static char *
make(size_t *len)
{
	struct provider rows[] = {
		{ .conf = { .name = "facts",
		      .timeout_s = 60,
		      .memory = 4096,
		      .profile = PROFILE_STRICT },
		    .path = facts_path,
		    .who = { 65510, 65511, groups, 3 } },
		{ .conf = { .name = "tool",
		      .daemon = true,
		      .profile = PROFILE_NONE },
		    .path = tool_path },
	};
	const struct reading s = {
		.hostname = "host.example",
		.state_dir = state_path,
		.facts_dir = facts_dir,
		.net = { 65501, 65501, groups, 2 },
		.gate = { 65502, 65502, groups, 1 },
		.table = { .rows = rows, .count = 2 },
	};
	int fd = table_make(&s, true);
	char *bytes = slurp(fd, TABLE_BYTES_MAX, len);

	assert_non_null(bytes);
	close(fd);
	return bytes;
}

static const struct table *
open_bytes(const void *bytes, size_t len, const char **why)
{
	int fd = sealed_make(bytes, len);
	const struct table *t;

	assert_int_not_equal(fd, -1);
	t = table_open(fd, why);
	close(fd);
	return t;
}

static void
refuse(const void *bytes, size_t len, const char *expected)
{
	const char *why = NULL;

	assert_null(open_bytes(bytes, len, &why));
	assert_string_equal(why, expected);
}

static void
what_is_written_is_found(void **state)
{
	const struct table_row *row;
	struct sock_fprog program;
	const struct table *t;
	struct drop_ids ids;
	const char *why;
	size_t len;
	char *bytes = make(&len);

	(void)state;
	assert_non_null(t = open_bytes(bytes, len, &why));
	free(bytes);
	assert_string_equal(table_text(t, t->state_dir), state_path);
	assert_string_equal(
	    table_text(t, t->facts), "AMIRAL_FACTS_DIR=/etc/amiral/facts.d");
	assert_non_null(row = table_find(t, "facts"));
	assert_string_equal(table_text(t, row->path), facts_path);
	assert_int_equal(row->timeout_s, 60);
	assert_int_equal(row->memory, 4096);
	assert_int_equal(row->daemon, 0);
	assert_int_equal(row->filter, TABLE_FILTER_STRICT);
	assert_int_equal(
	    table_filter(t, row->filter, &program) == NULL, AMIRAL_SANDBOX_OFF);
	ids = table_ids(t, &row->ids);
	assert_int_equal(ids.uid, 65510);
	assert_int_equal(ids.gid, 65511);
	assert_int_equal(ids.n, 3);
	assert_memory_equal(ids.groups, groups, sizeof groups);
	assert_int_equal(ids.keep, 0);
	assert_non_null(row = table_find(t, "tool"));
	assert_int_equal(row->daemon, 1);
	assert_null(table_filter(t, row->filter, &program));
	assert_null(table_find(t, "tools"));
	assert_null(table_find(t, ""));
	assert_int_equal(table_ids(t, &t->net).n, 2);
	assert_int_equal(table_ids(t, &t->gate).n, 0);
	table_close(t);
}

static void
another_version_is_refused(void **state)
{
	struct table *head;
	size_t len;
	char *bytes = make(&len);

	(void)state;
	head = (struct table *)(void *)bytes;
	head->row_size++;
	refuse(bytes, len, "it is of another version: restart amirald");
	head->row_size--;
	memcpy(head->version, "0", 2);
	refuse(bytes, len, "it is of another version: restart amirald");
	free(bytes);
}

static void
what_could_change_is_refused(void **state)
{
	int fd = memfd_create("table", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	const char *why = NULL;
	size_t len;
	char *bytes = make(&len);

	(void)state;
	assert_int_equal(write(fd, bytes, len), len);
	assert_null(table_open(fd, &why));
	assert_int_equal(
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
	assert_null(table_open(fd, &why));
	assert_string_equal(why, "it handed over what is no sealed table");
	close(fd);
	free(bytes);
}

/* vm.memfd_noexec adds one, for instance. */
static void
more_seals_do_no_harm(void **state)
{
	int fd = memfd_create("table", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	const struct table *t;
	const char *why;
	size_t len;
	char *bytes = make(&len);

	(void)state;
	assert_int_equal(write(fd, bytes, len), len);
	assert_int_equal(
	    fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | TABLE_SEALS), 0);
	assert_non_null(t = table_open(fd, &why));
	table_close(t);
	close(fd);
	free(bytes);
}

static void
a_filter_that_is_missing_is_refused(void **state)
{
	struct table *head;
	size_t len;
	char *bytes = make(&len);

	(void)state;
	head = (struct table *)(void *)bytes;
	for (size_t i = 1; i < TABLE_FILTERS && !AMIRAL_SANDBOX_OFF; i++) {
		struct table_piece filter = head->filters[i];

		head->filters[i].len = 0;
		refuse(bytes, len, "its table is broken");
		head->filters[i] = filter;
	}
	free(bytes);
}

static void
what_is_cut_is_refused(void **state)
{
	const char *why;
	size_t len;
	char *bytes = make(&len);

	(void)state;
	for (size_t cut = 0; cut < len; cut++)
		assert_null(open_bytes(bytes, cut, &why));
	free(bytes);
}

/* Everything that amirald looks at; sanitizers watch. */
static size_t
read_all(const struct table *t)
{
	const struct table_row *rows = table_bytes(t, t->rows);
	struct sock_fprog program;
	size_t sum = strlen(table_text(t, t->facts)) +
		     strlen(table_text(t, t->state_dir));

	for (size_t i = 0; i < t->rows.len / sizeof *rows; i++) {
		const struct drop_ids ids = table_ids(t, &rows[i].ids);

		for (size_t k = 0; k < ids.n; k++)
			sum += ids.groups[k];
		sum += strlen(table_text(t, rows[i].name)) +
		       strlen(table_text(t, rows[i].path));
		if (table_filter(t, rows[i].filter, &program) != NULL)
			sum += program.filter[program.len - 1].code;
	}
	return sum;
}

static void
no_bit_leads_outside(void **state)
{
	unsigned refused = 0;
	size_t len, sum = 0;
	const char *why;
	char *bytes = make(&len);

	(void)state;
	for (size_t i = 0; i < len * 8; i++) {
		const struct table *t;

		bytes[i / 8] ^= (char)(1 << i % 8);
		if ((t = open_bytes(bytes, len, &why)) != NULL)
			sum += read_all(t);
		else
			refused++;
		table_close(t);
		bytes[i / 8] ^= (char)(1 << i % 8);
	}
	assert_int_not_equal(sum, 0);
	assert_in_range(refused, 100, len * 8 - 1);
	free(bytes);
}

static void
files_have_a_bound(void **state)
{
	struct settings *s = settings_new();
	const uint8_t body[] = "x";

	(void)state;
	for (unsigned i = 0; i < SETTINGS_FILES_MAX; i++)
		assert_true(settings_add_file(s, body, 1, -1));
	assert_false(settings_add_file(s, body, 1, -1));
	settings_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_found),
		cmocka_unit_test(another_version_is_refused),
		cmocka_unit_test(what_could_change_is_refused),
		cmocka_unit_test(more_seals_do_no_harm),
		cmocka_unit_test(a_filter_that_is_missing_is_refused),
		cmocka_unit_test(what_is_cut_is_refused),
		cmocka_unit_test(no_bit_leads_outside),
		cmocka_unit_test(files_have_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
