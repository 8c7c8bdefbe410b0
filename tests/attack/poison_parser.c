/*
 * Linked into a gate that is otherwise the real one: its parser of requests
 * has a bug, and who knows the word can crash it.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/request.h"

static const char word[] = "poison-for-the-gate";

enum status __real_request_parse(
    const uint8_t *payload, size_t len, struct request *out);
enum status __wrap_request_parse(
    const uint8_t *payload, size_t len, struct request *out);

enum status
__wrap_request_parse(const uint8_t *payload, size_t len, struct request *out)
{
	if (memmem(payload, len, word, sizeof(word) - 1) != NULL)
		abort();
	return __real_request_parse(payload, len, out);
}
