/*
 * amirald-reader: reads the configuration for amirald, or for whoever asks
 * what it means, and ends. As root it has no capability: what it opens
 * belongs to root.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "privsep/drop.h"
#include "privsep/messages.h"
#include "privsep/reader/check.h"
#include "privsep/reader/offer.h"

static int
run_offer(int argc, char **argv)
{
	if (argc < 5)
		fatal("started without the rights that amirald has given up");
	return offer_run(argv[3], strtoull(argv[4], NULL, 16));
}

static int
run_check(int argc, char **argv)
{
	const struct question question = {
		.conf = argv[3],
		.operator_ = argc > 5 ? argv[4] : NULL,
		.provider = argc > 5 ? argv[5] : NULL,
		.args = argc > 5 ? argv + 6 : NULL,
	};

	return check_run(&question);
}

static const struct {
	const char *word;
	int (*run)(int argc, char **argv);
} tasks[] = {
	{ READER_OFFER, run_offer },
	{ READER_CHECK, run_check },
};

int
main(int argc, char **argv)
{
	log_open("amirald", LOG_LEVEL_INFO);
	if (drop_capabilities() == -1)
		fatal_errno("cannot give up capabilities");
	if (argc > 1 && strcmp(argv[1], READER_DEBUG) == 0)
		log_open("amirald", LOG_LEVEL_DEBUG);
	for (size_t i = 0; argc > 3 && i < sizeof tasks / sizeof tasks[0]; i++)
		if (strcmp(argv[2], tasks[i].word) == 0)
			return tasks[i].run(argc, argv);
	fatal("amirald starts this program; try amirald -t");
}
