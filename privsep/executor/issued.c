/* Part of amirald. */
#include "privsep/executor/issued.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/cursor.h"
#include "base/log.h"
#include "base/slurp.h"

#define NAME    "issued"
#define SIZE    8    /* bytes: a big-endian u64 */
#define STEP_MS 1000 /* at most one write for so much */

/* False for what is no mark. */
static bool
read_mark(int fd, int64_t *mark)
{
	uint8_t bytes[SIZE];
	struct cursor in;
	long n;

	if (fd < 0)
		return false;
	n = slurp_into(fd, bytes, sizeof bytes);
	close(fd);
	cursor_init(&in, bytes, n == SIZE ? SIZE : 0);
	*mark = (int64_t)cursor_u64(&in);
	return cursor_done(&in);
}

int64_t
issued_read(const struct state_dir *state)
{
	int fd = state_dir_open(state, NAME, SIZE);
	int64_t mark;

	if (fd == STATE_NONE)
		return 0;
	if (read_mark(fd, &mark))
		return mark;
	log_error("%s/" NAME ": not a mark: requests are refused for %d s",
	    state->path, ISSUED_AHEAD_MS / 1000);
	return clock_wall_ms() + ISSUED_AHEAD_MS;
}

bool
issued_raise(int64_t *mark, const struct state_dir *state, uint64_t issued)
{
	int64_t now = clock_wall_ms();
	uint8_t bytes[SIZE];
	struct writer out;

	if (issued > (uint64_t)now + ISSUED_AHEAD_MS)
		return false;
	if ((int64_t)issued <= now || (int64_t)issued <= *mark)
		return true;
	*mark = (int64_t)issued + STEP_MS - (int64_t)issued % STEP_MS;
	writer_init(&out, bytes, sizeof bytes);
	writer_u64(&out, (uint64_t)*mark);
	state_dir_write(state, NAME, bytes, sizeof bytes);
	return true;
}
