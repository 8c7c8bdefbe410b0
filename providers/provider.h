/*
 * What the shipped C providers share: arguments in, one JSON object out.
 * Part of each of them and of no other process; they run as anybody, without
 * a locale, under a profile of the executor.
 */
#ifndef AMIRAL_PROVIDERS_PROVIDER_H
#define AMIRAL_PROVIDERS_PROVIDER_H

#include <jansson.h>

#define PROVIDER_ARGS_MAX 65536 /* bytes of JSON on stdin */

/* Once, before the first object: names the log lines, seeds jansson. */
void provider_start(const char *name);
/* The object on stdin, {} where there is nothing. Bad input ends with 2. */
json_t *provider_read_args(void);
/* "argument NAME WHAT" on stderr, exit status 2. */
_Noreturn void provider_refuse(const char *name, const char *what);
/* object.name = value, whose reference is taken. Fatal when out of memory. */
void provider_set(json_t *object, const char *name, json_t *value);
void provider_append(json_t *array, json_t *value);
json_t *provider_object(void);
json_t *provider_array(void);
/* One line on stdout; frees the object. Returns the exit status. */
int provider_print(json_t *object);

#endif
