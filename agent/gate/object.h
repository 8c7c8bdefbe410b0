/*
 * Part of the gate. A provider's result: strict JSON, an object, and no
 * deeper than a reply or a hello may hold it.
 */
#ifndef AMIRAL_AGENT_GATE_OBJECT_H
#define AMIRAL_AGENT_GATE_OBJECT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* The caller's reference, or NULL. */
json_t *object_read(const uint8_t *bytes, size_t len);
/* Bytes of it as the gate writes JSON. */
size_t object_size(const json_t *);

#endif
