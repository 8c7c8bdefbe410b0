/* Hosts and their keys. Part of the controller and amiral-keygen. */
#include "keys/known_hosts.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "base/name.h"
#include "keys/public.h"
#include "keys/store.h"
#include "wire/verify/envelope.h"

#define NAME_CHARACTERS    "abcdefghijklmnopqrstuvwxyz0123456789.-"
#define PATTERN_CHARACTERS NAME_CHARACTERS "*?"
#define PATTERN_MAX        HOSTNAME_MAX

_Static_assert(KNOWN_HOSTS_ERROR_MAX == STORE_ERROR_MAX, "one buffer for both");

/*
 * A name and a key; a pattern and a key of a @cert-authority line; or a key
 * alone, where it stands in a @revoked line.
 */
struct host_entry {
	const char *name; /* inside the store's text */
	struct public_key key;
	unsigned line;
};

struct entries {
	struct host_entry *items;
	size_t count, room;
	const void **by_key; /* struct host_entry */
};

struct known_hosts {
	char *text;
	struct entries hosts, authorities, revoked;
	const void **by_name; /* struct host_entry */
	size_t *first;        /* of each distinct name, in by_name */
	size_t names;
	bool judged; /* the points, by an earlier reading of the same bytes */
};

enum marker {
	MARKER_NONE,
	MARKER_REVOKED,
	MARKER_AUTHORITY,
};

static const char *const marker_names[] = {
	[MARKER_NONE] = "",
	[MARKER_REVOKED] = "@revoked",
	[MARKER_AUTHORITY] = "@cert-authority",
};

#define MARKERS (sizeof(marker_names) / sizeof(marker_names[0]))

/* The fields of one line. */
struct host_line {
	enum marker marker;
	char *names, *type, *base64;
};

static int
order_by_name(const void *a, const void *b)
{
	const struct host_entry *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	if (order != 0)
		return order;
	return (x->line > y->line) - (x->line < y->line);
}

/* By name alone, to find the first line of a host. */
static int
order_by_host(const void *a, const void *b)
{
	const struct host_entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* By the point alone: one secret, one place in the file. */
static int
order_by_key(const void *a, const void *b)
{
	const struct host_entry *x = a, *y = b;

	return memcmp(x->key.bytes, y->key.bytes, ED25519_KEY_SIZE);
}

static bool
marker_read(struct store *store, const char *field, enum marker *out)
{
	size_t i;

	for (i = MARKER_REVOKED; i < MARKERS; i++) {
		if (strcmp(field, marker_names[i]) == 0) {
			*out = (enum marker)i;
			return true;
		}
	}
	return store_refuse(store,
	    "unknown marker %.40s: @revoked and @cert-authority exist", field);
}

static bool
line_split(struct store *store, char *line, struct host_line *out)
{
	out->marker = MARKER_NONE;
	out->names = store_field(&line);
	if (out->names[0] == '@') {
		if (!marker_read(store, out->names, &out->marker))
			return false;
		out->names = store_field(&line);
	}
	out->type = store_field(&line);
	out->base64 = store_field(&line);
	if (out->base64 == NULL)
		return store_refuse(store,
		    "a field is missing: write \"host ssh-ed25519 base64\"");
	return true;
}

static bool
pattern_is_good(const char *pattern)
{
	size_t len = strlen(pattern);

	return len > 0 && len <= PATTERN_MAX &&
	       pattern[strspn(pattern, PATTERN_CHARACTERS)] == '\0';
}

static bool
name_refuse(struct store *store, const char *name)
{
	if (name[0] == '|')
		return store_refuse(store, "hashed host name, which cannot be "
					   "listed: write the plain name");
	if (name[0] == '[')
		return store_refuse(store,
		    "%.80s: a host has no port here: write the name alone",
		    name);
	if (name[0] == '!')
		return store_refuse(store,
		    "%.80s is an exception, and patterns have none: name what "
		    "is meant",
		    name);
	if (strpbrk(name, "*?!") != NULL)
		return store_refuse(store,
		    "%.80s is a pattern: name each host (patterns stand with "
		    "@revoked and @cert-authority alone)",
		    name);
	return store_refuse(store,
	    "%.80s is not a host name: use lower-case letters, digits, dots "
	    "and dashes",
	    name);
}

static bool
name_check(struct store *store, const struct host_line *line, const char *name)
{
	if (line->marker == MARKER_NONE ? name_is_host(name)
					: pattern_is_good(name))
		return true;
	return name_refuse(store, name);
}

static bool
entry_add(struct store *store, struct entries *to, const char *name,
    const struct public_key *key)
{
	struct host_entry *entry, *items;

	items =
	    store_grow(store, to->items, to->count, &to->room, sizeof(*items));
	if (items == NULL)
		return false;
	to->items = items;
	entry = &items[to->count++];
	entry->name = name;
	entry->key = *key;
	entry->line = store->line;
	return true;
}

/* Each name of the comma list; key NULL checks the names alone. */
static bool
names_read(struct store *store, struct entries *to,
    const struct host_line *line, const struct public_key *key)
{
	char *rest = line->names, *name;

	while ((name = strsep(&rest, ",")) != NULL) {
		if (!name_check(store, line, name))
			return false;
		if (key != NULL && !entry_add(store, to, name, key))
			return false;
	}
	return true;
}

static bool
key_refuse(struct store *store, const struct host_line *line)
{
	return store_refuse(store,
	    "not a valid %.40s key: copy the host's public key line anew",
	    line->type);
}

/*
 * A key in a @revoked line is revoked for every host, whatever the line
 * names: here a key belongs to one host.
 */
static bool
line_read(struct store *store, struct known_hosts *known, char *text)
{
	struct public_key key;
	struct host_line line;

	if (!line_split(store, text, &line))
		return false;
	if (public_is_other(line.type, line.base64))
		return names_read(store, NULL, &line, NULL);
	if (!(known->judged ? public_decode_text : public_from_text)(
		&key, line.type, line.base64))
		return key_refuse(store, &line);
	if (line.marker == MARKER_NONE)
		return names_read(store, &known->hosts, &line, &key);
	if (line.marker == MARKER_AUTHORITY)
		return names_read(store, &known->authorities, &line, &key);
	return names_read(store, NULL, &line, NULL) &&
	       entry_add(store, &known->revoked, "", &key);
}

static const void **
entries_sorted(
    struct store *store, const struct entries *entries, store_order *order)
{
	const void **sorted;
	size_t i;

	sorted = calloc(entries->count + 1, sizeof(*sorted));
	if (sorted == NULL) {
		store_refuse(store, "out of memory");
		return NULL;
	}
	for (i = 0; i < entries->count; i++)
		sorted[i] = &entries->items[i];
	store_sort(sorted, entries->count, order);
	return sorted;
}

/* One line may give a host several names; two lines may not share a key. */
static bool
keys_are_distinct(struct store *store, const struct entries *hosts)
{
	const struct host_entry *a, *b;
	size_t i;

	for (i = 1; i < hosts->count; i++) {
		a = hosts->by_key[i - 1];
		b = hosts->by_key[i];
		if (a->line == b->line || order_by_key(a, b) != 0)
			continue;
		store->line = a->line > b->line ? a->line : b->line;
		return store_refuse(store,
		    "the key of line %u again: a key belongs to one host, "
		    "remove one line",
		    a->line < b->line ? a->line : b->line);
	}
	return true;
}

static bool
names_index(struct store *store, struct known_hosts *known)
{
	size_t i;

	known->first = calloc(known->hosts.count + 1, sizeof(*known->first));
	if (known->first == NULL)
		return store_refuse(store, "out of memory");
	for (i = 0; i < known->hosts.count; i++) {
		if (i == 0 || order_by_host(known->by_name[i - 1],
				  known->by_name[i]) != 0)
			known->first[known->names++] = i;
	}
	return true;
}

static bool
known_index(struct store *store, struct known_hosts *known)
{
	known->by_name = entries_sorted(store, &known->hosts, order_by_name);
	known->hosts.by_key =
	    entries_sorted(store, &known->hosts, order_by_key);
	known->revoked.by_key =
	    entries_sorted(store, &known->revoked, order_by_key);
	return known->by_name != NULL && known->hosts.by_key != NULL &&
	       known->revoked.by_key != NULL &&
	       keys_are_distinct(store, &known->hosts) &&
	       names_index(store, known);
}

static struct known_hosts *
known_read(const char *file, const char *text, size_t len, bool judged,
    char error[static KNOWN_HOSTS_ERROR_MAX])
{
	struct known_hosts *known;
	struct store store;
	bool good = true;
	char *line;

	if (!store_open(&store, file, text, len, error))
		return NULL;
	known = calloc(1, sizeof(*known));
	if (known == NULL) {
		store_refuse(&store, "out of memory");
		free(store.text);
		return NULL;
	}
	known->text = store.text;
	known->judged = judged;
	while (good && (line = store_line(&store)) != NULL)
		good = line_read(&store, known, line);
	if (good && known_index(&store, known))
		return known;
	known_hosts_free(known);
	return NULL;
}

struct known_hosts *
known_hosts_parse(const char *file, const char *text, size_t len,
    char error[static KNOWN_HOSTS_ERROR_MAX])
{
	return known_read(file, text, len, false, error);
}

struct known_hosts *
known_hosts_parse_again(const char *file, const char *text, size_t len,
    char error[static KNOWN_HOSTS_ERROR_MAX])
{
	return known_read(file, text, len, true, error);
}

static void
entries_free(struct entries *entries)
{
	free(entries->items);
	free(entries->by_key);
}

void
known_hosts_free(struct known_hosts *known)
{
	if (known == NULL)
		return;
	entries_free(&known->hosts);
	entries_free(&known->authorities);
	entries_free(&known->revoked);
	free(known->by_name);
	free(known->first);
	free(known->text);
	free(known);
}

size_t
known_hosts_count(const struct known_hosts *known)
{
	return known->names;
}

static const struct host_entry *
first_line(const struct known_hosts *known, size_t i)
{
	return known->by_name[known->first[i]];
}

const char *
known_hosts_name(const struct known_hosts *known, size_t i)
{
	return first_line(known, i)->name;
}

const struct public_key *
known_hosts_key(const struct known_hosts *known, size_t i)
{
	return &first_line(known, i)->key;
}

long
known_hosts_find(const struct known_hosts *known, const char *host)
{
	size_t low = 0, high = known->names, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (strcmp(known_hosts_name(known, middle), host) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == known->names ||
	    strcmp(known_hosts_name(known, low), host) != 0)
		return -1;
	return (long)low;
}

static bool
has_key(const struct entries *entries, const struct public_key *key)
{
	const struct host_entry wanted = { .key = *key };
	size_t at;

	at = store_find(entries->by_key, entries->count, &wanted, order_by_key);
	return at < entries->count &&
	       order_by_key(entries->by_key[at], &wanted) == 0;
}

/* Behind the last of a host's entries in by_name. */
static size_t
host_end(const struct known_hosts *known, size_t host)
{
	return host + 1 < known->names ? known->first[host + 1]
				       : known->hosts.count;
}

size_t
known_hosts_key_count(const struct known_hosts *known, size_t i)
{
	return host_end(known, i) - known->first[i];
}

bool
known_hosts_has_key(
    const struct known_hosts *known, const struct public_key *key)
{
	return has_key(&known->hosts, key);
}

/* Among the lines of a host, which is never long: a rotation has two. */
static bool
host_has_key(
    const struct known_hosts *known, size_t host, const struct public_key *key)
{
	const struct host_entry *entry;
	size_t i, end = host_end(known, host);

	for (i = known->first[host]; i < end; i++) {
		entry = known->by_name[i];
		if (public_key_equal(&entry->key, key))
			return true;
	}
	return false;
}

enum status
known_hosts_check(const struct known_hosts *known, const char *host,
    const struct public_key *key)
{
	long found;

	if (has_key(&known->revoked, key))
		return STATUS_REVOKED;
	found = known_hosts_find(known, host);
	if (found >= 0 && host_has_key(known, (size_t)found, key))
		return STATUS_OK;
	if (found >= 0 || has_key(&known->hosts, key))
		return STATUS_HOST;
	return STATUS_UNKNOWN_KEY;
}

bool
known_hosts_has_authorities(const struct known_hosts *known)
{
	return known->authorities.count > 0;
}

/* There are few of them: an authority is for thousands of hosts. */
enum status
known_hosts_authority(const struct known_hosts *known, const char *host,
    const struct public_key *key)
{
	if (has_key(&known->revoked, key))
		return STATUS_REVOKED;
	for (size_t i = 0; i < known->authorities.count; i++) {
		const struct host_entry *entry = &known->authorities.items[i];

		if (public_key_equal(&entry->key, key) &&
		    glob_match(entry->name, host, GLOB_PLAIN))
			return STATUS_OK;
	}
	return STATUS_UNKNOWN_KEY;
}
