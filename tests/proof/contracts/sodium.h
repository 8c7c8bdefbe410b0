/*
 * What base64.c may count on from libsodium, and no more: neither that the
 * decoder is strict, nor that what it decodes fits the length of the text.
 */
#ifndef AMIRAL_TESTS_PROOF_SODIUM_H
#define AMIRAL_TESTS_PROOF_SODIUM_H

#include <stddef.h>
#include <string.h>

#define sodium_base64_VARIANT_ORIGINAL 1

/*@
  requires \valid_read(bin + (0 .. bin_len - 1));
  requires b64_maxlen > (bin_len + 2) / 3 * 4;
  requires \valid(b64 + (0 .. b64_maxlen - 1));
  requires \separated(b64 + (0 .. b64_maxlen - 1), bin + (0 .. bin_len - 1));
  assigns \result \from b64;
  assigns b64[0 .. b64_maxlen - 1] \from bin[0 .. bin_len - 1];
  ensures valid_read_string(b64);
  ensures \result == b64;
  ensures strlen(b64) == (bin_len + 2) / 3 * 4;
*/
char *sodium_bin2base64(char *b64, size_t b64_maxlen, const unsigned char *bin,
    size_t bin_len, int variant);

/*@
  requires \valid(bin + (0 .. bin_maxlen - 1));
  requires \valid_read(b64 + (0 .. b64_len - 1));
  requires \valid(bin_len) && \valid(b64_end) && ignore == \null;
  assigns \result, bin[0 .. bin_maxlen - 1], *bin_len
      \from b64[0 .. b64_len - 1];
  assigns *b64_end \from b64;
  ensures *bin_len <= bin_maxlen;
  ensures b64 <= *b64_end <= b64 + b64_len;
*/
int sodium_base642bin(unsigned char *bin, size_t bin_maxlen, const char *b64,
    size_t b64_len, const char *ignore, size_t *bin_len, const char **b64_end,
    int variant);

#endif
