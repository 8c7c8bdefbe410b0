/* amirald: the parent of all on a host, and the only one that may be root. */
#include <stdlib.h>

#include "base/log.h"
#include "config.h"
#include "privsep/executor/executor.h"
#include "privsep/executor/reader_link.h"

int
main(int argc, char **argv)
{
	struct executor executor = {
		.gate_path = AMIRAL_LIBEXECDIR "/amirald-gate",
		.net_path = AMIRAL_LIBEXECDIR "/amiral-net",
		.reader_path = AMIRAL_LIBEXECDIR "/amirald-reader",
		.reading_ms = 60000, /* a resolver may take half of that */
		.ready_ms = 60000,   /* and a gate's first facts */
	};
	struct options options;
	int result;

	log_open("amirald", LOG_LEVEL_INFO);
	options_read(&options, argc, argv);
	if (options.debug)
		log_open("amirald", LOG_LEVEL_DEBUG);
	executor_clean_up();
	if (options.check)
		reader_check(executor.reader_path, &options);
	executor.conf = options.conf;
	executor.debug = options.debug;
	executor_prepare(&executor);
	/* From here on some system calls are gone, for every child too. */
	executor_lock_down(&executor);
	result = executor_serve(&executor);
	executor_end(&executor);
	return result;
}
