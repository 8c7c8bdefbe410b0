/*
 * Which hosts a request is for (protocol section 2, "match"). Checked once
 * for form, then tested against a host's facts; time is linear in the size
 * of the match times that of the facts it names. Nothing is vacuously true.
 * Part of gate and controller.
 *
 * A fact is found by its dotted path through objects; at each level a
 * member that has the whole rest of the name goes first. null counts as no
 * fact. hostname, fleet and groups (and any path below them) are never
 * looked up in the facts.
 * - A string to compare with, or a glob, is held against a string fact, or
 *   against the JSON text of a number (15 digits) or boolean.
 * - A number is compared with a number, a boolean with a boolean.
 * - A list compares if any element does (ne: if none is equal).
 * A fact that is not there, or of a type that cannot be compared, is
 * missing: the comparison is false, and so is the innermost "not" around
 * it, whatever stands between the two; outside that "not" nothing of it is
 * left. An empty list is there, and equals nothing. "exists" is never
 * missing.
 */
#ifndef AMIRAL_WIRE_MATCH_H
#define AMIRAL_WIRE_MATCH_H

#include <jansson.h>
#include <stdbool.h>

#include "wire/verify/status.h"

#define MATCH_HOSTS_MAX 4096 /* names in "hosts" */

/* What a host is: name and groups from its configuration, never from facts. */
struct match_host {
	const char *hostname;
	const char *fleet;
	char *const *groups; /* NULL-terminated; NULL: none */
	const json_t *facts; /* an object, or NULL: unknown */
};

/* STATUS_OK, or STATUS_MATCH. */
enum status match_check(const json_t *match);
bool match_test(const json_t *match, const struct match_host *);
/*
 * What can be said of a host of which only the name is known: false where
 * its name (hosts, hostname globs) excludes it whatever its facts are.
 */
bool match_possible(const json_t *match, const char *hostname);
/* True if hostname alone decides (all, hosts, node_facts.hostname only). */
bool match_by_name(const json_t *match);

#endif
