/*
 * amirald.conf, typed. The executor and the gate read the same descriptors
 * with this one reader. Knows every key of the manual page; a key that is
 * known but not enforced yet refuses to load.
 */
#ifndef AMIRAL_BASE_AGENT_CONF_H
#define AMIRAL_BASE_AGENT_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/name.h"

#define AGENT_CONF_GROUPS    64
#define AGENT_CONF_DIRS      16
#define AGENT_CONF_PROVIDERS 256
#define AGENT_CONF_POLICIES  1024
#define USER_NAME_MAX        32
#define CONF_PATH_MAX        1024 /* bytes, with the NUL */

enum profile {
	PROFILE_NONE,
	PROFILE_SERVICE,
	PROFILE_STRICT,
};

struct provider_conf {
	char name[PROVIDER_MAX + 1];
	char run_as[USER_NAME_MAX + 1]; /* a name or a number; "nobody" */
	uint32_t timeout_s;             /* 60 */
	uint32_t max_output;            /* bytes, 1048576 */
	uint64_t memory;                /* bytes, 256 MiB */
	enum profile profile;           /* PROFILE_SERVICE */
	bool network, daemon;           /* no, no */
	bool has_capabilities; /* false: run_as root keeps root's own */
	uint64_t capabilities; /* bit CAP_x set */
};

struct policy_conf {
	char *title;      /* what stands behind "policy " */
	char **operators; /* globs, NULL-terminated */
	char **providers; /* globs, NULL-terminated */
};

/* In state_dir: the operators' list that the agent begins with. */
#define AGENT_TRUST_FILE "trust"

struct agent_conf {
	char fleet[FLEET_MAX + 1];
	char hostname[HOSTNAME_MAX + 1];     /* "" where the file names none */
	char *groups[AGENT_CONF_GROUPS + 1]; /* NULL-terminated */
	char host_key[CONF_PATH_MAX], operators[CONF_PATH_MAX],
	    facts_dir[CONF_PATH_MAX];
	char *providers[AGENT_CONF_DIRS + 1]; /* directories, NULL-terminated */
	char state_dir[CONF_PATH_MAX],
	    audit[CONF_PATH_MAX]; /* audit "" : syslog */
	char net_user[USER_NAME_MAX + 1], gate_user[USER_NAME_MAX + 1];
	char redis_url[1024], password_file[CONF_PATH_MAX]; /* "": none */
	uint32_t max_ttl_s;         /* 3600; at most 86400 */
	struct provider_conf *rows; /* the written ones */
	unsigned row_count;
	struct policy_conf *policies; /* the built-in section first */
	unsigned policy_count;
};

/*
 * Reads a parsed configuration; out is zeroed first. 0, or -1 and
 * "file:line: what, remedy". In both cases agent_conf_free() may be called.
 */
int agent_conf_read(struct agent_conf *out, const struct conf *,
    char error[static CONF_ERROR_MAX]);
void agent_conf_free(struct agent_conf *);
/* The row of that name, or the defaults under that name, into out. */
void agent_conf_provider(
    const struct agent_conf *, const char *name, struct provider_conf *out);
/* True if some policy section (the built-in one too) names the provider. */
bool agent_conf_names_provider(const struct agent_conf *, const char *name);
/* The title of the first section that lets operator use provider, or NULL. */
const char *agent_conf_allows(
    const struct agent_conf *, const char *operator_, const char *provider);

#endif
