/* amiral: the commands about known hosts: hosts and inventory. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ctl/certified.h"
#include "ctl/commands.h"
#include "ctl/hosts_edit.h"
#include "ctl/local.h"
#include "ctl/render_json.h"
#include "ctl/rotations.h"
#include "ctl/run.h"
#include "ctl/text.h"
#include "keys/public.h"
#include "wire/sign.h"

/* What both commands read. */
struct roll {
	const struct call *call;
	struct settings settings;
	struct known_hosts *known;
	struct hellos hellos;
};

static bool
roll_open(struct roll *r, const struct call *call)
{
	char error[CTL_ERROR_MAX];

	*r = (struct roll){ .call = call };
	if (options_have_targets(call->options)) {
		log_error(
		    "%s takes no TARGETS: name one host, or none", call->name);
		return false;
	}
	if (settings_read(&r->settings, call->options, error) &&
	    (r->known = local_known_hosts(&r->settings, error)) != NULL)
		return true;
	log_error("%s", error);
	return false;
}

static void
roll_close(struct roll *r)
{
	if (r->hellos.rows != NULL)
		hellos_clear(&r->hellos);
	known_hosts_free(r->known);
	settings_clear(&r->settings);
}

/* The host that a word names, or -1 and a message. */
static long
find_host(const struct roll *r, const char *name)
{
	long host = known_hosts_find(r->known, name);

	if (host < 0)
		log_error("host '%s' is not in %s: amiral hosts list shows "
			  "who is",
		    name, r->settings.known_hosts);
	return host;
}

static json_t *
host_row(const struct roll *r, size_t host)
{
	char fingerprint[FINGERPRINT_SIZE], line[PUBLIC_LINE_MAX];
	const struct public_key *key = known_hosts_key(r->known, host);

	sign_fingerprint(key, fingerprint);
	public_format(key, "", line);
	return json_pack("{ss ss ss}", "hostname",
	    known_hosts_name(r->known, host), "fingerprint", fingerprint, "key",
	    line);
}

static void
put_json(json_t *value)
{
	if (value == NULL)
		fatal("out of memory");
	render_json_value(stdout, value, 2);
	json_decref(value);
}

static int
hosts_list(const struct roll *r)
{
	char fingerprint[FINGERPRINT_SIZE];
	json_t *list = json_array();

	for (size_t i = 0; i < known_hosts_count(r->known); i++) {
		if (r->call->options->json) {
			json_array_append_new(list, host_row(r, i));
			continue;
		}
		sign_fingerprint(known_hosts_key(r->known, i), fingerprint);
		printf(
		    "%-40s %s\n", known_hosts_name(r->known, i), fingerprint);
	}
	if (r->call->options->json)
		put_json(list);
	else
		json_decref(list);
	return EXIT_OK;
}

static int
hosts_show(const struct roll *r)
{
	json_t *row;
	long host;

	if (r->call->word_count != 2) {
		log_error("hosts show needs one name: amiral hosts show HOST");
		return EXIT_LOCAL;
	}
	if ((host = find_host(r, r->call->words[1])) < 0)
		return EXIT_LOCAL;
	row = host_row(r, (size_t)host);
	if (r->call->options->json) {
		put_json(row);
		return EXIT_OK;
	}
	text_put_object(stdout, "", row, NULL);
	json_decref(row);
	return EXIT_OK;
}

static const struct {
	const char *name;
	int (*show)(const struct roll *);
} subcommands[] = {
	{ "list", hosts_list },
	{ "show", hosts_show },
};

static const struct {
	const char *name, *takes;
	int (*edit)(const struct settings *, const char *word);
} edits[] = {
	{ "import", "FILE (or - for standard input)", hosts_import },
	{ "remove", "HOST|SHA256:...", hosts_remove },
	{ "revoke", "HOST|SHA256:...|KEY", hosts_revoke },
};

/* known_hosts may be missing, or be about to be made. */
static int
hosts_change(const struct call *call, unsigned row)
{
	struct settings settings;
	char error[CTL_ERROR_MAX];
	int status = EXIT_LOCAL;

	if (call->word_count != 2 || options_have_targets(call->options)) {
		log_error("hosts %s takes one word: amiral hosts %s %s",
		    edits[row].name, edits[row].name, edits[row].takes);
		return EXIT_LOCAL;
	}
	if (settings_read(&settings, call->options, error))
		status = edits[row].edit(&settings, call->words[1]);
	else
		log_error("%s", error);
	settings_clear(&settings);
	return status;
}

int
command_hosts(const struct call *call)
{
	const char *name = call->word_count > 0 ? call->words[0] : "list";
	int status = EXIT_LOCAL;
	struct roll r;

	for (size_t i = 0; i < sizeof subcommands / sizeof subcommands[0];
	     i++) {
		if (strcmp(subcommands[i].name, name) != 0)
			continue;
		if (roll_open(&r, call))
			status = subcommands[i].show(&r);
		roll_close(&r);
		return status;
	}
	for (unsigned i = 0; i < sizeof edits / sizeof edits[0]; i++)
		if (strcmp(edits[i].name, name) == 0)
			return hosts_change(call, i);
	log_error("hosts has no '%s': it has list, show, import, remove and "
		  "revoke",
	    name);
	return EXIT_LOCAL;
}

/* "12 s", "3 min", "5 h", "8 d" */
static void
format_age(char out[static 32], int64_t ms)
{
	static const struct {
		int64_t ms;
		const char *unit;
	} rows[] = {
		{ 86400000, "d" },
		{ 3600000, "h" },
		{ 60000, "min" },
		{ 0, "s" },
	};
	size_t i = 0;

	if (ms < 0)
		ms = 0;
	while (ms < rows[i].ms * 2)
		i++;
	snprintf(out, 32, "%" PRId64 " %s",
	    ms / (rows[i].ms > 0 ? rows[i].ms : 1000), rows[i].unit);
}

static json_t *
inventory_row(const struct roll *r, size_t host, bool facts)
{
	const struct hello *hello = hellos_of(&r->hellos, host);
	json_t *row = host_row(r, host);

	json_object_set_new(row, "last_seen",
	    hello != NULL ? json_integer(hello->at) : json_null());
	json_object_set_new(row, "version",
	    hello != NULL ? json_string(hello->agent) : json_null());
	if (hello != NULL)
		json_object_set_new(row, "trust", json_integer(hello->trust));
	if (hello != NULL && facts)
		json_object_set(row, "facts", hello->facts);
	return row;
}

static void
put_line(const struct roll *r, size_t host)
{
	const struct hello *hello = hellos_of(&r->hellos, host);
	char fingerprint[FINGERPRINT_SIZE], age[32] = "never";

	sign_fingerprint(known_hosts_key(r->known, host), fingerprint);
	if (hello != NULL)
		format_age(age, clock_wall_ms() - hello->at);
	printf("%-40s %-8s %-8s %s\n", known_hosts_name(r->known, host), age,
	    hello != NULL ? hello->agent : "-", fingerprint);
}

static void
put_details(const struct roll *r, size_t host)
{
	const struct hello *hello = hellos_of(&r->hellos, host);
	json_t *row = inventory_row(r, host, false);
	char age[32];

	json_object_del(row, "last_seen");
	text_put_object(stdout, "", row, NULL);
	json_decref(row);
	if (hello == NULL) {
		puts("last seen: never");
		return;
	}
	format_age(age, clock_wall_ms() - hello->at);
	printf("last seen: %s ago\n", age);
	puts("facts:");
	text_put_object(stdout, "    ", hello->facts, NULL);
}

static void
inventory_show(const struct roll *r, long only)
{
	bool json = r->call->options->json;
	json_t *list;

	if (only >= 0 && !json) {
		put_details(r, (size_t)only);
		return;
	}
	if (only >= 0) {
		put_json(inventory_row(r, (size_t)only, true));
		return;
	}
	list = json_array();
	for (size_t i = 0; i < known_hosts_count(r->known); i++)
		if (json)
			json_array_append_new(list, inventory_row(r, i, true));
		else
			put_line(r, i);
	if (json)
		put_json(list);
	else
		json_decref(list);
}

static bool
fetch(struct roll *r)
{
	char error[CTL_ERROR_MAX];
	struct engine *engine = run_open(&r->settings, r->call->options, error);
	bool good;

	if (engine == NULL) {
		log_error("%s", error);
		return false;
	}
	hellos_init(&r->hellos, r->known, r->settings.cache, r->settings.fleet);
	good = run_hellos(engine, &r->hellos, error);
	run_close(engine);
	if (!good)
		log_error("%s", error);
	else if (!hellos_save(&r->hellos, error))
		log_warning("%s", error);
	if (good)
		rotations_follow(&r->hellos, r->settings.known_hosts);
	return good;
}

/* Those too that nothing but a certificate makes known. */
static bool
add_certified(struct roll *r)
{
	char error[CTL_ERROR_MAX];

	if (certified_add(&r->known, &r->settings, r->call->options, error))
		return true;
	log_error("%s", error);
	return false;
}

int
command_inventory(const struct call *call)
{
	int status = EXIT_LOCAL;
	struct roll r;
	long only = -1;
	bool good;

	if (call->word_count > 1) {
		log_error("inventory takes one host, or none");
		return EXIT_LOCAL;
	}
	good = roll_open(&r, call) && add_certified(&r);
	if (good && call->word_count == 1)
		good = (only = find_host(&r, call->words[0])) >= 0;
	if (good && known_hosts_count(r.known) == 0) {
		log_error("%s names no host: amiral-keygen accept adds them",
		    r.settings.known_hosts);
		status = EXIT_NOBODY;
	} else if (good && fetch(&r)) {
		inventory_show(&r, only);
		status = EXIT_OK;
	}
	roll_close(&r);
	return status;
}
