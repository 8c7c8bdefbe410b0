/*
 * Inside base only: how the text of one key becomes a typed field. Used by
 * the tables of agent_conf.c.
 */
#ifndef AMIRAL_BASE_AGENT_CONF_VALUE_H
#define AMIRAL_BASE_AGENT_CONF_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WHY_MAX 256 /* bytes of a reason, with the NUL */

struct conf_key;
struct policy_condition;

/*
 * Reads text into the field that key describes. False and a reason with its
 * remedy in why; the field is then as it was.
 */
typedef bool value_fn(const struct conf_key *key, void *field, const char *text,
    char why[static WHY_MAX]);

struct conf_key {
	const char *name;
	value_fn *read;
	size_t at;         /* of the field in the section's struct */
	uint64_t min, max; /* numbers; or max is the field's size, or entries */
};

value_fn value_fleet, value_hostname, value_user, value_users, value_url;
value_fn value_path;                   /* absolute, shorter than max */
value_fn value_audit;                  /* a path, or "syslog" for "" */
value_fn value_number;                 /* uint32_t */
value_fn value_bytes32, value_bytes64; /* with K, M or G behind */
value_fn value_yes_no;
value_fn value_profile;
value_fn value_capabilities;              /* the whole struct provider_conf */
value_fn value_groups, value_directories; /* char *[max + 1] */
value_fn value_globs;                     /* char **, allocated */
value_fn value_conditions; /* struct policy_condition *, allocated */
value_fn value_hours;      /* the whole struct policy_conf */
value_fn value_any;        /* "any" alone: bool */

/* Writes a reason; always false. */
__attribute__((format(printf, 2, 3))) bool value_refuse(
    char why[static WHY_MAX], const char *fmt, ...);
/* NULL, or what is wrong with an item, which stands in front of it. */
typedef const char *value_item_fn(const char *item);
value_item_fn value_check_glob, value_check_nothing;
/*
 * The items between those characters, trimmed, none of them empty, at most
 * max; NULL-terminated, for value_list_free(). NULL and a reason.
 */
char **value_split(size_t max, const char *text, char between, value_item_fn *,
    char why[static WHY_MAX]);
void value_conditions_free(struct policy_condition *);

void value_list_free(char **list);  /* the items and the list */
void value_items_free(char **list); /* the items alone */

#endif
