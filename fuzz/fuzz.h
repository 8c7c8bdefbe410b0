/*
 * What the fuzz targets share. Part of no process: a target is a program of
 * its own, driven by libFuzzer, by AFL++, or by replay.c over its corpus.
 */
#ifndef AMIRAL_FUZZ_FUZZ_H
#define AMIRAL_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An invariant. What breaks it is a finding, like a crash. */
#define MUST(held) ((held) ? (void)0 : fuzz_broken(#held, __FILE__, __LINE__))
_Noreturn void fuzz_broken(const char *what, const char *file, int line);

/*
 * Once a process, however often it is called: libsodium with random bytes
 * that repeat, jansson with a fixed seed, log lines that go nowhere.
 */
void fuzz_prepare(void);

/* The rest of an input; reading past its end gives zeros. */
struct input {
	const uint8_t *at;
	size_t left;
};
uint8_t input_u8(struct input *);
uint16_t input_u16(struct input *);
int32_t input_i32(struct input *);
/* At most n bytes inside the input; *len is how many. */
const uint8_t *input_bytes(struct input *, size_t n, size_t *len);
/*
 * Up to the next byte of that value (which is skipped) or the end: a text of
 * its own, ended by its first NUL. The caller frees.
 */
char *input_text(struct input *, uint8_t stop);

/* Of libFuzzer's interface. A target may lack the mutator. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(
    uint8_t *data, size_t size, size_t max, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

#endif
