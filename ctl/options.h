/*
 * amiral: the command line, read once by one table. Options may stand
 * anywhere before "--"; what is no option is a word, the command first.
 */
#ifndef AMIRAL_CTL_OPTIONS_H
#define AMIRAL_CTL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CTL_ERROR_MAX     1024
#define OPTION_REPEAT_MAX 256
#define OPTION_WORDS_MAX  512

#define ACK_TIMEOUT_MS 2000
#define TTL_MS         60000
#define COSIGN_TTL_MS  (30 * 60 * 1000) /* time for a second person */
#define COSIGN_LEAST   2                /* signatures, else one will do */

struct option_list {
	const char *at[OPTION_REPEAT_MAX];
	unsigned n;
};

enum display {
	DISPLAY_ALL,
	DISPLAY_OK,
	DISPLAY_FAILED,
	DISPLAY_NONE,
};

/* Texts are the caller's argv. */
struct options {
	struct option_list hosts, nodes, facts, selects, groups;
	bool all;
	int64_t ack_timeout_ms, ttl_ms;
	int64_t timeout_ms; /* 0: the provider's */
	bool json, jsonl, quiet, verbose, yes, live, help, version;
	const char *cosign;  /* a request file, or NULL */
	unsigned signatures; /* of a request file that is made; 0: not said */
	bool no_send;
	enum display display;
	const char *redis, *key, *known_hosts, *operator_, *fleet; /* or NULL */
	const char *words[OPTION_WORDS_MAX];
	unsigned word_count;
};

/* Fills out with defaults and argv[1..]; false and a message. */
bool options_read(struct options *out, int argc, char *const argv[],
    char error[static CTL_ERROR_MAX]);
/* True if any option says which hosts. */
bool options_have_targets(const struct options *);
/* The table, for --help: the rows for targets, then the others. */
void options_help(FILE *);
/* "2s", "500ms", "1m", "1h", "1d"; without a unit seconds. False if not one. */
bool options_duration(const char *text, int64_t *ms);

#endif
