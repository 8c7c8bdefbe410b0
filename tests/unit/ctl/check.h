/* For the tests of amiral: cmocka with what it needs, and messages. */
#ifndef AMIRAL_TESTS_UNIT_CTL_CHECK_H
#define AMIRAL_TESTS_UNIT_CTL_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* error holds part: a message names the field, or the remedy. */
#define assert_says(error, part)                                               \
	do {                                                                   \
		if (strstr((error), (part)) == NULL)                           \
			fail_msg("'%s' does not say '%s'", (error), (part));   \
	} while (0)

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

#endif
