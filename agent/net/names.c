/* Part of amiral-net: names of keys and channels. */
#include "agent/net/names.h"

#include <stdio.h>

#include "base/log.h"

void
name_make(
    struct name *out, const char *fleet, const char *what, const char *suffix)
{
	int n = snprintf(
	    out->text, sizeof out->text, "amiral:%s:%s%s", fleet, what, suffix);

	if (n < 0 || (size_t)n >= sizeof out->text)
		fatal("a key of %d bytes does not fit", n);
	out->len = (size_t)n;
}

struct conn_arg
name_arg(const struct name *name)
{
	return (struct conn_arg){ name->text, name->len };
}
