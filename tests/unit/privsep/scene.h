/*
 * A whole amirald in a directory of its own, with stand-ins for gate and net
 * that hand their links to the test: the test then is the gate, and net.
 */
#ifndef AMIRAL_TESTS_SCENE_H
#define AMIRAL_TESTS_SCENE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "privsep/messages.h"
#include "tests/lib/place.h"
#include "tests/unit/privsep/standin.h"

#define SCENE_NET_UID      65501
#define SCENE_GATE_UID     65502
#define SCENE_PROVIDER_UID 65510

/* argv of the test: the programs that meson has built. */
struct scene_programs {
	const char *amirald, *reader, *standin, *probe;
};

struct scene {
	char dir[PLACE_MAX];
	/* Before scene_start(): a name and a value, or NULL. */
	const char *environment[2];
	pid_t amirald;
	int log; /* read end of amirald's stderr */
	char *logged;
	size_t logged_len;
	int gate_door, net_door; /* where the stand-ins connect */
};

struct visitor {
	struct standin self;
	int control;
	int links[2];
};

struct frame {
	unsigned type;
	uint8_t body[LINK_BODY_MAX];
	size_t len;
	int fds[LINK_FDS_MAX];
	unsigned fd_count;
};

struct scene *scene_make(const struct scene_programs *);
void scene_start(struct scene *);
void scene_remove(struct scene *);
void scene_write(
    const struct scene *, const char *name, mode_t, const char *text);
void scene_configure(const struct scene *, const char *more);
/* Waits for a stand-in. */
void scene_meet(int door, struct visitor *);
void visitor_leave(struct visitor *);
/* True once amirald's log has the text. */
void scene_expect_log(struct scene *, const char *text);
/* What came so far does not count for the next expectation. */
void scene_forget_log(struct scene *);
unsigned scene_count_log(struct scene *, const char *text);
/* The exit status of amirald. */
int scene_wait(struct scene *);

/* Fails the test if another frame, or none, comes. The frame is on the heap. */
struct frame *frame_expect(int link, unsigned type);
void frame_free(struct frame *);
/* Waits for end of file on a link. */
void frame_expect_end(int link);
void frame_send(int link, unsigned type, const void *body, size_t len);

#endif
