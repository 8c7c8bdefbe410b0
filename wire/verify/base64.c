/* Strict base64. Part of every process that reads what others wrote. */
#include "wire/verify/base64.h"

#include <sodium.h>
#include <string.h>

#define PIECE_BYTES 48
#define PIECE_TEXT  64

/*
 * The decoder refuses stray bits and missing padding already; writing the
 * text anew proves it, whatever a libsodium of another day accepts.
 */
/*@
  requires \valid_read(bytes + (0 .. n - 1));
  requires \valid_read(text + (0 .. len - 1));
  assigns \nothing;
*/
static bool
is_canonical(const uint8_t *bytes, size_t n, const char *text, size_t len)
{
	char again[PIECE_TEXT + 1];
	size_t at, piece, written;

	/*@
	  loop invariant at <= n && written <= len;
	  loop assigns at, piece, written, again[0 .. PIECE_TEXT];
	  loop variant n - at;
	*/
	for (at = 0, written = 0; at < n; at += piece) {
		piece = n - at < PIECE_BYTES ? n - at : PIECE_BYTES;
		sodium_bin2base64(again, sizeof(again), bytes + at, piece,
		    sodium_base64_VARIANT_ORIGINAL);
		size_t wrote = strlen(again);
		if (wrote > len - written ||
		    memcmp(again, text + written, wrote) != 0)
			return false;
		written += wrote;
	}
	return written == len;
}

/*@
  requires \valid(dst + (0 .. size - 1));
  requires \valid_read(text + (0 .. len - 1));
  requires \valid(n) && \separated(n, dst + (0 .. size - 1));
  requires \separated(dst + (0 .. size - 1), text + (0 .. len - 1));
  assigns dst[0 .. size - 1], *n;
  ensures \result ==> *n <= size;
  ensures !\result ==> *n == \old(*n);
*/
bool
base64_decode(
    uint8_t *dst, size_t size, const char *text, size_t len, size_t *n)
{
	size_t decoded;
	const char *end;

	if (sodium_base642bin(dst, size, text, len, NULL, &decoded, &end,
		sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    end != text + len || !is_canonical(dst, decoded, text, len))
		return false;
	*n = decoded;
	return true;
}
