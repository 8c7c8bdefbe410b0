/* amiral: what is said and asked before something with effects is signed. */
#ifndef AMIRAL_CTL_CONFIRM_H
#define AMIRAL_CTL_CONFIRM_H

#include "ctl/description.h"
#include "ctl/settings.h"
#include "ctl/targets.h"

struct confirm_what {
	const struct options *options;
	const struct settings *settings;
	const struct description *description;
	const json_t *args;
	const struct targets *targets;
	size_t known; /* hosts */
};

/* Whether somebody can be asked: on standard input and error. */
bool confirm_terminal(void);
/* Behind a question on standard error: true for an answer that says yes. */
bool confirm_yes(void);
/* Side effects need TARGETS, or -a. */
bool confirm_has_targets(const struct description *, const struct options *,
    char error[static CTL_ERROR_MAX]);
/* Side effects on every host: asks once on a terminal, unless -y. */
bool confirm_all(const struct confirm_what *, char error[static CTL_ERROR_MAX]);
/*
 * What is about to be signed, exactly, where a key outside of this process
 * (ssh-agent, a token to touch) signs it and somebody watches.
 */
void confirm_announce(const struct confirm_what *);

#endif
