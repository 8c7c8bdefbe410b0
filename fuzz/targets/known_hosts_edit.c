/*
 * Fuzz target: changes to the text of known_hosts. The input is a kind of
 * change, whom it is about, and a text. Where the text is one that the store
 * takes, so is what comes of it; lines that the change is not about are the
 * same bytes in the same order; and the store then says what was wanted.
 */
#include "keys/known_hosts_edit.h"

#include <stdlib.h>
#include <string.h>

#include "base/name.h"
#include "fuzz/cast.h"
#include "fuzz/fuzz.h"
#include "keys/known_hosts.h"

#define BLANKS  " \t"
#define REVOKED "@revoked "

enum change { REMOVE, REVOKE, REVOKE_KEY, ADD, SUCCEED, DROP, CHANGES };

/* One line of a text, cut by other code than the product's. */
struct row {
	char *text; /* as it stands, without its newline */
	char *marker, *names, *type, *base64;
	char *copy; /* what the four point into */
};

static struct row
row_cut(const char *at, size_t len)
{
	struct row row = { .text = strndup(at, len), .copy = strndup(at, len) };
	char *rest = row.copy, *field;

	MUST(row.text != NULL && row.copy != NULL);
	field = strtok_r(rest, BLANKS, &rest);
	if (field == NULL || field[0] == '#')
		return row;
	if (field[0] == '@') {
		row.marker = field;
		field = strtok_r(NULL, BLANKS, &rest);
	}
	row.names = field;
	row.type = strtok_r(NULL, BLANKS, &rest);
	row.base64 = strtok_r(NULL, BLANKS, &rest);
	return row;
}

static void
row_free(struct row *row)
{
	free(row->text);
	free(row->copy);
}

/* How many of the comma list's names it is. */
static unsigned
names_count(const char *names, const char *which, unsigned *all)
{
	char *copy = strdup(names), *rest = copy, *name;
	unsigned n = 0;

	MUST(copy != NULL);
	*all = 0;
	while ((name = strsep(&rest, ",")) != NULL) {
		n += strcmp(name, which) == 0;
		++*all;
	}
	free(copy);
	return n;
}

static bool
has_key(const struct row *row, const char *fingerprint)
{
	char own[FINGERPRINT_SIZE];
	struct public_key key;

	if (row->base64 == NULL ||
	    !public_decode_text(&key, row->type, row->base64))
		return false;
	sign_fingerprint(&key, own);
	return strcmp(own, fingerprint) == 0;
}

/* which: a name, or a fingerprint. */
static bool
concerns(const struct row *row, const char *which)
{
	unsigned all;

	if (row->names == NULL ||
	    (row->marker != NULL &&
		strcmp(row->marker, "@cert-authority") == 0))
		return false;
	return strncmp(which, "SHA256:", 7) == 0
		   ? has_key(row, which)
		   : names_count(row->names, which, &all) > 0;
}

/* The next line of a text; false at its end. */
static bool
next_row(const char **at, const char *end, struct row *row)
{
	const char *newline;

	if (*at == end)
		return false;
	newline = memchr(*at, '\n', (size_t)(end - *at));
	*row = row_cut(*at, (size_t)((newline != NULL ? newline : end) - *at));
	*at = newline != NULL ? newline + 1 : end;
	return true;
}

static bool
starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* What may come of a line that the change is about, now being is. */
static bool
is_changed_well(enum change change, const struct row *was, const struct row *is)
{
	if (change == REMOVE)
		return was->marker != NULL
			   ? strcmp(was->text, is->text) == 0
			   : strlen(is->text) < strlen(was->text);
	if (was->marker != NULL)
		return strcmp(was->text, is->text) == 0;
	return starts_with(is->text, REVOKED) &&
	       strcmp(is->text + strlen(REVOKED), was->text) == 0;
}

/* Of a line without a marker that has no other name. */
static bool
may_go(enum change change, const struct row *was, const char *which)
{
	unsigned all, n;

	if (change != REMOVE || was->marker != NULL)
		return false;
	if (strncmp(which, "SHA256:", 7) == 0)
		return true;
	n = names_count(was->names, which, &all);
	return n > 0 && all == n;
}

/* Line by line; what is appended comes behind. */
static void
compare(enum change change, const char *which,
    const struct known_hosts_text *before, const struct known_hosts_text *after)
{
	const char *was_at = before->text, *is_at = after->text;
	struct row was, is;

	while (next_row(&was_at, before->text + before->len, &was)) {
		if (concerns(&was, which) && may_go(change, &was, which)) {
			row_free(&was);
			continue;
		}
		MUST(next_row(&is_at, after->text + after->len, &is));
		MUST(concerns(&was, which) ? is_changed_well(change, &was, &is)
					   : strcmp(was.text, is.text) == 0);
		row_free(&was);
		row_free(&is);
	}
	MUST(is_at == after->text + after->len ||
	     (after->changed == 1 && change != REMOVE && change != REVOKE));
}

static struct known_hosts *
store_of(const struct known_hosts_text *t)
{
	char error[KNOWN_HOSTS_ERROR_MAX];

	return known_hosts_parse("file", t->text, t->len, error);
}

/* Only the host's own name is looked at by name; keys by themselves. */
static void
check_gone(const struct known_hosts *known, const char *which)
{
	char fingerprint[FINGERPRINT_SIZE];

	MUST(known_hosts_find(known, which) < 0);
	for (size_t i = 0; i < known_hosts_count(known); i++) {
		sign_fingerprint(known_hosts_key(known, i), fingerprint);
		MUST(strcmp(fingerprint, which) != 0);
	}
}

static void
check_revoked(const struct known_hosts *known, const struct public_key *key)
{
	MUST(known_hosts_check(known, "nobody.example", key) == STATUS_REVOKED);
	MUST(known_hosts_authority(known, "nobody.example", key) ==
	     STATUS_REVOKED);
}

/* Every name that spoke by old speaks by new, and by old where it stays. */
static void
check_names(const struct known_hosts *before, const struct known_hosts *after,
    const struct public_key *old, const struct public_key *new, bool stays)
{
	for (size_t i = 0; i < known_hosts_count(before); i++) {
		const char *name = known_hosts_name(before, i);

		if (known_hosts_check(before, name, old) != STATUS_OK)
			continue;
		MUST(known_hosts_check(after, name, new) != STATUS_HOST);
		MUST(
		    !stays || known_hosts_check(after, name, old) == STATUS_OK);
	}
	MUST(stays || !known_hosts_has_key(after, old));
}

/* Those that a word is about. */
static void
try_word(enum change change, const char *which,
    const struct known_hosts_text *before)
{
	struct known_hosts_text after;
	struct known_hosts *known;

	known_hosts_text_set(&after, before->text, before->len);
	(change == REMOVE ? known_hosts_text_remove : known_hosts_text_revoke)(
	    &after, which);
	compare(change, which, before, &after);
	known = store_of(&after);
	MUST(known != NULL);
	check_gone(known, which);
	MUST(after.changed > 0 ||
	     (after.len == before->len &&
		 memcmp(after.text, before->text, after.len) == 0));
	known_hosts_free(known);
	known_hosts_text_clear(&after);
}

/* Those that a key is about. */
static void
try_key(enum change change, const struct public_key *key,
    const struct known_hosts_text *before)
{
	char fingerprint[FINGERPRINT_SIZE];
	struct known_hosts_text after;
	struct known_hosts *known;

	sign_fingerprint(key, fingerprint);
	known_hosts_text_set(&after, before->text, before->len);
	if (change == ADD)
		known_hosts_text_add(&after, "new.example", key, false);
	else
		known_hosts_text_revoke_key(&after, key);
	compare(change == ADD ? REVOKE_KEY : change,
	    change == ADD ? "" : fingerprint, before, &after);
	known = store_of(&after);
	MUST(known != NULL || change == ADD); /* a key may stand there */
	if (known != NULL && change == REVOKE_KEY)
		check_revoked(known, key);
	known_hosts_free(known);
	known_hosts_text_clear(&after);
}

static void
try_rotation(bool is_over, const struct public_key *old,
    const struct public_key *new, const struct known_hosts_text *before)
{
	struct known_hosts *was = store_of(before), *is;
	struct known_hosts_text after;

	known_hosts_text_set(&after, before->text, before->len);
	if (is_over && known_hosts_has_key(was, new)) {
		known_hosts_text_drop_predecessor(&after, old, new);
		is = store_of(&after);
		MUST(is != NULL);
		check_names(was, is, old, new, false);
		known_hosts_free(is);
	} else if (!is_over && !known_hosts_has_key(was, new)) {
		known_hosts_text_add_successor(&after, old, new);
		is = store_of(&after);
		MUST(is != NULL && after.len >= before->len);
		MUST(memcmp(after.text, before->text, before->len) == 0);
		check_names(was, is, old, new, true);
		known_hosts_free(is);
	}
	known_hosts_free(was);
	known_hosts_text_clear(&after);
}

static void
try_change(enum change change, const char *which,
    const struct known_hosts_text *before)
{
	const struct public_key *key = cast_key((unsigned char)which[0] % CAST);
	const struct public_key *new =
	    cast_key(((unsigned char)which[0] + 1) % CAST);

	switch (change) {
	case REMOVE:
	case REVOKE:
		try_word(change, which, before);
		break;
	case REVOKE_KEY:
	case ADD:
		try_key(change, key, before);
		break;
	case SUCCEED:
	case DROP:
		try_rotation(change == DROP, key, new, before);
		break;
	case CHANGES:
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct known_hosts_text before;
	struct known_hosts *known;
	enum change change;
	char *which;

	fuzz_prepare();
	change = input_u8(&in) % CHANGES;
	which = input_text(&in, '\n');
	known_hosts_text_set(&before, (const char *)in.at, in.left);
	known = store_of(&before);
	if (known != NULL)
		try_change(change, which, &before);
	known_hosts_free(known);
	known_hosts_text_clear(&before);
	free(which);
	return 0;
}
