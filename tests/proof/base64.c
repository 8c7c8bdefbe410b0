/*
 * For Frama-C's WP: wire/verify/base64.c upon the contracts of libsodium.
 * Frama-C's own memcmp(3) also asks whether bytes are initialized, which the
 * contract of a decoder does not say.
 */
#include <string.h>

/*@
  requires \valid_read((const char *)a + (0 .. n - 1));
  requires \valid_read((const char *)b + (0 .. n - 1));
  assigns \result \from ((char *)a)[0 .. n - 1], ((char *)b)[0 .. n - 1];
*/
int proof_memcmp(const void *a, const void *b, size_t n);
#define memcmp proof_memcmp

#include "wire/verify/base64.c"
