/*
 * Strict base64 (RFC 4648 section 4): padding required, no white space, and
 * one text only for each sequence of bytes. Part of every process that
 * reads what others wrote.
 */
#ifndef AMIRAL_WIRE_VERIFY_BASE64_H
#define AMIRAL_WIRE_VERIFY_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decodes text into at most size bytes of dst; true and *n on success. On
 * failure *n is untouched and dst undefined.
 */
bool base64_decode(
    uint8_t *dst, size_t size, const char *text, size_t len, size_t *n);

#endif
