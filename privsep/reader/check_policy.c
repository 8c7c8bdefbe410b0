/* Part of amirald-reader; runs instead of the daemon, as whoever asks. */
#include "privsep/reader/check_policy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void
check_list(const char *caption, char *const *list)
{
	printf("  %-10s", caption);
	for (; *list != NULL; list++)
		printf(" %s%s", *list, list[1] != NULL ? "," : "");
	printf("\n");
}

static void
print_conditions(const char *caption, const struct policy_condition *at)
{
	for (; at != NULL && at->name != NULL; at++) {
		printf("  %-10s %s is", caption, at->name);
		for (char *const *glob = at->globs; *glob != NULL; glob++)
			printf("%s %s", glob > at->globs ? " or" : "", *glob);
		printf("\n");
	}
}

static void
print_hours(const struct policy_conf *policy)
{
	for (unsigned i = 0; i < policy->hour_count; i++)
		printf("%s%02u:%02u-%02u:%02u", i > 0 ? ", " : "  hours      ",
		    policy->hours[i].from / 60, policy->hours[i].from % 60,
		    policy->hours[i].until / 60, policy->hours[i].until % 60);
	if (policy->hour_count > 0)
		printf(" UTC\n");
}

/* What stands there besides names and arguments. */
static void
print_others(const struct policy_conf *policy)
{
	print_conditions("if fact", policy->facts);
	print_hours(policy);
	if (policy->max_hosts > 0)
		printf("  hosts      by name, at most %" PRIu32 "\n",
		    policy->max_hosts);
	if (policy->signatures > 1)
		printf("  signed     by %" PRIu32 " of its operators\n",
		    policy->signatures);
	if (policy->any_jobs)
		printf("  jobs       also other operators'\n");
}

void
check_policy(const struct policy_conf *policy)
{
	printf("[policy %s]\n", policy->title);
	check_list("operators", policy->operators);
	check_list("providers", policy->providers);
	if (policy->args != NULL)
		printf("  arguments  only these:\n");
	print_conditions("  argument", policy->args);
	print_others(policy);
}

/* The first word that the section does not take, or NULL. */
static const char *
unwanted_word(const struct policy_conf *policy, char *const *words)
{
	for (; *words != NULL; words++) {
		size_t len = strcspn(*words, "=");
		char name[POLICY_NAME_MAX + 1] = "";

		if (len < sizeof name)
			memcpy(name, *words, len);
		if (!policy_takes(policy, name,
			(*words)[len] == '=' ? *words + len + 1 : ""))
			return *words;
	}
	return NULL;
}

/* Of the sections that name both: those that take the words, or the others. */
static unsigned
print_sections(
    const struct question *question, const struct agent_conf *conf, bool take)
{
	const struct policy_conf *policy = NULL;
	unsigned count = 0;

	while ((policy = agent_conf_policy(conf, question->operator_,
		    question->provider, policy)) != NULL) {
		const char *word = unwanted_word(policy, question->args);

		if ((word == NULL) != take)
			continue;
		count++;
		if (take) {
			printf("yes: [policy %s]\n", policy->title);
			print_others(policy);
		} else {
			printf("no: [policy %s] does not take %s\n",
			    policy->title, word);
		}
	}
	return count;
}

int
check_may(const struct question *question, const struct agent_conf *conf)
{
	if (print_sections(question, conf, true) > 0)
		return 0;
	if (print_sections(question, conf, false) == 0)
		printf("no: no policy section names both\n");
	return 1;
}
