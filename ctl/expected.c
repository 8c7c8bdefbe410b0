#include "ctl/expected.h"

#include <stdlib.h>

#include "base/log.h"
#include "wire/match.h"
#include "wire/request.h"

/* The gate tells a host's groups in its hello: "groups", a list of texts. */
static char **
groups_of(const json_t *facts)
{
	const json_t *list = json_object_get(facts, "groups");
	size_t count = json_array_size(list), n = 0;
	char **groups = calloc(count + 1, sizeof *groups);

	if (groups == NULL)
		fatal("out of memory");
	for (size_t i = 0; i < count; i++) {
		json_t *name = json_array_get(list, i);

		/* match_host wants no const, and changes nothing. */
		if (json_is_string(name))
			groups[n++] =
			    (char *)(uintptr_t)json_string_value(name);
	}
	return groups;
}

/*
 * Whether what a hello says may leave its host out. Redis can hold back the
 * newest one: what is older than Redis would keep it, and what leaves facts
 * out, says only who a host was.
 */
static bool
is_telling(const struct hello *hello, int64_t now)
{
	return hello != NULL &&
	       json_object_get(hello->facts, HELLO_LEFT_OUT) == NULL &&
	       hello->at > now - HELLO_EXPIRY_MS - REQUEST_SKEW_MS;
}

static bool
is_expected(const json_t *match, const char *fleet, const char *name,
    const struct hello *hello, int64_t now)
{
	struct match_host host = { .hostname = name, .fleet = fleet };
	char **groups;
	bool result;

	if (!is_telling(hello, now))
		return match_possible(match, name);
	groups = groups_of(hello->facts);
	host.facts = hello->facts;
	host.groups = groups;
	result = match_test(match, &host);
	free(groups);
	return result;
}

void
expected_compute(const json_t *match, const char *fleet,
    const struct hellos *hellos, int64_t now, struct verdicts *verdicts)
{
	for (size_t i = 0; i < verdicts->count; i++) {
		const struct hello *hello =
		    hellos != NULL ? hellos_of(hellos, i) : NULL;

		if (is_expected(
			match, fleet, verdicts->hosts[i].name, hello, now))
			verdicts_expect(verdicts, i);
	}
}
