/* Part of amirald. */
#include "privsep/executor/reader_link.h"

#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"

/* What amirald has whatever its table says. */
#define BIT(cap) ((uint64_t)1 << (cap))
#define LEAST                                                                  \
	(BIT(CAP_KILL) | BIT(CAP_SETGID) | BIT(CAP_SETUID) |                   \
	    BIT(CAP_SETPCAP) | BIT(CAP_SYS_CHROOT))

/* In */

static struct executor *
executor_of(void *reader)
{
	return ((struct peer *)reader)->arg;
}

static void
on_file(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct executor *ex = executor_of(arg);

	if (body[0] >= GATE_FILES) {
		close(fds[0]);
		peer_broken(&ex->reader, "it handed over a file for nothing");
	} else if (!settings_add_file(ex->incoming, body, len, fds[0])) {
		peer_broken(&ex->reader, "it handed over too many files");
	}
}

static void
on_net(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	(void)fds;
	settings_set_net(executor_of(arg)->incoming, body, len);
}

static void
on_audit(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct executor *ex = executor_of(arg);

	(void)body, (void)len;
	if (ex->incoming->audit != -1)
		close(ex->incoming->audit);
	ex->incoming->audit = fds[0];
}

static void
on_table(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	struct executor *ex = executor_of(arg);
	struct settings *s = ex->incoming;
	const char *why = "it did not say what net is told";

	(void)body, (void)len;
	s->state.fd = fds[1];
	s->empty = fds[2];
	if (s->net_config != NULL)
		s->table = table_open(fds[0], &why);
	close(fds[0]);
	if (s->table == NULL) {
		peer_broken(&ex->reader, why);
		return;
	}
	s->state.path = table_text(s->table, s->table->state_dir);
	peer_dismiss(&ex->reader);
}

static void
on_refused(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	(void)body, (void)len, (void)fds;
	peer_dismiss(arg);
}

static link_handler *const handlers[R2E_COUNT] = {
	[R2E_FILE] = on_file,
	[R2E_NET] = on_net,
	[R2E_AUDIT] = on_audit,
	[R2E_TABLE] = on_table,
	[R2E_REFUSED] = on_refused,
};

struct settings *
reader_take(struct executor *ex)
{
	struct settings *s = ex->incoming;

	ex->incoming = NULL;
	loop_timer_clear(ex->loop, &ex->reader_timer);
	if (s->table != NULL)
		return s;
	settings_free(s);
	return NULL;
}

/* Starting */

static void
give_up(void *arg)
{
	struct executor *ex = arg;

	peer_broken(&ex->reader, "it took too long; is the resolver there?");
}

static char *
level_of(bool debug)
{
	static char levels[][sizeof READER_DEBUG] = { READER_INFO,
		READER_DEBUG };

	return levels[debug];
}

void
reader_begin(struct executor *ex)
{
	char name[] = "amirald-reader", task[] = READER_OFFER, gone[17];
	char *argv[] = { name, level_of(ex->debug), task, ex->conf, gone,
		NULL };
	/*
	 * root still: what it reads is root's own. It gives up the rest by
	 * itself, once it is not dumpable any more: until then others of
	 * root's processes, that have less, could write its memory.
	 */
	const struct drop_ids ids = { .uid = 0, .keep = drop_held() & LEAST };
	const struct peer_start start = {
		.path = ex->reader_path,
		.argv = argv,
		.ids = ex->root ? &ids : NULL,
		.null = ex->null,
		.error = STDERR_FILENO,
		.extra = -1,
		.in = &reader_to_executor,
		.out = &executor_to_reader,
		.handlers = handlers,
		.state = READER_READING,
	};

	snprintf(gone, sizeof gone, "%" PRIx64, ex->rights & ~drop_held());
	ex->incoming = settings_new();
	ex->reader_timer.fn = give_up;
	ex->reader_timer.arg = ex;
	loop_timer_set(ex->loop, &ex->reader_timer, ex->reading_ms);
	peer_begin(&ex->reader, &start);
}

void
reader_check(const char *path, const struct options *options)
{
	char name[] = "amirald-reader", task[] = READER_CHECK;
	char **argv = calloc(options->may_count + 7, sizeof *argv);
	size_t used = 0;

	if (argv == NULL)
		fatal_errno("amirald-reader");
	argv[used++] = name;
	argv[used++] = level_of(options->debug);
	argv[used++] = task;
	argv[used++] = (char *)(uintptr_t)options->conf;
	if (options->may_operator != NULL) {
		argv[used++] = options->may_operator;
		argv[used++] = options->may_provider;
	}
	for (size_t i = 0; i < options->may_count; i++)
		argv[used++] = options->may_args[i];
	execv(path, argv);
	fatal_errno("%s", path);
}
