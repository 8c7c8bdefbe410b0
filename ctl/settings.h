/*
 * amiral: where Redis, keys and hosts are, and for whom. Flags beat the
 * environment (AMIRAL_*), which beats the section [amiral] of
 * ~/.config/amiral/amiral.conf, which beats /etc/amiral/amiral.conf.
 */
#ifndef AMIRAL_CTL_SETTINGS_H
#define AMIRAL_CTL_SETTINGS_H

#include <stdbool.h>

#include "ctl/options.h"

#define PASSWORD_MAX 512

/* Allocated texts. */
struct settings {
	char *redis, *fleet; /* fleet is a valid name */
	char *key, *known_hosts;
	char *operator_;     /* NULL: the key's comment */
	char *password_file; /* NULL: none */
	char *cache; /* the directory of the caches of hellos, or NULL */
};

/* False and a message with the remedy; settings_clear() may follow both. */
bool settings_read(struct settings *out, const struct options *,
    char error[static CTL_ERROR_MAX]);
/* The bytes of password_file up to its newline; "" where there is none. */
bool settings_password(const struct settings *,
    char password[static PASSWORD_MAX], char error[static CTL_ERROR_MAX]);
void settings_clear(struct settings *);

#endif
