/*
 * amiral: one question to the hosts and everything that stands behind it,
 * shared by the commands that ask (commands.c) and the one that signs what
 * another asks (cosign_command.c).
 */
#ifndef AMIRAL_CTL_QUESTION_H
#define AMIRAL_CTL_QUESTION_H

#include "ctl/ask.h"
#include "ctl/commands.h"
#include "ctl/confirm.h"
#include "ctl/run.h"
#include "ctl/views.h"

struct question {
	const struct call *call;
	enum view_kind kind;
	const char *provider;
	const char *fact; /* of VIEW_FACTS, or NULL */
	struct settings settings;
	struct description description;
	json_t *args;
	struct engine *engine;
	struct known_hosts *known;
	struct targets targets;
	struct signer *signer;
	char operator_[PRINCIPAL_MAX + 1]; /* who signs here */
	struct request request;            /* its root is not owned */
	struct seal_pair pair;
	struct ask ask;
};

/* The known hosts, with those that bear a certificate. False, a message. */
bool question_known(struct question *, char error[static CTL_ERROR_MAX]);
/* The operator's key and name. False and a message. */
bool question_signer(struct question *, char error[static CTL_ERROR_MAX]);
/* Sends it, shows the answers: the exit status, which was explained. */
int question_perform(struct question *, char error[static CTL_ERROR_MAX]);
/* Says that no host is meant; the exit status. */
int question_nobody(const struct question *);
void question_clear(struct question *);

#endif
