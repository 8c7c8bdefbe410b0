/* Part of amirald-reader. */
#include "privsep/reader/reading.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/log.h"
#include "base/slurp.h"
#include "privsep/reader/audit_open.h"
#include "privsep/reader/conf_files.h"
#include "privsep/reader/hostname.h"

#define NET_CONFIG_MAX 4096
#define PASSWORD_MAX   1024
#define SUFFIX_MAX     16

static int
find_user(const char *which, const char *name, struct identity *out)
{
	char error[IDENTITY_ERROR_MAX];

	if (identity_find(name, out, error) == -1) {
		log_error("[agent] users: %s: %s", which, error);
		return -1;
	}
	if (out->uid != 0)
		return 0;
	log_error("[agent] users: %s must not be root", which);
	return -1;
}

/* One user's process could be traced by another of the same user. */
static int
find_users(struct reading *s, const struct agent_conf *conf)
{
	if (find_user("net", conf->net_user, &s->net) == -1 ||
	    find_user("gate", conf->gate_user, &s->gate) == -1)
		return -1;
	if (s->net.uid == s->gate.uid) {
		log_error("[agent] users: net and gate must be two users");
		return -1;
	}
	for (unsigned i = 0; i < s->table.count; i++) {
		const struct provider *row = &s->table.rows[i];

		if (row->who.uid != s->net.uid && row->who.uid != s->gate.uid)
			continue;
		log_error("[provider %s] run_as: %s is the user of the gate or "
			  "of net; choose another",
		    row->conf.name, row->conf.run_as);
		return -1;
	}
	return 0;
}

/* Files beside the host key, which most hosts do not have. */
static const struct companion {
	const char *suffix;
	enum gate_file kind;
	enum file_rule rule;
} companions[] = {
	{ "-cert.pub", GATE_FILE_CERTIFICATE, FILE_TRUSTED },
	{ ".new", GATE_FILE_NEXT_KEY, FILE_SECRET },
};

static int
open_companion(
    struct reading *s, const char *host_key, const struct companion *row)
{
	char path[PATH_MAX + SUFFIX_MAX];

	snprintf(path, sizeof path, "%s%s", host_key, row->suffix);
	if (access(path, F_OK) == -1 && errno == ENOENT)
		return 0;
	return file_set_open(&s->files, row->kind, path, path, row->rule,
		   FILE_KEY_MAX) == -1
		   ? -1
		   : 0;
}

static int
open_companions(struct reading *s, const char *host_key)
{
	for (size_t i = 0; i < sizeof companions / sizeof companions[0]; i++)
		if (open_companion(s, host_key, &companions[i]) == -1)
			return -1;
	return 0;
}

static int
open_keys(struct reading *s, const struct agent_conf *conf)
{
	if (file_set_open(&s->files, GATE_FILE_HOST_KEY, conf->host_key,
		conf->host_key, FILE_SECRET, FILE_KEY_MAX) == -1)
		return -1;
	if (file_set_open(&s->files, GATE_FILE_OPERATORS, conf->operators,
		conf->operators, FILE_TRUSTED, FILE_TRUST_MAX) == -1)
		return -1;
	return open_companions(s, conf->host_key);
}

/* The first line of the file; "" where none is named. */
static int
read_password(const char *path, char out[static PASSWORD_MAX + 1])
{
	char error[FILE_ERROR_MAX];
	long len;
	int fd;

	out[0] = '\0';
	if (path[0] == '\0')
		return 0;
	if ((fd = file_open(path, FILE_SECRET, PASSWORD_MAX, error)) == -1) {
		log_error("%s", error);
		return -1;
	}
	len = slurp_into(fd, out, PASSWORD_MAX);
	close(fd);
	if (len == -1) {
		log_error("%s: %s", path, strerror(errno));
		return -1;
	}
	out[len] = '\0';
	out[strcspn(out, "\n")] = '\0';
	return 0;
}

static int
make_net_config(struct reading *s, const struct agent_conf *conf)
{
	char password[PASSWORD_MAX + 1];
	uint8_t body[NET_CONFIG_MAX];
	struct writer w;

	if (read_password(conf->password_file, password) == -1)
		return -1;
	writer_init(&w, body, sizeof body);
	writer_text(&w, conf->redis_url);
	writer_text(&w, password);
	writer_text(&w, conf->fleet);
	writer_text(&w, s->hostname);
	explicit_bzero(password, sizeof password);
	if (!writer_done(&w) || (s->net_config = malloc(w.used)) == NULL)
		fatal("configuration of net");
	memcpy(s->net_config, body, w.used);
	s->net_config_len = w.used;
	explicit_bzero(body, sizeof body);
	return 0;
}

static int
fill(struct reading *s, const struct agent_conf *conf, bool root)
{
	if (hostname_find(conf->hostname, s->hostname) == -1)
		return -1;
	if (open_keys(s, conf) == -1)
		return -1;
	if (provider_table_load(&s->table, conf, root, &s->files) == -1)
		return -1;
	if (root && find_users(s, conf) == -1)
		return -1;
	if (make_net_config(s, conf) == -1)
		return -1;
	s->state_dir = strdup(conf->state_dir);
	s->facts_dir = strdup(conf->facts_dir);
	if (s->state_dir == NULL || s->facts_dir == NULL)
		fatal_errno("configuration");
	return audit_open(conf->audit, &s->audit);
}

struct reading *
reading_make(const struct agent_conf *conf, struct file_set *set, bool root)
{
	struct reading *s;

	if ((s = calloc(1, sizeof *s)) == NULL)
		fatal_errno("configuration");
	s->audit = AUDIT_SYSLOG;
	s->files = *set;
	*set = (struct file_set){ 0 };
	if (fill(s, conf, root) == 0)
		return s;
	reading_free(s);
	return NULL;
}

struct reading *
reading_load(const char *path, bool root)
{
	struct file_set set = { 0 };
	struct reading *s = NULL;
	struct agent_conf *conf;

	if ((conf = conf_files_read(path, &set)) != NULL)
		s = reading_make(conf, &set, root);
	file_set_free(&set);
	conf_files_free(conf);
	return s;
}

void
reading_free(struct reading *s)
{
	if (s == NULL)
		return;
	file_set_free(&s->files);
	provider_table_free(&s->table);
	identity_free(&s->net);
	identity_free(&s->gate);
	if (s->net_config != NULL)
		explicit_bzero(s->net_config, s->net_config_len);
	free(s->net_config);
	free(s->state_dir);
	free(s->facts_dir);
	audit_close(s->audit);
	free(s);
}
