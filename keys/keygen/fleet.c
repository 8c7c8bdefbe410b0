/* Part of amiral-keygen: a fleet's name. */
#include <sodium.h>
#include <stdio.h>

#include "base/log.h"
#include "base/name.h"
#include "keys/keygen/keygen.h"

int
command_fleet(const struct command *self, int argc, char **argv)
{
	char name[FLEET_MAX + 1];
	int n, status;

	if (!keygen_arguments(self, argc, argv, 1, 1, &status))
		return status;
	n = snprintf(
	    name, sizeof(name), "%s-%08x", argv[1], randombytes_random());
	if (n < 0 || n >= (int)sizeof(name) || !name_is_fleet(name)) {
		log_error(
		    "%.80s: use 1 to 64 lower-case letters, digits and dashes",
		    argv[1]);
		return 1;
	}
	printf("%s\n", name);
	return 0;
}
