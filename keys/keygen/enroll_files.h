/*
 * Part of amiral-keygen: what enrolling leaves on a host: the operators' list
 * that it saw, its key, whom it lets sign lists, and amirald.conf, which comes
 * last. Except for an older list, a file that
 * is there is never overwritten: the same content counts as written, so that
 * an enrollment that was cut short can be run again.
 */
#ifndef AMIRAL_KEYS_KEYGEN_ENROLL_FILES_H
#define AMIRAL_KEYS_KEYGEN_ENROLL_FILES_H

#include <limits.h>

#include "keys/keygen/enroll_list.h"
#include "keys/secret.h"
#include "keys/token.h"
#include "wire/trust.h"

#define ENROLL_SETTINGS_MAX 16

struct enroll_place {
	const char *directory;
	const char *ssh_key; /* to be used where it is, or NULL */
	const char *redis;   /* for amirald; NULL: the token's */
	char *password_file; /* for it, or NULL */
	const char *set[ENROLL_SETTINGS_MAX]; /* NAME=VALUE, of [agent] */
	unsigned set_count;
};

struct enroll_files {
	char hostname[HOSTNAME_MAX + 1];
	struct public_key pinned; /* of who signed the list */
	struct enroll_list list;  /* the caller's part is there */
	/* Made by enroll_files_prepare(). */
	char host_key[PATH_MAX], operators[PATH_MAX], conf[PATH_MAX];
	struct secret_key secret;
	bool new_key; /* secret is not on the disk yet */
	char *operators_text, *conf_text;
};

/*
 * hostname, pinned and list are there. Makes or reads the host key and builds
 * the texts; writes nothing. False and a logged message.
 */
bool enroll_files_prepare(
    struct enroll_files *, const struct enroll_place *, const struct token *);
bool enroll_files_write(const struct enroll_files *);
void enroll_files_clear(struct enroll_files *);

#endif
