/* Part of amiral-keygen: a host's key that is worth nothing any more. */
#include "ctl/hosts_edit.h"
#include "keys/keygen/keygen.h"
#include "keys/keygen/operator.h"

int
command_revoke(const struct command *self, int argc, char **argv)
{
	static const struct option options[] = { OPERATOR_OPTIONS };
	struct operator_side side = { 0 };
	int option, status = 1;

	while ((option = getopt_long(
		    argc, argv, OPERATOR_LETTERS, options, NULL)) != -1) {
		if (option == 'h')
			return keygen_help(self);
		if (!operator_option(&side, option, optarg))
			return keygen_usage(self);
	}
	if (argc - optind != 1)
		return keygen_usage(self);
	if (operator_read(&side))
		status = hosts_revoke(&side.settings, argv[optind]);
	operator_close(&side);
	return status;
}
