/* Part of the gate: see letter.h. */
#include "agent/gate/letter.h"

#include <stdlib.h>
#include <string.h>

struct letter *
letter_new(const uint8_t *bytes, size_t len)
{
	struct letter *letter = malloc(sizeof(*letter) + len);

	if (letter == NULL)
		return NULL;
	*letter = (struct letter){ .holders = 1, .len = len };
	memcpy(letter->bytes, bytes, len);
	return letter;
}

struct letter *
letter_hold(struct letter *letter)
{
	letter->holders++;
	return letter;
}

void
letter_release(struct letter *letter)
{
	if (--letter->holders == 0)
		free(letter);
}
