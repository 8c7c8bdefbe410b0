/*
 * What the hostile stand-ins for amiral-net and amirald-gate share. A test
 * puts FILE.do beside the executable FILE: the path of the honest program, a
 * line with the attack (empty: become the honest program), then bytes. What
 * the stand-in saw is text in FILE.out, mapped before the jail closes, so
 * that it outlives a kill.
 */
#ifndef AMIRAL_TESTS_ATTACK_STANDIN_H
#define AMIRAL_TESTS_ATTACK_STANDIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define STANDIN_WORDS 80

struct standin_frame {
	uint8_t bytes[1 + 131072]; /* type, body */
	size_t len;
	int fds[3];
	unsigned fd_count;
};

struct standin_attack {
	const char *name;
	void (*run)(char **words);
};

/* Reads FILE.do and maps FILE.out; becomes the honest program if told to. */
void standin_begin(char **argv);
char **standin_words(void);
/* One line for the test. */
__attribute__((format(printf, 1, 2))) void standin_say(const char *fmt, ...);
/* Runs the attack of that name, from a table that ends with a NULL name. */
void standin_attack(const struct standin_attack *, char **words);
/* Of the attacks below, for the tables. */
void attack_frame(char **words); /* LINK TYPE LENGTH FDS COUNT */
void attack_flood(char **words); /* LINK TYPE LENGTH SECONDS */
void attack_silence(char **words);
void attack_spin(char **words); /* SECONDS */

/* Waits for a frame; false at the link's end. */
bool standin_receive(int link, struct standin_frame *);
/* Blocks until it is sent; false if the link is over. */
bool standin_send(int link, unsigned type, const void *body, size_t len,
    const int *fds, unsigned fd_count);
/* Until the link's end, whatever comes. */
void standin_wait_for_end(int link);
int64_t standin_now_ms(void);
/* A process of that name with that parent, or 0. */
pid_t standin_find(const char *name, pid_t parent);

#endif
