/* Part of the executor and the gate: the typed values of amirald.conf. */
#include "base/agent_conf_value.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/agent_conf.h"
#include "base/glob.h"
#include "base/name.h"

#define GROUP_MAX 64 /* bytes */
#define BLANK     " \t"
#define LOWER     "abcdefghijklmnopqrstuvwxyz"
#define UPPER     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT     "0123456789"
#define COUNT(t)  (sizeof(t) / sizeof((t)[0]))

bool
value_refuse(char why[static WHY_MAX], const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (vsnprintf(why, WHY_MAX, fmt, args) < 0)
		why[0] = '\0';
	va_end(args);
	return false;
}

static bool
copy(char *field, const char *text, size_t size, char why[static WHY_MAX])
{
	if (strlen(text) >= size)
		return value_refuse(
		    why, "longer than %zu bytes; shorten it", size - 1);
	memcpy(field, text, strlen(text) + 1);
	return true;
}

bool
value_fleet(const struct conf_key *key, void *field, const char *text,
    char why[static WHY_MAX])
{
	if (!name_is_fleet(text))
		return value_refuse(why,
		    "not a fleet's name (name-3f9c21aa); "
		    "make one with: amiral-keygen fleet NAME");
	return copy(field, text, key->max, why);
}

bool
value_hostname(const struct conf_key *key, void *field, const char *text,
    char why[static WHY_MAX])
{
	if (!name_is_host(text))
		return value_refuse(why,
		    "not a host name; write it in lower case, "
		    "without a final dot");
	return copy(field, text, key->max, why);
}

/* What may be a login name, or a number without a zero in front. */
static bool
is_user(const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len > USER_NAME_MAX)
		return false;
	if (strchr(DIGIT, text[0]) != NULL)
		return strspn(text, DIGIT) == len && len <= 9 &&
		       (text[0] != '0' || len == 1);
	return strchr(LOWER "_", text[0]) != NULL &&
	       strspn(text, LOWER DIGIT "_-") == len;
}

bool
value_user(const struct conf_key *key, void *field, const char *text,
    char why[static WHY_MAX])
{
	if (!is_user(text))
		return value_refuse(
		    why, "not a user; write a name or a number");
	return copy(field, text, key->max, why);
}

bool
value_path(const struct conf_key *key, void *field, const char *text,
    char why[static WHY_MAX])
{
	if (text[0] != '/')
		return value_refuse(
		    why, "not an absolute path; start it with '/'");
	return copy(field, text, key->max, why);
}

bool
value_audit(const struct conf_key *key, void *field, const char *text,
    char why[static WHY_MAX])
{
	if (strcmp(text, "syslog") == 0)
		return copy(field, "", key->max, why);
	return value_path(key, field, text, why);
}

static bool
has_password(const char *authority)
{
	size_t len = strcspn(authority, "/");
	const char *at = memrchr(authority, '@', len);

	return at != NULL &&
	       memchr(authority, ':', (size_t)(at - authority)) != NULL;
}

bool
value_url(const struct conf_key *key, void *field, const char *text,
    char why[static WHY_MAX])
{
	static const char tcp[] = "redis://", local[] = "unix:///";

	if (strncmp(text, "rediss://", 9) == 0)
		return value_refuse(why, "TLS is not available in this build; "
					 "write redis:// or unix:///");
	if (strpbrk(text, BLANK) != NULL)
		return value_refuse(why, "white space in a URL; remove it");
	if (strncmp(text, local, sizeof(local) - 1) == 0)
		return copy(field, text, key->max, why);
	if (strncmp(text, tcp, sizeof(tcp) - 1) != 0)
		return value_refuse(why,
		    "not a Redis URL; write redis://HOST:PORT "
		    "or unix:///PATH");
	if (has_password(text + sizeof(tcp) - 1))
		return value_refuse(why,
		    "a password in the URL; "
		    "put it into a file and name that file in "
		    "password_file");
	return copy(field, text, key->max, why);
}

/* Digits alone; what does not fit comes out as UINT64_MAX. */
static bool
read_digits(const char *text, size_t len, uint64_t *out)
{
	uint64_t value = 0;

	if (len == 0 || strspn(text, DIGIT) < len)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned digit = (unsigned)(text[i] - '0');

		if (value > (UINT64_MAX - digit) / 10)
			value = UINT64_MAX;
		else
			value = value * 10 + digit;
	}
	*out = value;
	return true;
}

static bool
in_range(const struct conf_key *key, uint64_t value, char why[static WHY_MAX])
{
	if (value >= key->min && value <= key->max)
		return true;
	return value_refuse(why, "out of range; write a number from %ju to %ju",
	    (uintmax_t)key->min, (uintmax_t)key->max);
}

bool
value_number(const struct conf_key *key, void *field, const char *text,
    char why[static WHY_MAX])
{
	uint64_t value;

	if (!read_digits(text, strlen(text), &value))
		return value_refuse(why, "not a number; write digits alone");
	if (!in_range(key, value, why))
		return false;
	*(uint32_t *)field = (uint32_t)value;
	return true;
}

static bool
read_bytes(const struct conf_key *key, const char *text, uint64_t *out,
    char why[static WHY_MAX])
{
	static const char suffixes[] = "KMG";
	size_t len = strlen(text);
	const char *suffix = len > 0 ? strchr(suffixes, text[len - 1]) : NULL;
	unsigned shift = 0;
	uint64_t value;

	if (suffix != NULL) {
		shift = 10 * (unsigned)(suffix - suffixes + 1);
		len--;
	}
	if (!read_digits(text, len, &value))
		return value_refuse(why, "not a size; write digits, "
					 "and K, M or G behind them");
	value = value > UINT64_MAX >> shift ? UINT64_MAX : value << shift;
	if (!in_range(key, value, why))
		return false;
	*out = value;
	return true;
}

bool
value_bytes32(const struct conf_key *key, void *field, const char *text,
    char why[static WHY_MAX])
{
	uint64_t value;

	if (!read_bytes(key, text, &value, why))
		return false;
	*(uint32_t *)field = (uint32_t)value;
	return true;
}

bool
value_bytes64(const struct conf_key *key, void *field, const char *text,
    char why[static WHY_MAX])
{
	return read_bytes(key, text, field, why);
}

bool
value_yes_no(const struct conf_key *key, void *field, const char *text,
    char why[static WHY_MAX])
{
	(void)key;
	if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
		return value_refuse(
		    why, "neither yes nor no; write one of them");
	*(bool *)field = text[0] == 'y';
	return true;
}

bool
value_profile(const struct conf_key *key, void *field, const char *text,
    char why[static WHY_MAX])
{
	static const char *const names[] = {
		[PROFILE_NONE] = "none",
		[PROFILE_SERVICE] = "service",
		[PROFILE_STRICT] = "strict",
	};

	(void)key;
	for (unsigned i = 0; i < COUNT(names); i++) {
		if (strcmp(text, names[i]) == 0) {
			*(enum profile *)field = (enum profile)i;
			return true;
		}
	}
	return value_refuse(
	    why, "not a profile; write none, service or strict");
}

/* By number, as the kernel has them. */
static const char *const capability_names[] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
};

static bool
find_capability(const char *name, size_t len, uint64_t *bit)
{
	for (unsigned i = 0; i < COUNT(capability_names); i++) {
		if (strlen(capability_names[i]) == len &&
		    memcmp(capability_names[i], name, len) == 0) {
			*bit = UINT64_C(1) << i;
			return true;
		}
	}
	return false;
}

bool
value_capabilities(const struct conf_key *key, void *field, const char *text,
    char why[static WHY_MAX])
{
	struct provider_conf *row = field;
	uint64_t set = 0, bit;

	(void)key;
	for (text += strspn(text, ", \t"); *text != '\0';
	     text += strspn(text, ", \t")) {
		size_t len = strcspn(text, ", \t");

		if (!find_capability(text, len, &bit))
			return value_refuse(why,
			    "'%.*s' is no capability; write "
			    "names like CAP_NET_ADMIN",
			    len > 40 ? 40 : (int)len, text);
		set |= bit;
		text += len;
	}
	row->has_capabilities = true;
	row->capabilities = set;
	return true;
}

void
value_items_free(char **list)
{
	for (; list != NULL && *list != NULL; list++) {
		free(*list);
		*list = NULL;
	}
}

void
value_list_free(char **list)
{
	value_items_free(list);
	free(list);
}

static const char *
check_group(const char *item)
{
	size_t len = strlen(item);

	if (len <= GROUP_MAX && strspn(item, LOWER UPPER DIGIT "._-") == len)
		return NULL;
	return "is no group; write letters, digits and . _ -";
}

static const char *
check_directory(const char *item)
{
	if (item[0] == '/' && strlen(item) < CONF_PATH_MAX)
		return NULL;
	return "is not an absolute path; start it with '/'";
}

const char *
value_check_glob(const char *item)
{
	/* An item that took nothing away would let in whom it names. */
	if (item[0] == '!')
		return "negates, which a policy cannot; list who may";
	if (glob_valid(item))
		return NULL;
	return "is not a pattern; close its [, and see glob in the manual";
}

/* Takes the trimmed item off the front of *text; NULL when out of memory. */
static char *
take_item(const char **text, char between)
{
	const char *start = *text + strspn(*text, BLANK);
	size_t len = strcspn(start, (const char[]){ between, '\0' });

	*text = start[len] != '\0' ? start + len + 1 : NULL;
	while (len > 0 && strchr(BLANK, start[len - 1]) != NULL)
		len--;
	return strndup(start, len);
}

/* Fills list, which has room for max items and its NULL. */
static bool
split(char **list, size_t max, const char *text, char between,
    value_item_fn *check, char why[static WHY_MAX])
{
	const char *wrong;

	for (size_t n = 0; text != NULL; n++) {
		if (n == max)
			return value_refuse(
			    why, "more than %zu items; join some", max);
		list[n] = take_item(&text, between);
		if (list[n] == NULL)
			return value_refuse(why, "out of memory");
		if (list[n][0] == '\0')
			return value_refuse(why,
			    "an empty item; write one or more, with '%c' "
			    "between",
			    between);
		wrong = check(list[n]);
		if (wrong != NULL)
			return value_refuse(why, "'%.100s' %s", list[n], wrong);
	}
	return true;
}

char **
value_split(size_t max, const char *text, char between, value_item_fn *check,
    char why[static WHY_MAX])
{
	char **list = calloc(max + 1, sizeof(*list));

	if (list == NULL) {
		value_refuse(why, "out of memory");
		return NULL;
	}
	if (split(list, max, text, between, check, why))
		return list;
	value_list_free(list);
	return NULL;
}

/* Into an array inside a struct, in place of what is there. */
static bool
replace_items(const struct conf_key *key, char **field, const char *text,
    value_item_fn *check, char why[static WHY_MAX])
{
	char **list = value_split(key->max, text, ',', check, why);

	if (list == NULL)
		return false;
	value_items_free(field);
	memcpy(field, list, (key->max + 1) * sizeof(*list));
	free(list);
	return true;
}

bool
value_groups(const struct conf_key *key, void *field, const char *text,
    char why[static WHY_MAX])
{
	return replace_items(key, field, text, check_group, why);
}

bool
value_directories(const struct conf_key *key, void *field, const char *text,
    char why[static WHY_MAX])
{
	return replace_items(key, field, text, check_directory, why);
}

bool
value_globs(const struct conf_key *key, void *field, const char *text,
    char why[static WHY_MAX])
{
	char **list =
	    value_split(POLICY_LIST_MAX, text, ',', value_check_glob, why);

	(void)key;
	if (list == NULL)
		return false;
	value_list_free(*(char ***)field);
	*(char ***)field = list;
	return true;
}

static bool
fits_children(const char *user, char why[static WHY_MAX])
{
	if (!is_user(user))
		return value_refuse(why,
		    "'%.40s' is not a user; write a name or a "
		    "number",
		    user);
	if (strcmp(user, "root") == 0 || strcmp(user, "0") == 0 ||
	    strcmp(user, "nobody") == 0)
		return value_refuse(why,
		    "'%s' is shared with others; make a user "
		    "of its own",
		    user);
	return true;
}

static bool
check_users(char *const list[], char why[static WHY_MAX])
{
	if (list[1] == NULL)
		return value_refuse(
		    why, "one user; write two, net's and gate's");
	if (!fits_children(list[0], why) || !fits_children(list[1], why))
		return false;
	if (strcmp(list[0], list[1]) == 0)
		return value_refuse(why, "the same user twice; write two");
	return true;
}

const char *
value_check_nothing(const char *item)
{
	(void)item;
	return NULL;
}

bool
value_users(const struct conf_key *key, void *field, const char *text,
    char why[static WHY_MAX])
{
	struct agent_conf *conf = field;
	char **list = value_split(2, text, ',', value_check_nothing, why);
	bool ok;

	(void)key;
	if (list == NULL)
		return false;
	ok = check_users(list, why);
	if (ok)
		ok = copy(conf->net_user, list[0], sizeof(conf->net_user),
			 why) &&
		     copy(conf->gate_user, list[1], sizeof(conf->gate_user),
			 why);
	value_list_free(list);
	return ok;
}
