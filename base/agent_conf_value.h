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

/*
 * Reads text into the field that key describes. False and a reason with its
 * remedy in why; the field is then as it was.
 */
typedef bool value_fn(const struct conf_key *key, void *field, const char *text,
    char why[static WHY_MAX]);

struct conf_key {
	const char *name;
	value_fn *read;    /* NULL: known, but not enforced by this version */
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

void value_list_free(char **list);  /* the items and the list */
void value_items_free(char **list); /* the items alone */

#endif
