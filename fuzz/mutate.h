/*
 * Structure-aware mutators. Bytes alone would hardly ever get behind a
 * signature, a base64 armor or a brace: these change what lies inside and
 * close it again, with the keys of cast.h.
 */
#ifndef AMIRAL_FUZZ_MUTATE_H
#define AMIRAL_FUZZ_MUTATE_H

#include "wire/verify/layout.h"

/* A JSON value changed as a tree, or (also where it is none) as bytes. */
size_t mutate_json(uint8_t *data, size_t size, size_t max, unsigned seed);
/*
 * header bytes, then an envelope: its payload changed as JSON and signed
 * again, mostly by who had signed it; or the header's bytes; or any.
 */
size_t mutate_envelope(uint8_t *data, size_t size, size_t max, unsigned seed,
    size_t header, enum envelope_kind);
/* Values with a byte between them, each changed as JSON. */
size_t mutate_parts(
    uint8_t *data, size_t size, size_t max, unsigned seed, uint8_t between);
/* An armored file: the bytes in base64 between its two lines. */
size_t mutate_armor(uint8_t *data, size_t size, size_t max, unsigned seed);

#endif
