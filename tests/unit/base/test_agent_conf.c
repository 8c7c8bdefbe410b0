/* base/agent_conf: defaults, every key, every refusal. */
#include "tests/unit/base/cmocka_base.h"

#include <stdio.h>
#include <string.h>

#include "base/agent_conf.h"
#include "config.h"

#define FLEET "[agent]\nfleet = paris-3f9c21aa\n"
#define NAME_OF_64                                                             \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define CAP(n) (UINT64_C(1) << (n))

static int
setup(void **state)
{
	*state = calloc(1, sizeof(struct agent_conf));
	return *state == NULL;
}

static int
teardown(void **state)
{
	agent_conf_free(*state);
	free(*state);
	return 0;
}

/* Reads text; returns the message, "" for none. */
static const char *
read_text(struct agent_conf *out, const char *text)
{
	static char error[CONF_ERROR_MAX];
	struct conf conf;

	error[0] = '\0';
	conf_init(&conf);
	if (conf_add(&conf, "f", text, strlen(text), error) == 0 &&
	    agent_conf_read(out, &conf, error) == -1)
		assert_string_not_equal(error, "");
	conf_free(&conf);
	return error;
}

static void
test_defaults(void **state)
{
	struct agent_conf *conf = *state;
	struct provider_conf row;

	assert_string_equal(read_text(conf, FLEET), "");
	assert_string_equal(conf->fleet, "paris-3f9c21aa");
	assert_string_equal(conf->hostname, "");
	assert_null(conf->groups[0]);
	assert_string_equal(conf->host_key, "/etc/amiral/host_key");
	assert_string_equal(conf->operators, "/etc/amiral/allowed_signers");
	assert_string_equal(conf->facts_dir, "/etc/amiral/facts.d");
	assert_string_equal(conf->providers[0], AMIRAL_LIBEXECDIR);
	assert_string_equal(conf->providers[1], "/etc/amiral/providers");
	assert_null(conf->providers[2]);
	assert_string_equal(conf->state_dir, "/var/lib/amiral");
	assert_string_equal(conf->audit, "");
	assert_string_equal(conf->net_user, "amiral-net");
	assert_string_equal(conf->gate_user, "amiral-gate");
	assert_string_equal(conf->password_file, "");
	assert_int_equal(conf->max_ttl_s, 3600);
	assert_int_equal(conf->row_count, 0);
	assert_int_equal(conf->policy_count, 1);
	agent_conf_provider(conf, "uptime", &row);
	assert_string_equal(row.name, "uptime");
	assert_string_equal(row.run_as, "nobody");
	assert_int_equal(row.timeout_s, 60);
	assert_int_equal(row.max_output, 1048576);
	assert_int_equal(row.memory, 256 << 20);
	assert_int_equal(row.profile, PROFILE_SERVICE);
	assert_false(row.network || row.daemon || row.has_capabilities);
}

static void
test_every_agent_key(void **state)
{
	struct agent_conf *conf = *state;

	assert_string_equal(
	    read_text(conf,
		FLEET "hostname = www01.example.com\ngroups = web,  paris\n"
		      "host_key = /k\noperators = /o\nfacts_dir = /f\n"
		      "providers = /p1, /p2\nstate_dir = /s\n"
		      "users = 64001, gate\naudit = /a\nmax_ttl = 86400\n"
		      "[redis]\nurl = redis://u@h:6379/0\n"
		      "password_file = /pw\n"),
	    "");
	assert_string_equal(conf->hostname, "www01.example.com");
	assert_string_equal(conf->groups[0], "web");
	assert_string_equal(conf->groups[1], "paris");
	assert_null(conf->groups[2]);
	assert_string_equal(conf->host_key, "/k");
	assert_string_equal(conf->operators, "/o");
	assert_string_equal(conf->facts_dir, "/f");
	assert_string_equal(conf->providers[0], "/p1");
	assert_string_equal(conf->providers[1], "/p2");
	assert_null(conf->providers[2]);
	assert_string_equal(conf->state_dir, "/s");
	assert_string_equal(conf->net_user, "64001");
	assert_string_equal(conf->gate_user, "gate");
	assert_string_equal(conf->audit, "/a");
	assert_int_equal(conf->max_ttl_s, 86400);
	assert_string_equal(conf->redis_url, "redis://u@h:6379/0");
	assert_string_equal(conf->password_file, "/pw");
}

static void
test_every_provider_key(void **state)
{
	struct agent_conf *conf = *state;
	struct provider_conf row;

	assert_string_equal(
	    read_text(conf,
		"[provider service]\nrun_as = root\ntimeout = 86400\n"
		"max_output = 2M\nmemory = 1G\nprofile = strict\n"
		"network = yes\ndaemon = no\n"
		"capabilities = CAP_NET_ADMIN, CAP_CHOWN CAP_KILL\n"
		"[provider bare]\ncapabilities =\n"
		"[provider other]\ndaemon = yes\nnetwork = yes\n" FLEET),
	    "");
	agent_conf_provider(conf, "service", &row);
	assert_string_equal(row.run_as, "root");
	assert_int_equal(row.timeout_s, 86400);
	assert_int_equal(row.max_output, 2 << 20);
	assert_true(row.memory == UINT64_C(1) << 30);
	assert_int_equal(row.profile, PROFILE_STRICT);
	assert_true(row.network);
	assert_false(row.daemon);
	assert_true(row.has_capabilities);
	assert_true(row.capabilities == (CAP(12) | CAP(0) | CAP(5)));
	agent_conf_provider(conf, "bare", &row);
	assert_true(row.has_capabilities);
	assert_true(row.capabilities == 0);
	agent_conf_provider(conf, "other", &row);
	assert_true(row.daemon);
	assert_int_equal(row.profile, PROFILE_NONE);
	assert_int_equal(conf->row_count, 3);
}

static void
test_last_capability(void **state)
{
	struct agent_conf *conf = *state;

	assert_string_equal(
	    read_text(conf,
		FLEET "[provider x]\ncapabilities=CAP_CHECKPOINT_RESTORE "
		      "CAP_BPF CAP_SYS_ADMIN CAP_SETFCAP\n"),
	    "");
	assert_true(conf->rows[0].capabilities ==
		    (CAP(40) | CAP(39) | CAP(21) | CAP(31)));
}

/* The title of the first section that names both, or NULL. */
static const char *
names_both(
    const struct agent_conf *conf, const char *operator_, const char *provider)
{
	const struct policy_conf *policy =
	    agent_conf_policy(conf, operator_, provider, NULL);

	return policy != NULL ? policy->title : NULL;
}

static void
test_policy(void **state)
{
	struct agent_conf *conf = *state;
	const char *title;

	assert_string_equal(
	    read_text(conf,
		FLEET "[policy web team]\noperators = *@web.example.com\n"
		      "providers = service, pack*\n"
		      "[policy root]\noperators = root@a/b, r*\n"
		      "providers = *\n"),
	    "");
	assert_int_equal(conf->policy_count, 3);
	title = names_both(conf, "alice@web.example.com", "service");
	assert_string_equal(title, "web team");
	title = names_both(conf, "alice@web.example.com", "package");
	assert_string_equal(title, "web team");
	assert_null(names_both(conf, "bob@db.example.com", "service"));
	assert_null(names_both(conf, "alice@web.example.com", "shell"));
	title = names_both(conf, "bob@db.example.com", "uptime");
	assert_string_equal(title, "built-in");
	/* '*' stops at '/', so the built-in section does not name this one */
	title = names_both(conf, "root@a/b", "uptime");
	assert_string_equal(title, "root");
	assert_null(names_both(conf, "rogue@a/b", "shell"));
	assert_true(agent_conf_names_provider(conf, "anything"));
}

static void
test_policy_in_turn(void **state)
{
	struct agent_conf *conf = *state;
	const struct policy_conf *policy = NULL;
	const char *const titles[] = { "built-in", "a", "c" };

	assert_string_equal(
	    read_text(conf, FLEET "[policy a]\noperators=x\nproviders=ping\n"
				  "[policy b]\noperators=y\nproviders=ping\n"
				  "[policy c]\noperators=*\nproviders=p*\n"),
	    "");
	for (size_t i = 0; i < 3; i++) {
		policy = agent_conf_policy(conf, "x", "ping", policy);
		assert_non_null(policy);
		assert_string_equal(policy->title, titles[i]);
	}
	assert_null(agent_conf_policy(conf, "x", "ping", policy));
}

static void
test_policy_defaults(void **state)
{
	struct agent_conf *conf = *state;

	assert_string_equal(
	    read_text(conf, FLEET "[policy p]\noperators=a\nproviders=b\n"),
	    "");
	for (unsigned i = 0; i < 2; i++) {
		const struct policy_conf *policy = &conf->policies[i];

		assert_null(policy->args);
		assert_null(policy->facts);
		assert_int_equal(policy->hour_count, 0);
		assert_int_equal(policy->signatures, 1);
		assert_int_equal(policy->max_hosts, 0);
		assert_false(policy->any_jobs);
	}
}

static void
test_every_policy_key(void **state)
{
	struct agent_conf *conf = *state;
	const struct policy_conf *policy;

	assert_string_equal(read_text(conf, FLEET
				"[policy p]\noperators=a\nproviders=b\n"
				"args = name = nginx | php-*,action=re*\n"
				"facts = os.name=debian, " NAME_OF_64 "=x\n"
				"signatures = 4\n"
				"hours = 08:00-18:30, 23:59-24:00,22:00-02:00\n"
				"max_hosts = 4096\njobs = any\n"),
	    "");
	policy = &conf->policies[1];
	assert_string_equal(policy->args[0].name, "name");
	assert_string_equal(policy->args[0].globs[0], "nginx");
	assert_string_equal(policy->args[0].globs[1], "php-*");
	assert_null(policy->args[0].globs[2]);
	assert_string_equal(policy->args[1].name, "action");
	assert_null(policy->args[2].name);
	assert_string_equal(policy->facts[0].name, "os.name");
	assert_string_equal(policy->facts[1].name, NAME_OF_64);
	assert_null(policy->facts[2].name);
	assert_int_equal(policy->signatures, 4);
	assert_int_equal(policy->max_hosts, 4096);
	assert_true(policy->any_jobs);
	assert_int_equal(policy->hour_count, 3);
	assert_int_equal(policy->hours[0].from, 8 * 60);
	assert_int_equal(policy->hours[0].until, 18 * 60 + 30);
	assert_int_equal(policy->hours[1].from, 24 * 60 - 1);
	assert_int_equal(policy->hours[1].until, 24 * 60);
	assert_int_equal(policy->hours[2].from, 22 * 60);
	assert_int_equal(policy->hours[2].until, 2 * 60);
	assert_true(policy_takes(policy, "name", "php-fpm"));
	assert_false(policy_takes(policy, "name", "php-a/b"));
	assert_false(policy_takes(policy, "name", ""));
	assert_false(policy_takes(policy, "", "nginx"));
	assert_false(policy_takes(policy, "path", "nginx"));
	assert_true(policy_takes(&conf->policies[0], "path", "/"));
}

static void
test_built_in_policy(void **state)
{
	static const char *const names[] = { "ping", "facts", "uptime",
		"status", "cancel" };
	struct agent_conf *conf = *state;

	assert_string_equal(read_text(conf, FLEET), "");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_true(agent_conf_names_provider(conf, names[i]));
		assert_string_equal(
		    names_both(conf, "x", names[i]), "built-in");
	}
	assert_false(agent_conf_names_provider(conf, "shell"));
	assert_null(names_both(conf, "x", "shell"));
}

#define ROW(text, message)                                                     \
	{                                                                      \
		FLEET text, message                                            \
	}
#define PROVIDER(text, message)                                                \
	{                                                                      \
		"[provider x]\n" text "\n" FLEET, message                      \
	}
#define POLICY(text, message)                                                  \
	{                                                                      \
		"[policy p]\noperators=*\nproviders=*\n" text "\n" FLEET,      \
		    message                                                    \
	}
static const struct {
	const char *text, *message;
} wrong[] = {
	{ "", "make a name once for the fleet with: amiral-keygen fleet NAME" },
	{ "[agent]\n", "f:1: [agent] has no 'fleet'" },
	{ "[agent]\nfleet = paris\n", "f:2: fleet: not a fleet's name" },
	{ "[agent x]\n", "f:1: write [agent]" },
	{ "[provider]\n", "f:1: write [provider NAME]" },
	{ "[policy]\n", "f:1: write [policy NAME]" },
	{ "[amiral]\n", "f:1: no section [amiral] is known" },
	ROW("colour = red\n", "f:3: [agent] knows no key 'colour'"),
	ROW("hostname = WWW\n", "f:3: hostname: not a host name"),
	ROW("hostname =\n", "f:3: hostname: not a host name"),
	ROW("groups =\n", "f:3: groups: an empty item"),
	ROW("groups = a,,b\n", "f:3: groups: an empty item"),
	ROW("groups = a,\n", "f:3: groups: an empty item"),
	ROW("groups = a b\n", "f:3: groups: 'a b' is no group"),
	ROW("host_key = host_key\n", "f:3: host_key: not an absolute path"),
	ROW("host_key =\n", "f:3: host_key: not an absolute path"),
	ROW("providers = /a, b\n", "'b' is not an absolute path"),
	ROW("audit = here\n", "f:3: audit: not an absolute path"),
	ROW("users = a\n", "f:3: users: one user"),
	ROW("users = a, a\n", "f:3: users: the same user twice"),
	ROW("users = a, b, c\n", "f:3: users: more than 2 items"),
	ROW("users = root, b\n", "f:3: users: 'root' is shared"),
	ROW("users = a, 0\n", "f:3: users: '0' is shared"),
	ROW("users = nobody, b\n", "f:3: users: 'nobody' is shared"),
	ROW("users = 007, b\n", "f:3: users: '007' is not a user"),
	ROW("users = a, B\n", "f:3: users: 'B' is not a user"),
	ROW("max_ttl = 0\n", "f:3: max_ttl: out of range"),
	ROW("max_ttl = 86401\n", "write a number from 1 to 86400"),
	ROW("max_ttl = 99999999999999999999\n", "out of range"),
	ROW("max_ttl = -1\n", "f:3: max_ttl: not a number"),
	ROW("max_ttl = 1h\n", "f:3: max_ttl: not a number"),
	ROW("max_ttl =\n", "f:3: max_ttl: not a number"),
	ROW("[redis]\nurl = rediss://h\n", "TLS is not available"),
	ROW("[redis]\nurl = h:6379\n", "f:4: url: not a Redis URL"),
	ROW("[redis]\nurl = unix://x\n", "f:4: url: not a Redis URL"),
	ROW("[redis]\nurl = redis://u:p@h\n", "password_file"),
	ROW("[redis]\nurl = redis://a b\n", "white space"),
	{ "[provider X]\n" FLEET, "f:1: 'X' is not a provider's name" },
	{ "[provider ../x]\n" FLEET, "not a provider's name" },
	PROVIDER("run_as = Root", "f:2: run_as: not a user"),
	PROVIDER("run_as = amiral-net", "own processes"),
	PROVIDER("run_as = amiral-gate", "own processes"),
	PROVIDER("timeout = 0", "write a number from 1 to 86400"),
	PROVIDER("timeout = 86401", "out of range"),
	PROVIDER("max_output = 1G", "out of range"),
	PROVIDER("memory = 1M", "out of range"),
	PROVIDER("memory = 256m", "not a size"),
	PROVIDER("memory = M", "not a size"),
	PROVIDER("memory = 99999999999999999G", "out of range"),
	/* 1G and 2^64 bytes */
	PROVIDER("memory = 17179869185G", "out of range"),
	PROVIDER("profile = loose", "not a profile"),
	PROVIDER("network = true", "neither yes nor no"),
	PROVIDER("daemon = yes", "daemon = yes needs network = yes"),
	PROVIDER("daemon = yes\nnetwork = no", "needs network = yes"),
	PROVIDER("daemon = yes\nnetwork = yes\nprofile = service",
	    "daemon = yes has profile none"),
	PROVIDER("capabilities = CAP_NET", "'CAP_NET' is no capability"),
	PROVIDER("capabilities = cap_kill", "is no capability"),
	{ "[policy p]\nproviders = x\n" FLEET, "has no 'operators'" },
	{ "[policy p]\noperators = x\n" FLEET, "has no 'providers'" },
	{ "[policy built-in]\n" FLEET, "choose another name" },
	{ "[policy p]\noperators=[a\nproviders=*\n" FLEET, "not a pattern" },
	{ "[policy p]\noperators=*,!b\nproviders=*\n" FLEET, "negates" },
	{ "[policy p]\noperators=\nproviders=*\n" FLEET, "an empty item" },
	POLICY("args =", "f:4: args: an empty item"),
	POLICY("args = name", "'name' is no condition; write NAME=GLOB"),
	POLICY("args = =x", "'=x' is no condition"),
	POLICY("args = a b=x", "'a b=x' is no condition"),
	POLICY("args = " NAME_OF_64 "b=x", "is no condition"),
	POLICY("args = name=", "f:4: args: an empty item"),
	POLICY("args = name=a||b", "f:4: args: an empty item"),
	POLICY("args = name=a,", "f:4: args: an empty item"),
	POLICY("args = name=[a", "'[a' is not a pattern"),
	POLICY("args = name=a|!b", "'!b' negates"),
	POLICY("args = name=a, name=b", "'name' stands there twice"),
	POLICY("facts = hostname", "f:4: facts: 'hostname' is no condition"),
	POLICY("facts = a=b, a=c", "'a' stands there twice"),
	POLICY("signatures = 0", "write a number from 1 to 4"),
	POLICY("signatures = 5", "f:4: signatures: out of range"),
	POLICY("signatures = two", "f:4: signatures: not a number"),
	POLICY("max_hosts = 0", "write a number from 1 to 4096"),
	POLICY("max_hosts = 4097", "f:4: max_hosts: out of range"),
	POLICY("hours =", "f:4: hours: an empty item"),
	POLICY("hours = 8:00-18:00", "'8:00-18:00' is no span of a day"),
	POLICY("hours = 08:00-8:00", "is no span of a day"),
	POLICY("hours = 08:00-18:00x", "is no span of a day"),
	POLICY("hours = 08:00", "is no span of a day"),
	POLICY("hours = 08:00-08:00", "is no span of a day"),
	POLICY("hours = 08:60-09:00", "is no span of a day"),
	POLICY("hours = 24:00-09:00", "is no span of a day"),
	POLICY("hours = 09:00-24:01", "is no span of a day"),
	POLICY("hours = 0a:00-09:00", "is no span of a day"),
	POLICY("hours = 08.00-09:00", "is no span of a day"),
	POLICY("hours = 08:00_09:00", "is no span of a day"),
	POLICY("hours = 00:00-01:00, 02:00-03:00, 04:00-05:00, 06:00-07:00, "
	       "08:00-09:00, 10:00-11:00, 12:00-13:00, 14:00-15:00, "
	       "16:00-17:00",
	    "f:4: hours: more than 8 items"),
	POLICY("jobs = own", "f:4: jobs: not 'any'"),
	POLICY("jobs =", "f:4: jobs: not 'any'"),
	POLICY("colour = x", "f:4: [policy] knows no key 'colour'"),
};

static void
test_refusals(void **state)
{
	struct agent_conf *conf = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *error = read_text(conf, wrong[i].text);

		if (strstr(error, wrong[i].message) == NULL)
			fail_msg("'%s': '%s' does not say '%s'", wrong[i].text,
			    error, wrong[i].message);
		agent_conf_free(conf);
	}
}

static void
test_audit_to_syslog(void **state)
{
	struct agent_conf *conf = *state;

	assert_string_equal(read_text(conf, FLEET "audit = syslog\n"), "");
	assert_string_equal(conf->audit, "");
}

/* A file of front, n times each (a format of one number), and back. */
static const char *
read_many(struct agent_conf *conf, const char *front, const char *each,
    unsigned n, const char *back)
{
	char *text, piece[128];
	const char *error;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	assert_non_null(file);
	fputs(front, file);
	for (unsigned i = 0; i < n; i++) {
		char number[16];

		strcpy(piece, each);
		snprintf(number, sizeof(number), "%04u", i);
		memcpy(strstr(piece, "####"), number, 4);
		fputs(piece, file);
	}
	fputs(back, file);
	assert_int_equal(fclose(file), 0);
	error = read_text(conf, text);
	agent_conf_free(conf);
	free(text);
	return error;
}

static void
test_bounds(void **state)
{
	static const struct {
		const char *front, *each, *back, *message;
		unsigned max;
	} tables[] = {
		{ FLEET "groups = a", ", g####", "\n", "more than 64 items",
		    AGENT_CONF_GROUPS - 1 },
		{ FLEET "providers = /a", ", /g####", "\n",
		    "more than 16 items", AGENT_CONF_DIRS - 1 },
		{ FLEET, "[provider p####]\n", "", "more than 256 providers",
		    AGENT_CONF_PROVIDERS },
		{ FLEET, "[policy p####]\noperators=*\nproviders=*\n", "",
		    "policies", AGENT_CONF_POLICIES - 1 },
		{ FLEET "[policy x]\nproviders=*\noperators=a", ", g####", "\n",
		    "more than 64 items", 63 },
		{ FLEET "[policy x]\nproviders=*\noperators=a\nargs=a=b",
		    ", g####=a", "\n", "more than 64 items", 63 },
		{ FLEET "[policy x]\nproviders=*\noperators=a\nfacts=a=b",
		    "|g####", "\n", "more than 64 items", 63 },
	};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		const char *error = read_many(*state, tables[i].front,
		    tables[i].each, tables[i].max, tables[i].back);

		assert_string_equal(error, "");
		error = read_many(*state, tables[i].front, tables[i].each,
		    tables[i].max + 1, tables[i].back);
		if (strstr(error, tables[i].message) == NULL)
			fail_msg("'%s'", error);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_defaults, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_every_agent_key, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_every_provider_key, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_last_capability, setup, teardown),
		cmocka_unit_test_setup_teardown(test_policy, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_policy_in_turn, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_policy_defaults, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_every_policy_key, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_built_in_policy, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    test_audit_to_syslog, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
	};

	return cmocka_run_group_tests_name("agent_conf", tests, NULL, NULL);
}
