/* Part of amirald-reader. */
#include "privsep/reader/hostname.h"

#include <ctype.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

/* What the resolver calls us; "" if it does not know. */
static void
find_canonical(const char *name, char out[static HOSTNAME_MAX + 1])
{
	const struct addrinfo hints = { .ai_flags = AI_CANONNAME,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *list;

	out[0] = '\0';
	if (getaddrinfo(name, NULL, &hints, &list) != 0)
		return;
	if (list->ai_canonname != NULL &&
	    strlen(list->ai_canonname) <= HOSTNAME_MAX)
		strcpy(out, list->ai_canonname);
	freeaddrinfo(list);
}

int
hostname_find(const char *configured, char out[static HOSTNAME_MAX + 1])
{
	char name[HOSTNAME_MAX + 1] = "", canonical[HOSTNAME_MAX + 1] = "";

	if (configured[0] == '\0') {
		if (gethostname(name, sizeof name) == -1)
			name[0] = '\0';
		name[HOSTNAME_MAX] = '\0';
		/* A name with a dot is the whole name: no need to wait. */
		if (strchr(name, '.') == NULL)
			find_canonical(name, canonical);
		configured = canonical[0] != '\0' ? canonical : name;
	}
	snprintf(out, HOSTNAME_MAX + 1, "%s", configured);
	for (char *at = out; *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
	if (!name_is_host(out)) {
		log_error("the machine's name \"%s\" is none that amiral can "
			  "use; set hostname = NAME in [agent]",
		    out);
		return -1;
	}
	return 0;
}
