/* The configuration, read and handed to amirald. Part of amirald-reader. */
#ifndef AMIRAL_READER_OFFER_H
#define AMIRAL_READER_OFFER_H

#include <stdint.h>

/*
 * gone: the capabilities that amirald has given up since it was started;
 * they do not come back, so a table that needs one is refused. The exit
 * status.
 */
int offer_run(const char *conf, uint64_t gone);

#endif
