/* Part of amirald. */
#include "privsep/executor/issued.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cursor.h"
#include "base/file.h"
#include "base/log.h"
#include "base/slurp.h"

#define NAME    "issued"
#define SIZE    8    /* bytes: a big-endian u64 */
#define STEP_MS 1000 /* at most one write for so much */

static bool
path_make(const char *state_dir, char path[static PATH_MAX])
{
	int n = snprintf(path, PATH_MAX, "%s/" NAME, state_dir);

	if (n > 0 && n < PATH_MAX)
		return true;
	log_error("%s: the path is too long", state_dir);
	return false;
}

/* False for what is no mark. */
static bool
read_mark(const char *path, int64_t *mark)
{
	char error[FILE_ERROR_MAX];
	int fd = file_open(path, FILE_SECRET, SIZE, error);
	uint8_t bytes[SIZE];
	struct cursor in;
	long n;

	if (fd == -1) {
		log_error("%s", error);
		return false;
	}
	n = slurp_into(fd, bytes, sizeof bytes);
	close(fd);
	cursor_init(&in, bytes, n == SIZE ? SIZE : 0);
	*mark = (int64_t)cursor_u64(&in);
	return cursor_done(&in);
}

int64_t
issued_read(const char *state_dir)
{
	int64_t latest = clock_wall_ms() + ISSUED_AHEAD_MS, mark;
	char path[PATH_MAX];

	if (!path_make(state_dir, path))
		return latest;
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return 0;
	if (!read_mark(path, &mark)) {
		log_error("%s: not a mark: requests are refused for %d s", path,
		    ISSUED_AHEAD_MS / 1000);
		return latest;
	}
	return mark;
}

static void
write_mark(const char *state_dir, int64_t mark)
{
	char path[PATH_MAX], error[FILE_ERROR_MAX];
	uint8_t bytes[SIZE];
	struct writer out;

	writer_init(&out, bytes, sizeof bytes);
	writer_u64(&out, (uint64_t)mark);
	if (path_make(state_dir, path) &&
	    file_replace(path, 0600, bytes, sizeof bytes, error) != 0)
		log_error("%s", error);
}

bool
issued_raise(int64_t *mark, const char *state_dir, uint64_t issued)
{
	int64_t now = clock_wall_ms();

	if (issued > (uint64_t)now + ISSUED_AHEAD_MS)
		return false;
	if ((int64_t)issued <= now || (int64_t)issued <= *mark)
		return true;
	*mark = (int64_t)issued + STEP_MS - (int64_t)issued % STEP_MS;
	write_mark(state_dir, *mark);
	return true;
}
