/*
 * The provider facts: what can be said of this host, and what facts.d adds.
 * hostname, fleet and groups are the gate's to say; nothing here may.
 */
#include "providers/facts.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "config.h"
#include "providers/provider.h"

#define DIRECTORY_VARIABLE "AMIRAL_FACTS_DIR"

/* The one object, with what of it was built in and how long it has become. */
struct sheet {
	json_t *facts;
	json_t *built_in;
	size_t used; /* bytes, as printed */
};

/* Bytes of "name":value and a comma. */
static size_t
size_of(const char *name, json_t *value)
{
	json_t *one = provider_object();
	size_t size;

	if (json_object_set(one, name, value) == -1)
		fatal("out of memory");
	size = json_dumpb(one, NULL, 0, JSON_COMPACT);
	json_decref(one);
	if (size == 0)
		fatal("%s: cannot be printed", name);
	return size - strlen("{}") + strlen(",");
}

static void
put(struct sheet *sheet, const char *file, const char *name, json_t *value)
{
	json_t *former = json_object_get(sheet->facts, name);
	size_t size = size_of(name, value);
	size_t freed = former != NULL ? size_of(name, former) : 0;

	if (sheet->used - freed + size > FACTS_MAX - FACTS_RESERVE) {
		log_warning("%s: fact '%.64s' dropped: more than %d bytes "
			    "of facts",
		    file, name, FACTS_MAX - FACTS_RESERVE);
		return;
	}
	if (json_object_set(sheet->facts, name, value) == -1)
		fatal("out of memory");
	sheet->used += size - freed;
}

static bool
is_name(const char *name)
{
	size_t len = strlen(name);

	return len >= 1 && len <= FACT_NAME_MAX &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == len;
}

/* Names that only the host's root-owned configuration may define. */
static bool
is_reserved(const char *name)
{
	return strcmp(name, "hostname") == 0 || strcmp(name, "fleet") == 0 ||
	       strcmp(name, "groups") == 0;
}

static bool
is_too_deep(json_t *value, unsigned levels)
{
	const char *name;
	json_t *item;
	size_t i;

	if (!json_is_object(value) && !json_is_array(value))
		return false;
	if (levels == 0)
		return true;
	json_array_foreach (value, i, item) {
		if (is_too_deep(item, levels - 1))
			return true;
	}
	json_object_foreach (value, name, item) {
		if (is_too_deep(item, levels - 1))
			return true;
	}
	return false;
}

static void
take(const char *file, const char *name, json_t *value, void *arg)
{
	struct sheet *sheet = arg;
	const char *why = NULL;

	if (!is_name(name))
		why = "a name is 1 to 64 letters, digits, _ or -";
	else if (is_reserved(name))
		why = "only amirald.conf defines it";
	else if (json_object_get(sheet->built_in, name) != NULL)
		why = "it is built in";
	else if (is_too_deep(value, FACTS_DEPTH))
		why = "nested too deep";
	if (why != NULL)
		log_warning("%s: fact '%.64s' dropped: %s", file, name, why);
	else
		put(sheet, file, name, value);
}

static json_t *
built_in(void)
{
	json_t *facts = provider_object(), *agent = provider_object();

	provider_set(agent, "version", json_string(AMIRAL_VERSION));
	provider_set(facts, "agent", agent);
	facts_system(facts);
	facts_network(facts);
	return facts;
}

static void
refuse_args(void)
{
	json_t *args = provider_read_args();
	const char *name;
	json_t *value;

	json_object_foreach (args, name, value) {
		provider_refuse(name, "is not known to facts");
	}
	json_decref(args);
}

int
main(void)
{
	struct sheet sheet = { .used = strlen("{}") };
	const char *directory = getenv(DIRECTORY_VARIABLE), *name;
	json_t *value;

	provider_start("facts");
	refuse_args();
	sheet.facts = provider_object();
	sheet.built_in = built_in();
	json_object_foreach (sheet.built_in, name, value) {
		put(&sheet, "built in", name, value);
	}
	if (directory != NULL)
		facts_directory(directory, take, &sheet);
	json_decref(sheet.built_in);
	return provider_print(sheet.facts);
}
