/* Part of amirald-reader. */
#include "privsep/reader/identity.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
find_number(const char *user, struct identity *out)
{
	unsigned long number;
	char *end;

	if (user[strspn(user, "0123456789")] != '\0')
		return -1;
	errno = 0;
	number = strtoul(user, &end, 10);
	/* The last one means "leave it" to the kernel. */
	if (end == user || errno != 0 || number >= UINT_MAX)
		return -1;
	*out = (struct identity){ .uid = (uid_t)number, .gid = (gid_t)number };
	return 0;
}

static int
find_groups(const struct passwd *entry, struct identity *out)
{
	int count = 0;
	gid_t *groups;

	/* The first call only tells how many there are. */
	getgrouplist(entry->pw_name, entry->pw_gid, NULL, &count);
	if (count < 1 || count > NGROUPS_MAX)
		return -1;
	if ((groups = calloc((size_t)count, sizeof *groups)) == NULL)
		return -1;
	if (getgrouplist(entry->pw_name, entry->pw_gid, groups, &count) == -1) {
		free(groups);
		return -1;
	}
	*out = (struct identity){ .uid = entry->pw_uid,
		.gid = entry->pw_gid,
		.groups = groups,
		.count = (size_t)count };
	return 0;
}

int
identity_find(const char *user, struct identity *out,
    char error[static IDENTITY_ERROR_MAX])
{
	const struct passwd *entry;

	if (find_number(user, out) == 0)
		return 0;
	if ((entry = getpwnam(user)) == NULL) {
		snprintf(error, IDENTITY_ERROR_MAX,
		    "there is no user %s; run: useradd --system --shell "
		    "/usr/sbin/nologin %s",
		    user, user);
		return -1;
	}
	if (find_groups(entry, out) == 0)
		return 0;
	snprintf(
	    error, IDENTITY_ERROR_MAX, "the groups of %s cannot be read", user);
	return -1;
}

void
identity_free(struct identity *who)
{
	free(who->groups);
	*who = (struct identity){ 0 };
}
