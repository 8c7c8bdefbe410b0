/* amirald, but for where it finds gate, net and reader: the first three
 * arguments. */
#include <stdlib.h>

#include "base/log.h"
#include "privsep/executor/executor.h"
#include "privsep/executor/reader_link.h"

/* As amirald has it, but for the test of the bound. */
static int64_t
limit(const char *name)
{
	const char *text = getenv(name);

	return text != NULL ? atoi(text) : 60000;
}

int
main(int argc, char **argv)
{
	struct executor executor = { .gate_path = argv[1],
		.net_path = argv[2],
		.reader_path = argv[3],
		.reading_ms = limit("AMIRAL_TEST_READING_MS"),
		.ready_ms = limit("AMIRAL_TEST_READY_MS"),
		.debug = true };
	struct options options;
	int result;

	if (argc < 4)
		return 2;
	log_open("amirald", LOG_LEVEL_DEBUG);
	options_read(&options, argc - 3, argv + 3);
	executor_clean_up();
	if (options.check)
		reader_check(executor.reader_path, &options);
	executor.conf = options.conf;
	executor_prepare(&executor);
	executor_lock_down(&executor);
	result = executor_serve(&executor);
	executor_end(&executor);
	return result;
}
