/* amirald -t: what the configuration means, and who may do what. */
#ifndef AMIRAL_READER_CHECK_H
#define AMIRAL_READER_CHECK_H

#include "privsep/reader/question.h"

/* The exit status: 0 if it is good (with --may: if the answer is yes). */
int check_run(const struct question *);

#endif
