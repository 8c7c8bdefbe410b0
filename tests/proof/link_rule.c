/*
 * For Frama-C's WP: a frame that privsep/link.c lets through obeys its rule.
 * What snprintf(3) writes is no part of that; that it may is Eva's business.
 */
#include "tests/proof/link_includes.h"

/*@
  requires \valid(s + (0 .. n - 1));
  assigns s[0 .. n - 1];
*/
void proof_snprintf(char *s, size_t n);
#define snprintf(s, n, ...) proof_snprintf(s, n)

#include "privsep/link.c"
