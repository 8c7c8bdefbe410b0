/* amirald, but for where it finds gate and net: the first two arguments. */
#include <stdlib.h>

#include "base/log.h"
#include "privsep/executor/check.h"
#include "privsep/executor/executor.h"
#include "privsep/executor/options.h"

int
main(int argc, char **argv)
{
	struct executor executor = { .gate_path = argv[1],
		.net_path = argv[2] };
	struct options options;
	int result;

	if (argc < 3)
		return 2;
	log_open("amirald", LOG_LEVEL_DEBUG);
	options_read(&options, argc - 2, argv + 2);
	executor_clean_up();
	if (options.check)
		return check_run(&options);
	executor.conf = options.conf;
	executor_prepare(&executor);
	executor_lock_down(&executor);
	result = executor_serve(&executor);
	executor_end(&executor);
	return result;
}
