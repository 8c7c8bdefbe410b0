/*
 * Part of the executor and the gate: what a policy section demands beside
 * its names, and what both judge of it by text alone. The rest, which takes
 * a request, is judged in agent/gate/policy.c.
 */
#include <stdlib.h>
#include <string.h>

#include "base/agent_conf.h"
#include "base/agent_conf_value.h"
#include "base/glob.h"

#define BLANK " \t"
#define NAME_CHARS                                                             \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
#define HOUR       60
#define DAY        (24 * HOUR)
#define CLOCK_SIZE 5 /* of "HH:MM" */

static const struct policy_condition *
find_condition(const struct policy_condition *list, const char *name)
{
	for (; list != NULL && list->name != NULL; list++)
		if (strcmp(list->name, name) == 0)
			return list;
	return NULL;
}

void
value_conditions_free(struct policy_condition *list)
{
	for (struct policy_condition *at = list; at != NULL && at->name; at++) {
		free(at->name);
		value_list_free(at->globs);
	}
	free(list);
}

/* "name = glob|glob" into at, which is behind the others of list. */
static bool
read_condition(const struct policy_condition *list, struct policy_condition *at,
    const char *item, char why[static WHY_MAX])
{
	size_t len = strspn(item, NAME_CHARS);
	const char *rest = item + len + strspn(item + len, BLANK);
	struct policy_condition made = { 0 };

	if (len == 0 || len > POLICY_NAME_MAX || *rest != '=')
		return value_refuse(why,
		    "'%.100s' is no condition; write NAME=GLOB, or "
		    "NAME=GLOB|GLOB",
		    item);
	made.globs =
	    value_split(POLICY_LIST_MAX, rest + 1, '|', value_check_glob, why);
	if (made.globs == NULL)
		return false;
	made.name = strndup(item, len);
	if (made.name != NULL && find_condition(list, made.name) == NULL) {
		*at = made;
		return true;
	}
	value_refuse(why,
	    made.name == NULL ? "out of memory"
			      : "'%.64s' stands there twice; write "
				"NAME=GLOB|GLOB",
	    made.name);
	free(made.name);
	value_list_free(made.globs);
	return false;
}

/* One for each item, and the end; NULL and a reason. */
static struct policy_condition *
read_conditions(char *const *items, char why[static WHY_MAX])
{
	struct policy_condition *list =
	    calloc(POLICY_LIST_MAX + 1, sizeof(*list));

	if (list == NULL) {
		value_refuse(why, "out of memory");
		return NULL;
	}
	for (size_t i = 0; items[i] != NULL; i++) {
		if (!read_condition(list, &list[i], items[i], why)) {
			value_conditions_free(list);
			return NULL;
		}
	}
	return list;
}

/* The field is empty: a key stands once in a section. */
bool
value_conditions(const struct conf_key *key, void *field, const char *text,
    char why[static WHY_MAX])
{
	char **items =
	    value_split(POLICY_LIST_MAX, text, ',', value_check_nothing, why);
	struct policy_condition *list;

	(void)key;
	if (items == NULL)
		return false;
	list = read_conditions(items, why);
	value_list_free(items);
	*(struct policy_condition **)field = list;
	return list != NULL;
}

/* "HH:MM" as minutes; DAY + 1 for anything else. */
static unsigned
read_clock(const char *text)
{
	static const char shape[] = "99:99";
	unsigned digits[CLOCK_SIZE] = { 0 }, minutes;

	for (size_t i = 0; i < CLOCK_SIZE; i++) {
		digits[i] = (unsigned)(text[i] - '0');
		if (shape[i] == ':' ? text[i] != ':' : digits[i] > 9)
			return DAY + 1;
	}
	if (digits[3] > 5)
		return DAY + 1;
	minutes =
	    (digits[0] * 10 + digits[1]) * HOUR + digits[3] * 10 + digits[4];
	return minutes <= DAY ? minutes : DAY + 1;
}

static const char *
check_hours(const char *item)
{
	if (strlen(item) == 2 * CLOCK_SIZE + 1 && item[CLOCK_SIZE] == '-' &&
	    read_clock(item) < DAY &&
	    read_clock(item + CLOCK_SIZE + 1) <= DAY &&
	    read_clock(item) != read_clock(item + CLOCK_SIZE + 1))
		return NULL;
	return "is no span of a day; write HH:MM-HH:MM, in UTC, 00:00 to 24:00";
}

bool
value_hours(const struct conf_key *key, void *field, const char *text,
    char why[static WHY_MAX])
{
	struct policy_conf *policy = field;
	char **items =
	    value_split(POLICY_HOURS_MAX, text, ',', check_hours, why);
	unsigned n;

	(void)key;
	if (items == NULL)
		return false;
	for (n = 0; items[n] != NULL; n++)
		policy->hours[n] = (struct policy_hours){ read_clock(items[n]),
			read_clock(items[n] + CLOCK_SIZE + 1) };
	policy->hour_count = n;
	value_list_free(items);
	return true;
}

bool
value_any(const struct conf_key *key, void *field, const char *text,
    char why[static WHY_MAX])
{
	(void)key;
	if (strcmp(text, "any") != 0)
		return value_refuse(why, "not 'any'; write that, or remove it");
	*(bool *)field = true;
	return true;
}

bool
policy_lists(char *const *globs, const char *text)
{
	for (; globs != NULL && *globs != NULL; globs++)
		if (glob_match(*globs, text, GLOB_PATH))
			return true;
	return false;
}

bool
policy_takes(
    const struct policy_conf *policy, const char *name, const char *text)
{
	const struct policy_condition *found;

	if (policy->args == NULL)
		return true;
	found = find_condition(policy->args, name);
	return found != NULL && policy_lists(found->globs, text);
}
