/* Operators and their keys. Part of the gate (inside its jail) and keygen. */
#include "keys/allowed_signers.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/name.h"
#include "keys/public.h"
#include "keys/store.h"
#include "wire/verify/envelope.h"

#define NAMESPACE_PREFIX "amiral-"
#define TIME_FORM        "write YYYYMMDD[HHMM[SS]]Z"
#define TIME_DIGITS_MAX  14
#define DAY_S            86400
#define REVOKED          "@revoked"

_Static_assert(
    ALLOWED_SIGNERS_ERROR_MAX == STORE_ERROR_MAX, "one buffer for both");

struct signer_entry {
	const char *principal; /* inside the store's text */
	struct public_key key;
	unsigned kinds;              /* a bit for each envelope_kind */
	int64_t after_ms, before_ms; /* both inclusive */
	unsigned line;
};

struct entries {
	struct signer_entry *items;
	size_t count, room;
	const void **by_key; /* struct signer_entry */
};

struct allowed_signers {
	char *text;
	struct entries signers, revoked; /* revoked: nothing but the keys */
};

/* By the point alone: one secret, one place in the file. */
static int
order_by_key(const void *a, const void *b)
{
	const struct signer_entry *x = a, *y = b;

	return memcmp(x->key.bytes, y->key.bytes, ED25519_KEY_SIZE);
}

/*
 * Days since 1970 of a date in the Gregorian calendar. Not timegm(3), which
 * reads the time zone's file: the gate cannot open one.
 */
static int64_t
days_from_date(int64_t year, int64_t month, int64_t day)
{
	static const int before_month[] = { 0, 31, 59, 90, 120, 151, 181, 212,
		243, 273, 304, 334 };
	int64_t leap_years, years = year - 1970;
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	leap_years = (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400 -
		     (1969 / 4 - 1969 / 100 + 1969 / 400);
	return years * 365 + leap_years + before_month[month - 1] +
	       (leap && month > 2) + day - 1;
}

static int64_t
month_days(int64_t year, int64_t month)
{
	if (month == 12)
		return 31;
	return days_from_date(year, month + 1, 1) -
	       days_from_date(year, month, 1);
}

static int64_t
digits_value(const char *text, size_t n)
{
	int64_t value = 0;
	size_t i;

	for (i = 0; i < n; i++)
		value = value * 10 + (text[i] - '0');
	return value;
}

/* Hours and minutes, and seconds where there are fourteen digits. */
static bool
clock_read(const char *text, size_t digits, int64_t *seconds)
{
	int64_t hour = 0, minute = 0, second = 0;

	if (digits >= 12) {
		hour = digits_value(text + 8, 2);
		minute = digits_value(text + 10, 2);
	}
	if (digits == TIME_DIGITS_MAX)
		second = digits_value(text + 12, 2);
	if (hour > 23 || minute > 59 || second > 59)
		return false;
	*seconds = hour * 3600 + minute * 60 + second;
	return true;
}

static bool
time_read(const char *text, int64_t *ms)
{
	int64_t year, month, day, seconds;
	size_t digits = strspn(text, "0123456789");

	if (digits != 8 && digits != 12 && digits != TIME_DIGITS_MAX)
		return false;
	if (strcmp(text + digits, "Z") != 0)
		return false;
	year = digits_value(text, 4);
	month = digits_value(text + 4, 2);
	day = digits_value(text + 6, 2);
	if (year < 1970 || month < 1 || month > 12 || day < 1 ||
	    day > month_days(year, month) ||
	    !clock_read(text, digits, &seconds))
		return false;
	*ms = (days_from_date(year, month, day) * DAY_S + seconds) * 1000;
	return true;
}

bool
allowed_signers_time(const char *text, int64_t *ms)
{
	return time_read(text, ms);
}

typedef bool option_reader(struct store *, struct signer_entry *, char *value);

/* Others' namespaces ("git", "file") may stand beside ours; they grant nothing
 * here. */
static bool
namespace_add(struct store *store, struct signer_entry *entry, const char *name)
{
	unsigned kind;

	for (kind = 0; kind < ENVELOPE_KINDS; kind++) {
		if (strcmp(name, envelope_namespace(kind)) == 0) {
			entry->kinds |= 1U << kind;
			return true;
		}
	}
	if (name[0] == '\0' || strpbrk(name, "*?! \t") != NULL)
		return store_refuse(store,
		    "namespaces= takes a list of plain names, not \"%.80s\"",
		    name);
	if (strncmp(name, NAMESPACE_PREFIX, strlen(NAMESPACE_PREFIX)) == 0)
		return store_refuse(store,
		    "there is no namespace %.80s: see amiral-keygen(1) for the "
		    "list",
		    name);
	return true;
}

static bool
namespaces_read(struct store *store, struct signer_entry *entry, char *value)
{
	char *name;

	entry->kinds = 0;
	while ((name = strsep(&value, ",")) != NULL) {
		if (!namespace_add(store, entry, name))
			return false;
	}
	return true;
}

static bool
valid_after_read(struct store *store, struct signer_entry *entry, char *value)
{
	if (time_read(value, &entry->after_ms))
		return true;
	return store_refuse(store, "valid-after=\"%.40s\": " TIME_FORM, value);
}

static bool
valid_before_read(struct store *store, struct signer_entry *entry, char *value)
{
	if (time_read(value, &entry->before_ms))
		return true;
	return store_refuse(store, "valid-before=\"%.40s\": " TIME_FORM, value);
}

static const struct option_row {
	const char *name;
	option_reader *read;
} option_rows[] = {
	{ "namespaces", namespaces_read },
	{ "valid-after", valid_after_read },
	{ "valid-before", valid_before_read },
};

#define OPTION_ROWS (sizeof(option_rows) / sizeof(option_rows[0]))

static bool
option_refuse(struct store *store, const char *name)
{
	if (strcasecmp(name, "cert-authority") == 0)
		return store_refuse(store,
		    "cert-authority: certificates sign no request, list "
		    "the operator's own key");
	return store_refuse(store,
	    "unknown option %.40s: namespaces=, valid-after= and valid-before= "
	    "exist",
	    name);
}

/* name="value", cut out of *rest up to the comma or the end; NULL for bad ones.
 */
static char *
option_cut(char **rest, char **name)
{
	char *value, *end;

	*name = *rest;
	value = *rest + strcspn(*rest, "=,\"");
	if (*value != '=') {
		*value = '\0';
		return NULL;
	}
	*value++ = '\0';
	if (*value++ != '"')
		return NULL;
	end = strchr(value, '"');
	if (end == NULL)
		return NULL;
	*end++ = '\0';
	if (*end == ',' && end[1] != '\0')
		end++;
	else if (*end != '\0')
		return NULL;
	*rest = end;
	return value;
}

static const struct option_row *
option_find(const char *name)
{
	size_t i;

	for (i = 0; i < OPTION_ROWS; i++) {
		if (strcasecmp(option_rows[i].name, name) == 0)
			return &option_rows[i];
	}
	return NULL;
}

static bool
options_read(struct store *store, struct signer_entry *entry, char *rest)
{
	const struct option_row *row;
	unsigned seen = 0, bit;
	char *name, *value;

	while (*rest != '\0') {
		value = option_cut(&rest, &name);
		row = option_find(name);
		if (row == NULL)
			return option_refuse(store, name);
		if (value == NULL)
			return store_refuse(store,
			    "%s: write it as %s=\"...\", with commas between "
			    "options",
			    row->name, row->name);
		bit = 1U << (row - option_rows);
		if ((seen & bit) != 0)
			return store_refuse(
			    store, "%s= stands twice", row->name);
		seen |= bit;
		if (!row->read(store, entry, value))
			return false;
	}
	if (entry->before_ms <= entry->after_ms)
		return store_refuse(
		    store, "valid-before= is not later than valid-after=");
	return true;
}

static bool
principal_read(
    struct store *store, struct signer_entry *entry, const char *principal)
{
	entry->principal = principal;
	if (name_is_principal(principal))
		return true;
	return store_refuse(store,
	    "%.80s: write one plain principal a line, without patterns, commas "
	    "or quotes",
	    principal);
}

static bool
key_read(struct store *store, struct signer_entry *entry, const char *type,
    const char *base64)
{
	if (base64 == NULL)
		return store_refuse(store,
		    "a field is missing: write \"principal [options] "
		    "ssh-ed25519 base64\"");
	if (public_is_other(type, base64))
		return store_refuse(store,
		    "%.40s keys are not used: make an Ed25519 key "
		    "(amiral-keygen new)",
		    type);
	if (public_from_text(&entry->key, type, base64))
		return true;
	return store_refuse(store,
	    "not a valid %.40s key: copy the public key line anew", type);
}

/*
 * The field behind the principal holds options where it has their '=', and
 * also where what follows cannot be a key: "cert-authority" has no '='.
 */
static bool
is_option_field(const char *field)
{
	return strchr(field, '=') != NULL ||
	       strncasecmp(field, "cert-authority", 14) == 0;
}

static bool
entry_read(struct store *store, struct signer_entry *entry, char *line)
{
	char *principal, *field;

	principal = store_field(&line);
	field = store_field(&line);
	if (!principal_read(store, entry, principal))
		return false;
	if (field != NULL && is_option_field(field)) {
		if (!options_read(store, entry, field))
			return false;
		field = store_field(&line);
	}
	return key_read(
	    store, entry, field, field != NULL ? store_field(&line) : NULL);
}

static bool
marker_refuse(struct store *store, const char *marker)
{
	return store_refuse(
	    store, "unknown marker %.40s: " REVOKED " exists", marker);
}

static bool
entry_add(
    struct store *store, struct entries *to, const struct signer_entry *entry)
{
	struct signer_entry *items;

	items =
	    store_grow(store, to->items, to->count, &to->room, sizeof(*items));
	if (items == NULL)
		return false;
	to->items = items;
	items[to->count++] = *entry;
	return true;
}

/* A key of another type is nobody's here, revoked or not. */
static bool
revoked_read(struct store *store, struct allowed_signers *signers, char *line)
{
	const char *marker = store_field(&line), *type = store_field(&line);
	const char *base64 = type != NULL ? store_field(&line) : NULL;
	struct signer_entry entry = { .line = store->line };

	if (strcmp(marker, REVOKED) != 0)
		return marker_refuse(store, marker);
	if (base64 != NULL && public_is_other(type, base64))
		return true;
	return key_read(store, &entry, type, base64) &&
	       entry_add(store, &signers->revoked, &entry);
}

static bool
line_read(struct store *store, struct allowed_signers *signers, char *line)
{
	struct signer_entry entry = {
		.kinds = 1U << ENVELOPE_REQUEST,
		.after_ms = INT64_MIN,
		.before_ms = INT64_MAX,
		.line = store->line,
	};

	if (line[0] == '@')
		return revoked_read(store, signers, line);
	return entry_read(store, &entry, line) &&
	       entry_add(store, &signers->signers, &entry);
}

static bool
keys_are_distinct(struct store *store, const struct entries *signers)
{
	const struct signer_entry *a, *b;
	size_t i;

	for (i = 1; i < signers->count; i++) {
		a = signers->by_key[i - 1];
		b = signers->by_key[i];
		if (order_by_key(a, b) != 0)
			continue;
		store->line = a->line > b->line ? a->line : b->line;
		return store_refuse(store,
		    "the key of line %u again: list each key once",
		    a->line < b->line ? a->line : b->line);
	}
	return true;
}

static bool
entries_index(struct store *store, struct entries *entries)
{
	size_t i;

	entries->by_key = calloc(entries->count + 1, sizeof(*entries->by_key));
	if (entries->by_key == NULL)
		return store_refuse(store, "out of memory");
	for (i = 0; i < entries->count; i++)
		entries->by_key[i] = &entries->items[i];
	store_sort(entries->by_key, entries->count, order_by_key);
	return true;
}

static bool
signers_index(struct store *store, struct allowed_signers *signers)
{
	return entries_index(store, &signers->signers) &&
	       entries_index(store, &signers->revoked) &&
	       keys_are_distinct(store, &signers->signers);
}

struct allowed_signers *
allowed_signers_parse(const char *file, const char *text, size_t len,
    char error[static ALLOWED_SIGNERS_ERROR_MAX])
{
	struct allowed_signers *signers;
	struct store store;
	bool good = true;
	char *line;

	if (!store_open(&store, file, text, len, error))
		return NULL;
	signers = calloc(1, sizeof(*signers));
	if (signers == NULL) {
		store_refuse(&store, "out of memory");
		free(store.text);
		return NULL;
	}
	signers->text = store.text;
	while (good && (line = store_line(&store)) != NULL)
		good = line_read(&store, signers, line);
	if (good && signers_index(&store, signers))
		return signers;
	allowed_signers_free(signers);
	return NULL;
}

static void
entries_free(struct entries *entries)
{
	free(entries->items);
	free(entries->by_key);
}

void
allowed_signers_free(struct allowed_signers *signers)
{
	if (signers == NULL)
		return;
	entries_free(&signers->signers);
	entries_free(&signers->revoked);
	free(signers->text);
	free(signers);
}

size_t
allowed_signers_count(const struct allowed_signers *signers)
{
	return signers->signers.count;
}

const struct public_key *
allowed_signers_key(const struct allowed_signers *signers, size_t i)
{
	return &signers->signers.items[i].key;
}

const char *
allowed_signers_validity(const struct allowed_signers *signers, size_t i,
    int64_t *after_ms, int64_t *before_ms)
{
	const struct signer_entry *entry = &signers->signers.items[i];

	*after_ms = entry->after_ms;
	*before_ms = entry->before_ms;
	return entry->principal;
}

/* By the point alone; NULL where it does not stand. */
static const struct signer_entry *
entry_find(const struct entries *entries, const struct public_key *key)
{
	const struct signer_entry wanted = { .key = *key };
	size_t at;

	at = store_find(entries->by_key, entries->count, &wanted, order_by_key);
	if (at == entries->count ||
	    order_by_key(entries->by_key[at], &wanted) != 0)
		return NULL;
	return entries->by_key[at];
}

enum status
allowed_signers_check(const struct allowed_signers *signers,
    const struct public_key *key, enum envelope_kind kind, int64_t now_ms,
    const char **principal)
{
	const struct signer_entry *entry;

	if (entry_find(&signers->revoked, key) != NULL)
		return STATUS_REVOKED;
	entry = entry_find(&signers->signers, key);
	if (entry == NULL || !public_key_equal(&entry->key, key) ||
	    (entry->kinds & 1U << kind) == 0)
		return STATUS_UNKNOWN_KEY;
	if (now_ms < entry->after_ms || now_ms > entry->before_ms)
		return STATUS_VALIDITY;
	*principal = entry->principal;
	return STATUS_OK;
}
