/* The charsets of names: what is not in them is refused, never normalised. */
#ifndef AMIRAL_BASE_NAME_H
#define AMIRAL_BASE_NAME_H

#include <stdbool.h>

#define HOSTNAME_MAX  253
#define PRINCIPAL_MAX 255
#define FLEET_MAX     73 /* 64 of the name, '-', 8 hexadecimal digits */
#define PROVIDER_MAX  63
#define UUID_LEN      36

/* [a-z0-9.-], labels of 1 to 63, none starts or ends with '-', no final dot. */
bool name_is_host(const char *);
/* Printable ASCII without space, comma, quotes, backslash, '*', '?', '!'. */
bool name_is_principal(const char *);
/* [a-z0-9-]{1,64}, '-', 8 lower-case hexadecimal digits. */
bool name_is_fleet(const char *);
/* [a-z][a-z0-9-]{0,62}: also a file name without any path in it. */
bool name_is_provider(const char *);
/* Version 4, lower case, 8-4-4-4-12. */
bool name_is_uuid(const char *);

#endif
