/*
 * Part of the executor and the gate: one reader, so that both believe the
 * same of amirald.conf. What a section may hold is in the tables; what
 * holds between keys is checked when all sections have been read.
 */
#include "base/agent_conf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/agent_conf_value.h"
#include "config.h"

#define MIB               (UINT64_C(1) << 20)
#define DEFAULT_REDIS_URL "unix:///run/redis/redis.sock"
#define BUILT_IN_TITLE    "built-in"

#define COUNT(table)        (sizeof(table) / sizeof((table)[0]))
#define FIELD_SIZE(type, f) sizeof(((struct type *)NULL)->f)
#define TEXT(type, key, f, fn)                                                 \
	{                                                                      \
		key, fn, offsetof(struct type, f), 0, FIELD_SIZE(type, f)      \
	}
#define NUMBER(type, key, f, fn, min, max)                                     \
	{                                                                      \
		key, fn, offsetof(struct type, f), min, max                    \
	}
#define VALUE(type, key, f, fn)                                                \
	{                                                                      \
		key, fn, offsetof(struct type, f), 0, 0                        \
	}

static const struct conf_key agent_keys[] = {
	TEXT(agent_conf, "fleet", fleet, value_fleet),
	TEXT(agent_conf, "hostname", hostname, value_hostname),
	NUMBER(
	    agent_conf, "groups", groups, value_groups, 0, AGENT_CONF_GROUPS),
	TEXT(agent_conf, "host_key", host_key, value_path),
	TEXT(agent_conf, "operators", operators, value_path),
	TEXT(agent_conf, "facts_dir", facts_dir, value_path),
	NUMBER(agent_conf, "providers", providers, value_directories, 0,
	    AGENT_CONF_DIRS),
	TEXT(agent_conf, "state_dir", state_dir, value_path),
	{ "users", value_users, 0, 0, 0 },
	TEXT(agent_conf, "audit", audit, value_audit),
	NUMBER(agent_conf, "max_ttl", max_ttl_s, value_number, 1, 86400),
};

static const struct conf_key redis_keys[] = {
	TEXT(agent_conf, "url", redis_url, value_url),
	TEXT(agent_conf, "password_file", password_file, value_path),
};

static const struct conf_key provider_keys[] = {
	TEXT(provider_conf, "run_as", run_as, value_user),
	NUMBER(provider_conf, "timeout", timeout_s, value_number, 1, 86400),
	NUMBER(provider_conf, "max_output", max_output, value_bytes32, 1024,
	    64 * MIB),
	NUMBER(provider_conf, "memory", memory, value_bytes64, 8 * MIB,
	    1024 * 1024 * MIB),
	VALUE(provider_conf, "profile", profile, value_profile),
	VALUE(provider_conf, "network", network, value_yes_no),
	VALUE(provider_conf, "daemon", daemon, value_yes_no),
	{ "capabilities", value_capabilities, 0, 0, 0 },
};

static const struct conf_key policy_keys[] = {
	VALUE(policy_conf, "operators", operators, value_globs),
	VALUE(policy_conf, "providers", providers, value_globs),
	VALUE(policy_conf, "args", args, value_conditions),
	VALUE(policy_conf, "facts", facts, value_conditions),
	NUMBER(policy_conf, "signatures", signatures, value_number, 1,
	    POLICY_SIGNATURES),
	{ "hours", value_hours, 0, 0, 0 },
	NUMBER(policy_conf, "max_hosts", max_hosts, value_number, 1,
	    POLICY_HOSTS_MAX),
	VALUE(policy_conf, "jobs", any_jobs, value_any),
};

static const struct provider_conf provider_defaults = {
	.run_as = "nobody",
	.timeout_s = 60,
	.max_output = 1048576,
	.memory = 256 * MIB,
	.profile = PROFILE_SERVICE,
};

__attribute__((format(printf, 4, 5))) static int
refuse(char error[static CONF_ERROR_MAX], const char *file, unsigned line,
    const char *fmt, ...)
{
	char what[CONF_ERROR_MAX];
	va_list args;

	va_start(args, fmt);
	if (vsnprintf(what, sizeof(what), fmt, args) < 0)
		what[0] = '\0';
	va_end(args);
	snprintf(error, CONF_ERROR_MAX, "%.150s:%u: %.330s", file, line, what);
	return -1;
}

#define REFUSE(error, at, ...)                                                 \
	refuse(error, (at)->file, (at)->line, __VA_ARGS__)

static int
refuse_memory(char error[static CONF_ERROR_MAX])
{
	snprintf(error, CONF_ERROR_MAX, "out of memory");
	return -1;
}

static const struct conf_pair *
find_pair(const struct conf_section *section, const char *key)
{
	const struct conf_pair *pair;

	for (pair = section->pairs; pair != NULL; pair = pair->next)
		if (strcmp(pair->key, key) == 0)
			return pair;
	return NULL;
}

static int
read_pair(const struct conf_section *section, const struct conf_key *keys,
    size_t count, const struct conf_pair *pair, void *object,
    char error[static CONF_ERROR_MAX])
{
	char why[WHY_MAX];

	for (size_t i = 0; i < count; i++) {
		if (strcmp(keys[i].name, pair->key) != 0)
			continue;
		if (keys[i].read(&keys[i], (char *)object + keys[i].at,
			pair->value, why))
			return 0;
		return REFUSE(error, pair, "%s: %s", pair->key, why);
	}
	return REFUSE(error, pair, "[%s] knows no key '%.64s'; correct it",
	    section->kind, pair->key);
}

/* The struct that the section's keys go into, or NULL and a message. */
static void *
open_agent(struct agent_conf *conf, const struct conf_section *section,
    char error[static CONF_ERROR_MAX])
{
	(void)section;
	(void)error;
	return conf;
}

static void *
open_provider(struct agent_conf *conf, const struct conf_section *section,
    char error[static CONF_ERROR_MAX])
{
	struct provider_conf *row;

	if (!name_is_provider(section->title)) {
		REFUSE(error, section,
		    "'%.64s' is not a provider's name; write a-z, 0-9 and -",
		    section->title);
		return NULL;
	}
	if (conf->row_count == AGENT_CONF_PROVIDERS) {
		REFUSE(error, section, "more than %d providers; remove some",
		    AGENT_CONF_PROVIDERS);
		return NULL;
	}
	row = reallocarray(conf->rows, conf->row_count + 1, sizeof(*row));
	if (row == NULL) {
		refuse_memory(error);
		return NULL;
	}
	conf->rows = row;
	row += conf->row_count++;
	*row = provider_defaults;
	memcpy(row->name, section->title, strlen(section->title) + 1);
	return row;
}

/* One more, empty but for its title; NULL when out of memory. */
static struct policy_conf *
add_policy(struct agent_conf *conf, const char *title)
{
	struct policy_conf *grown = reallocarray(
	    conf->policies, conf->policy_count + 1, sizeof(*grown));

	if (grown == NULL)
		return NULL;
	conf->policies = grown;
	grown += conf->policy_count++;
	*grown =
	    (struct policy_conf){ .title = strdup(title), .signatures = 1 };
	return grown->title != NULL ? grown : NULL;
}

static void *
open_policy(struct agent_conf *conf, const struct conf_section *section,
    char error[static CONF_ERROR_MAX])
{
	void *policy;

	if (strcmp(section->title, BUILT_IN_TITLE) == 0) {
		REFUSE(error, section,
		    "'%s' names the section that is always "
		    "there; choose another name",
		    BUILT_IN_TITLE);
		return NULL;
	}
	if (conf->policy_count == AGENT_CONF_POLICIES) {
		REFUSE(error, section, "more than %d policies; join some",
		    AGENT_CONF_POLICIES - 1);
		return NULL;
	}
	policy = add_policy(conf, section->title);
	if (policy == NULL)
		refuse_memory(error);
	return policy;
}

static const struct kind {
	const char *name;
	bool titled;
	void *(*open)(struct agent_conf *, const struct conf_section *,
	    char error[static CONF_ERROR_MAX]);
	const struct conf_key *keys;
	size_t count;
	const char *const *required;
} kinds[] = {
	{ "agent", false, open_agent, agent_keys, COUNT(agent_keys), NULL },
	{ "redis", false, open_agent, redis_keys, COUNT(redis_keys), NULL },
	{ "provider", true, open_provider, provider_keys, COUNT(provider_keys),
	    NULL },
	{ "policy", true, open_policy, policy_keys, COUNT(policy_keys),
	    (const char *const[]){ "operators", "providers", NULL } },
};

static int
read_section(struct agent_conf *conf, const struct conf_section *section,
    const struct kind *kind, char error[static CONF_ERROR_MAX])
{
	const struct conf_pair *pair;
	const char *const *required;
	void *object;

	if (kind->titled != (section->title[0] != '\0'))
		return REFUSE(error, section, "write [%s%s]", kind->name,
		    kind->titled ? " NAME" : "");
	object = kind->open(conf, section, error);
	if (object == NULL)
		return -1;
	for (pair = section->pairs; pair != NULL; pair = pair->next)
		if (read_pair(section, kind->keys, kind->count, pair, object,
			error) == -1)
			return -1;
	for (required = kind->required; required && *required; required++)
		if (find_pair(section, *required) == NULL)
			return REFUSE(error, section,
			    "[%s %.100s] has no '%s'; add it", kind->name,
			    section->title, *required);
	return 0;
}

static int
read_any_section(struct agent_conf *conf, const struct conf_section *section,
    char error[static CONF_ERROR_MAX])
{
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (strcmp(kinds[i].name, section->kind) == 0)
			return read_section(conf, section, &kinds[i], error);
	return REFUSE(error, section,
	    "no section [%.64s] is known; write agent, redis, provider NAME "
	    "or policy NAME",
	    section->kind);
}

/* What holds between the keys of a row, and between the row and users. */
static int
check_row(const struct agent_conf *conf, struct provider_conf *row,
    const struct conf_section *section, char error[static CONF_ERROR_MAX])
{
	if (strcmp(row->run_as, conf->net_user) == 0 ||
	    strcmp(row->run_as, conf->gate_user) == 0)
		return REFUSE(error, section,
		    "run_as = %s is a user of amirald's own processes; "
		    "choose another",
		    row->run_as);
	if (!row->daemon)
		return 0;
	if (!row->network)
		return REFUSE(error, section,
		    "daemon = yes needs network = yes: what it starts "
		    "must be whole; add it");
	if (find_pair(section, "profile") && row->profile != PROFILE_NONE)
		return REFUSE(error, section,
		    "daemon = yes has profile none; remove 'profile'");
	row->profile = PROFILE_NONE;
	return 0;
}

static int
check_rows(struct agent_conf *conf, const struct conf *source,
    char error[static CONF_ERROR_MAX])
{
	const struct conf_section *section;
	struct provider_conf *row = conf->rows;

	for (section = source->sections; section; section = section->next)
		if (strcmp(section->kind, "provider") == 0 &&
		    check_row(conf, row++, section, error) == -1)
			return -1;
	return 0;
}

static int
check_fleet(const struct agent_conf *conf, const struct conf *source,
    char error[static CONF_ERROR_MAX])
{
	static const char missing[] =
	    "[agent] has no 'fleet'; make a name once for the fleet with: "
	    "amiral-keygen fleet NAME, and add fleet = that";
	const struct conf_section *section;

	if (conf->fleet[0] != '\0')
		return 0;
	for (section = source->sections; section; section = section->next)
		if (strcmp(section->kind, "agent") == 0)
			return REFUSE(error, section, "%s", missing);
	snprintf(error, CONF_ERROR_MAX, "%s", missing);
	return -1;
}

static int
set_defaults(struct agent_conf *conf)
{
	static const struct {
		size_t at;
		const char *text;
	} texts[] = {
		{ offsetof(struct agent_conf, host_key),
		    AMIRAL_SYSCONFDIR "/host_key" },
		{ offsetof(struct agent_conf, operators),
		    AMIRAL_SYSCONFDIR "/allowed_signers" },
		{ offsetof(struct agent_conf, facts_dir),
		    AMIRAL_SYSCONFDIR "/facts.d" },
		{ offsetof(struct agent_conf, state_dir), AMIRAL_STATEDIR },
		{ offsetof(struct agent_conf, net_user), "amiral-net" },
		{ offsetof(struct agent_conf, gate_user), "amiral-gate" },
		{ offsetof(struct agent_conf, redis_url), DEFAULT_REDIS_URL },
	};

	for (size_t i = 0; i < COUNT(texts); i++)
		memcpy((char *)conf + texts[i].at, texts[i].text,
		    strlen(texts[i].text) + 1);
	conf->max_ttl_s = 3600;
	conf->providers[0] = strdup(AMIRAL_LIBEXECDIR);
	conf->providers[1] = strdup(AMIRAL_SYSCONFDIR "/providers");
	if (conf->providers[0] == NULL || conf->providers[1] == NULL)
		return -1;
	return 0;
}

static int
add_built_in(struct agent_conf *conf)
{
	static const struct conf_key key = { "built-in", NULL, 0, 0, 0 };
	struct policy_conf *policy = add_policy(conf, BUILT_IN_TITLE);
	char why[WHY_MAX];

	if (policy == NULL || !value_globs(&key, &policy->operators, "*", why))
		return -1;
	return value_globs(&key, &policy->providers,
		   "ping, facts, uptime, status, cancel", why)
		   ? 0
		   : -1;
}

int
agent_conf_read(struct agent_conf *out, const struct conf *source,
    char error[static CONF_ERROR_MAX])
{
	const struct conf_section *section;

	memset(out, 0, sizeof(*out));
	if (set_defaults(out) == -1 || add_built_in(out) == -1)
		return refuse_memory(error);
	for (section = source->sections; section; section = section->next)
		if (read_any_section(out, section, error) == -1)
			return -1;
	if (check_fleet(out, source, error) == -1)
		return -1;
	return check_rows(out, source, error);
}

void
agent_conf_free(struct agent_conf *conf)
{
	value_items_free(conf->groups);
	value_items_free(conf->providers);
	for (unsigned i = 0; i < conf->policy_count; i++) {
		free(conf->policies[i].title);
		value_list_free(conf->policies[i].operators);
		value_list_free(conf->policies[i].providers);
		value_conditions_free(conf->policies[i].args);
		value_conditions_free(conf->policies[i].facts);
	}
	free(conf->policies);
	free(conf->rows);
	conf->policies = NULL;
	conf->rows = NULL;
	conf->policy_count = conf->row_count = 0;
}

void
agent_conf_provider(
    const struct agent_conf *conf, const char *name, struct provider_conf *out)
{
	for (unsigned i = 0; i < conf->row_count; i++) {
		if (strcmp(conf->rows[i].name, name) == 0) {
			*out = conf->rows[i];
			return;
		}
	}
	*out = provider_defaults;
	snprintf(out->name, sizeof(out->name), "%s", name);
}

bool
agent_conf_names_provider(const struct agent_conf *conf, const char *name)
{
	for (unsigned i = 0; i < conf->policy_count; i++)
		if (policy_lists(conf->policies[i].providers, name))
			return true;
	return false;
}

const struct policy_conf *
agent_conf_policy(const struct agent_conf *conf, const char *operator_,
    const char *provider, const struct policy_conf *last)
{
	const struct policy_conf *end = conf->policies + conf->policy_count;
	const struct policy_conf *at = last != NULL ? last + 1 : conf->policies;

	for (; at < end; at++)
		if (policy_lists(at->operators, operator_) &&
		    policy_lists(at->providers, provider))
			return at;
	return NULL;
}
