/*
 * Fuzz target: amirald.conf. What the reader accepts is written out section
 * by section and read again as the same; what the schema accepts is within
 * its ranges, and nobody is allowed what no section names.
 */
#include "base/conf.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/agent_conf.h"
#include "fuzz/fuzz.h"

static char *
write_conf(const struct conf *conf, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	MUST(f != NULL);
	for (const struct conf_section *s = conf->sections; s; s = s->next) {
		fprintf(
		    f, "[%s%s%s]\n", s->kind, s->title[0] ? " " : "", s->title);
		for (const struct conf_pair *p = s->pairs; p; p = p->next)
			fprintf(f, "%s=%s\n", p->key, p->value);
	}
	MUST(fclose(f) == 0);
	return text;
}

static void
check_written_again(const struct conf *conf)
{
	char error[CONF_ERROR_MAX];
	struct conf again;
	size_t len, again_len;
	char *text = write_conf(conf, &len), *text_again;

	conf_init(&again);
	MUST(conf_add(&again, "again", text, len, error) == 0);
	text_again = write_conf(&again, &again_len);
	MUST(len == again_len && memcmp(text, text_again, len) == 0);
	free(text_again);
	conf_free(&again);
	free(text);
}

static void
check_row(const struct provider_conf *row)
{
	MUST(name_is_provider(row->name));
	MUST(row->timeout_s >= 1 && row->timeout_s <= 86400);
	MUST(row->max_output >= 1024 && row->max_output <= 64U << 20);
	MUST(row->memory >= 8U << 20);
	MUST(!row->daemon || (row->network && row->profile == PROFILE_NONE));
}

static void
check_conditions(const struct policy_condition *at)
{
	for (; at != NULL && at->name != NULL; at++) {
		MUST(at->name[0] != '\0');
		MUST(strlen(at->name) <= POLICY_NAME_MAX);
		MUST(at->globs[0] != NULL && strchr(at->name, '=') == NULL);
	}
}

/* What a section demands is a demand that can be met, or none. */
static void
check_policy(const struct policy_conf *policy)
{
	static const char *const texts[] = { "", "a", "b/c", "1" };

	MUST(policy->signatures >= 1 && policy->signatures <= 4);
	MUST(policy->max_hosts <= POLICY_HOSTS_MAX);
	MUST(policy->hour_count <= POLICY_HOURS_MAX);
	for (unsigned i = 0; i < policy->hour_count; i++) {
		MUST(policy->hours[i].from < 24 * 60);
		MUST(policy->hours[i].until <= 24 * 60);
		MUST(policy->hours[i].from != policy->hours[i].until);
	}
	check_conditions(policy->args);
	check_conditions(policy->facts);
	for (unsigned i = 0; i < 4; i++)
		if (policy->args != NULL &&
		    policy_takes(policy, "name", texts[i]))
			MUST(policy->args[0].name != NULL);
}

static bool
allows(const struct agent_conf *conf, const char *provider)
{
	return agent_conf_policy(conf, "alice@x", provider, NULL) != NULL;
}

static void
check_agent(const struct agent_conf *conf)
{
	static const char *const providers[] = { "ping", "run", "shell", "a" };

	MUST(name_is_fleet(conf->fleet));
	MUST(conf->hostname[0] == '\0' || name_is_host(conf->hostname));
	MUST(conf->max_ttl_s >= 1 && conf->max_ttl_s <= 86400);
	MUST(conf->host_key[0] == '/' && conf->operators[0] == '/');
	MUST(conf->policy_count >= 1);
	for (unsigned i = 0; i < conf->row_count; i++)
		check_row(&conf->rows[i]);
	for (unsigned i = 0; i < 4; i++)
		if (allows(conf, providers[i]))
			MUST(agent_conf_names_provider(conf, providers[i]));
	MUST(allows(conf, "ping"));
	for (unsigned i = 0; i < conf->policy_count; i++)
		check_policy(&conf->policies[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct agent_conf agent;
	char error[CONF_ERROR_MAX] = "";
	struct conf conf;

	fuzz_prepare();
	conf_init(&conf);
	if (conf_add(&conf, "file", (const char *)data, size, error) == 0) {
		check_written_again(&conf);
		error[0] = '\0';
		if (agent_conf_read(&agent, &conf, error) == 0)
			check_agent(&agent);
		else
			MUST(error[0] != '\0');
		agent_conf_free(&agent);
	} else {
		MUST(strncmp(error, "file:", 5) == 0);
	}
	conf_free(&conf);
	return 0;
}
