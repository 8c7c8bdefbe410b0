/*
 * For Frama-C's Eva: a blob of any bytes, of every length that the decoder
 * can give, for every kind. It ends where the array ends, so that one byte
 * more is out of bounds.
 */
#include <__fc_builtin.h>

#include "wire/verify/layout.c"

static uint8_t store[SSHSIG_BLOB_MAX];

int
main(void)
{
	struct signature sig = { .flags = 0 };

	Frama_C_make_unknown((char *)store, sizeof store);
	for (size_t len = 0; len <= SSHSIG_BLOB_MAX; len++)
		for (int kind = 0; kind < ENVELOPE_KINDS; kind++)
			layout_blob(store + SSHSIG_BLOB_MAX - len, len,
			    (enum envelope_kind)kind, &sig);
	return 0;
}
