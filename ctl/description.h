/*
 * amiral: what this machine knows of a provider (libexec/NAME.json), and
 * the arguments of the command line judged by it. The hosts judge again.
 */
#ifndef AMIRAL_CTL_DESCRIPTION_H
#define AMIRAL_CTL_DESCRIPTION_H

#include <jansson.h>
#include <stdbool.h>

#include "base/name.h"
#include "ctl/options.h"

#define DESCRIPTION_MAX 65536 /* bytes of a file */

struct description {
	char name[PROVIDER_MAX + 1];
	bool side_effects; /* true where nothing is known */
	json_t *root;      /* NULL: no description on this machine */
};

/* A missing file is no error, a broken one is: false and a message. */
bool description_load(struct description *out, const char *name,
    char error[static CTL_ERROR_MAX]);
/* From text; file stands in messages alone. */
bool description_parse(struct description *out, const char *name,
    const char *file, const char *text, size_t len,
    char error[static CTL_ERROR_MAX]);
void description_clear(struct description *);
/* The member of a result that tells all on one line, or NULL. */
const char *description_summary(const struct description *);
/* What it does and takes. */
void description_help(const struct description *, FILE *);

/*
 * Words KEY=VALUE (a string) and KEY:=JSON as an object. The caller's
 * reference, or NULL and a message.
 */
json_t *arguments_read(
    const char *const *words, unsigned n, char error[static CTL_ERROR_MAX]);
/* Whether the provider takes them; false and a message with the remedy. */
bool arguments_check(const struct description *, const json_t *args,
    char error[static CTL_ERROR_MAX]);

#endif
