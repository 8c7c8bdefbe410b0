#include "ctl/expected.h"

#include <stdlib.h>

#include "base/log.h"
#include "wire/match.h"

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

static bool
is_expected(const json_t *match, const char *fleet, const char *name,
    const struct hello *hello)
{
	struct match_host host = { .hostname = name, .fleet = fleet };
	char **groups;
	bool result;

	if (hello == NULL)
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
    const struct hellos *hellos, struct verdicts *verdicts)
{
	for (size_t i = 0; i < verdicts->count; i++) {
		const struct hello *hello =
		    hellos != NULL ? hellos_of(hellos, i) : NULL;

		if (is_expected(match, fleet, verdicts->hosts[i].name, hello))
			verdicts_expect(verdicts, i);
	}
}
