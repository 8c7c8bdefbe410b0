/* Part of amirald-reader; runs instead of the daemon, as whoever asks. */
#include "privsep/reader/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "privsep/reader/check_policy.h"
#include "privsep/reader/conf_files.h"
#include "privsep/reader/reading.h"
#include "privsep/reader/rights.h"

static const char *const profile_names[] = {
	[PROFILE_NONE] = "none",
	[PROFILE_SERVICE] = "service",
	[PROFILE_STRICT] = "strict",
};

static void
print_rights(const struct reading *s, bool root)
{
	char text[RIGHTS_TEXT_MAX];

	rights_text(rights_needed(&s->table), text);
	if (root)
		printf("  amirald    keeps %s\n", text);
}

static void
print_agent(const struct agent_conf *conf, const struct reading *s, bool root)
{
	printf("[agent]\n");
	printf("  fleet      %s\n", conf->fleet);
	printf("  hostname   %s\n", s->hostname);
	check_list("groups", conf->groups);
	printf("  redis      %s%s\n", conf->redis_url,
	    conf->password_file[0] != '\0' ? " (with a password)" : "");
	if (root)
		printf("  users      net %s (%u), gate %s (%u)\n",
		    conf->net_user, (unsigned)s->net.uid, conf->gate_user,
		    (unsigned)s->gate.uid);
	else
		printf("  users      all processes run as uid %u\n",
		    (unsigned)geteuid());
	printf("  audit      %s\n",
	    conf->audit[0] != '\0' ? conf->audit : "syslog");
}

static void
print_provider(const struct provider *row)
{
	const struct provider_conf *conf = &row->conf;

	printf("[provider %s]\n  runs       %s as %s\n", conf->name, row->path,
	    conf->run_as);
	printf("  limits     %" PRIu32 " s, %" PRIu32 " bytes of output",
	    conf->timeout_s, conf->max_output);
	if (conf->daemon)
		printf("; what it starts may stay\n");
	else
		printf(", %" PRIu64 " MiB, profile %s%s\n",
		    conf->memory / (1024 * 1024), profile_names[conf->profile],
		    conf->network ? " with network" : "");
	if (conf->has_capabilities)
		printf("  keeps      capabilities %#" PRIx64 "\n",
		    conf->capabilities);
}

static int
report(const struct question *question, const struct agent_conf *conf,
    const struct reading *s, bool root)
{
	if (question->operator_ != NULL)
		return check_may(question, conf);
	print_agent(conf, s, root);
	print_rights(s, root);
	for (unsigned i = 0; i < s->table.count; i++)
		print_provider(&s->table.rows[i]);
	for (unsigned i = 0; i < conf->policy_count; i++)
		check_policy(&conf->policies[i]);
	printf("%s is good\n", question->conf);
	return 0;
}

int
check_run(const struct question *question)
{
	struct file_set set = { 0 };
	struct reading *s = NULL;
	struct agent_conf *conf;
	bool root = geteuid() == 0;
	int result = 1;

	if ((conf = conf_files_read(question->conf, &set)) != NULL)
		s = reading_make(conf, &set, root);
	if (s != NULL)
		result = report(question, conf, s, root);
	reading_free(s);
	file_set_free(&set);
	conf_files_free(conf);
	return fflush(stdout) == 0 ? result : 1;
}
