/* amiral-keygen: its commands, and what they share. */
#ifndef AMIRAL_KEYS_KEYGEN_KEYGEN_H
#define AMIRAL_KEYS_KEYGEN_KEYGEN_H

#include <limits.h>
#include <stdbool.h>

#include "wire/verify/layout.h"

#define KEYGEN_ERROR_MAX 512

struct command {
	const char *name;
	const char *arguments; /* behind the name in the usage line */
	const char *summary;   /* one line of the list */
	const char *help;      /* the rest of --help */
	/* The process's exit status; argv[0] is the command's name. */
	int (*run)(const struct command *, int argc, char **argv);
};

int command_new(const struct command *, int argc, char **argv);
int command_show(const struct command *, int argc, char **argv);
int command_fleet(const struct command *, int argc, char **argv);
int command_token(const struct command *, int argc, char **argv);
int command_enroll(const struct command *, int argc, char **argv);
int command_pending(const struct command *, int argc, char **argv);
int command_accept(const struct command *, int argc, char **argv);
int command_reject(const struct command *, int argc, char **argv);
int command_revoke(const struct command *, int argc, char **argv);
int command_rotate(const struct command *, int argc, char **argv);
int command_trust(const struct command *, int argc, char **argv);
int command_check(const struct command *, int argc, char **argv);

/* The usage line and help of a command on stdout; returns 0. */
int keygen_help(const struct command *);
/* The usage line on stderr; returns 1. */
int keygen_usage(const struct command *);
/*
 * For commands without options: true where the arguments are at least min
 * and at most max, moved to argv[1]. Otherwise *status is the exit status.
 */
bool keygen_arguments(const struct command *, int argc, char **argv, int min,
    int max, int *status);
/* "256 SHA256:... comment (ED25519)", as ssh-keygen -l prints it. */
void keygen_print_fingerprint(const struct public_key *, const char *comment);
void keygen_print_public(const struct public_key *, const char *comment);
/* ~/.config/amiral/key; false and a message where HOME is of no use. */
bool keygen_default_path(char path[static PATH_MAX]);
/* The same for ~/.config/amiral/NAME. */
bool keygen_config_path(char path[static PATH_MAX], const char *name);
/* Makes ~/.config/amiral where it is not, for its owner alone. */
bool keygen_make_config(void);

#endif
