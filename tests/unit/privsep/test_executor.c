/* amirald as a whole, seen from the gate's and net's ends of the links. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cursor.h"
#include "base/log.h"
#include "base/name.h"
#include "config.h"
#include "tests/unit/privsep/scene.h"

#define OUTPUT_MAX 8192
#define CAP_CHROOT ((uint64_t)1 << 18)

static const struct scene_programs *
programs_of(void **state)
{
	return *state;
}

/* A scene with a serving gate and net. */
struct serving {
	struct scene *scene;
	struct visitor gate, net;
	int net_link; /* the gate's end towards net */
};

struct exited {
	uint32_t id, status;
	uint8_t end;
	uint64_t wall_us;
};

static void
add_provider(const struct scene *s, const char *name, const char *script)
{
	char path[128];

	snprintf(path, sizeof path, "providers/%s", name);
	scene_write(s, path, 0755, script);
	snprintf(path, sizeof path, "providers/%s.json", name);
	scene_write(s, path, 0644, name);
}

/* The first that a gate gets: memory that outlives it, of a fixed size. */
static int
take_notes(int gate)
{
	struct frame *frame = frame_expect(gate, E2G_NOTES);
	int fd;

	assert_int_equal(frame->fd_count, 1);
	fd = dup(frame->fds[0]);
	frame_free(frame);
	return fd;
}

static void
meet_gate(const struct scene *s, struct visitor *gate)
{
	scene_meet(s->gate_door, gate);
	close(take_notes(gate->links[0]));
}

/* The frames of a set, up to and with its COMMIT. */
static unsigned
skip_set(int gate)
{
	struct frame *frame;
	unsigned files = 0;
	uint8_t next;

	for (; recv(gate, &next, 1, MSG_PEEK) == 1 && next == E2G_FILE; files++)
		frame_free(frame_expect(gate, E2G_FILE));
	frame = frame_expect(gate, E2G_COMMIT);
	frame_free(frame);
	return files;
}

static void
meet_net(struct serving *v)
{
	struct frame *frame = frame_expect(v->gate.links[0], E2G_NET);

	assert_int_equal(frame->fd_count, 1);
	v->net_link = dup(frame->fds[0]);
	frame_free(frame);
	scene_meet(v->scene->net_door, &v->net);
	frame_free(frame_expect(v->net.links[0], E2N_CONFIG));
}

static void
serve(struct serving *v)
{
	scene_start(v->scene);
	meet_gate(v->scene, &v->gate);
	skip_set(v->gate.links[0]);
	frame_send(v->gate.links[0], G2E_READY, NULL, 0);
	meet_net(v);
}

static void
serve_as(void **state, struct serving *v, const char *more)
{
	v->scene = scene_make(programs_of(state));
	scene_configure(v->scene, more);
}

static void
end(struct serving *v)
{
	visitor_leave(&v->gate);
	visitor_leave(&v->net);
	close(v->net_link);
	scene_remove(v->scene);
}

static void
launch(
    const struct serving *v, uint32_t id, uint32_t timeout_ms, const char *name)
{
	uint8_t body[20 + PROVIDER_MAX];
	struct writer w;

	writer_init(&w, body, sizeof body);
	writer_u32(&w, id);
	writer_u32(&w, timeout_ms);
	writer_u32(&w, 0);
	writer_u64(&w, 0);
	writer_bytes(&w, name, strlen(name));
	assert_true(writer_done(&w));
	frame_send(v->gate.links[0], G2E_LAUNCH, body, w.used);
}

static uint32_t
u32_of(const struct frame *frame)
{
	struct cursor in;

	cursor_init(&in, frame->body, frame->len);
	return cursor_u32(&in);
}

/* The ends of a started job's pipes. */
static void
expect_started(const struct serving *v, uint32_t id, int ends[static 3])
{
	struct frame *frame = frame_expect(v->gate.links[0], E2G_STARTED);

	assert_int_equal(u32_of(frame), id);
	assert_int_equal(frame->fd_count, 3);
	memcpy(ends, frame->fds, sizeof frame->fds);
	free(frame);
}

static struct exited
expect_exited(const struct serving *v, uint32_t id)
{
	struct frame *frame = frame_expect(v->gate.links[0], E2G_EXITED);
	struct exited out;
	struct cursor in;

	cursor_init(&in, frame->body, frame->len);
	out.id = cursor_u32(&in);
	out.end = cursor_u8(&in);
	out.status = cursor_u32(&in);
	out.wall_us = cursor_u64(&in);
	frame_free(frame);
	assert_int_equal(out.id, id);
	return out;
}

static void
close_ends(const int ends[static 3])
{
	for (int i = 0; i < 3; i++)
		close(ends[i]);
}

static void
read_until(int fd, char stop, char out[static OUTPUT_MAX])
{
	size_t len = 0;
	ssize_t n = 1;

	assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
	do {
		len += (size_t)n;
		assert_true(len < OUTPUT_MAX);
	} while ((n = read(fd, out + len - 1, 1)) == 1 && out[len - 1] != stop);
	out[len - 1] = '\0';
}

/* Runs a provider to its end; its output. */
static void
run(const struct serving *v, const char *name, const char *input,
    char out[static OUTPUT_MAX])
{
	struct exited exited;
	int ends[3];

	launch(v, 1, 0, name);
	expect_started(v, 1, ends);
	assert_int_equal(write(ends[0], input, strlen(input)), strlen(input));
	close(ends[0]);
	read_until(ends[1], '\0', out);
	close(ends[1]);
	close(ends[2]);
	exited = expect_exited(v, 1);
	assert_int_equal(exited.end, JOB_ENDED);
	assert_int_equal(WEXITSTATUS(exited.status), 7);
}

__attribute__((format(printf, 2, 3))) static void
expect_line(const char *text, const char *fmt, ...)
{
	char line[256], framed[260];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof line, fmt, args);
	va_end(args);
	snprintf(framed, sizeof framed, "\n%s\n", line);
	if (strstr(text, framed) == NULL)
		fail_msg("no line '%s' in:\n%s", line, text);
}

/* A process that is not ours: it ends when amirald wants it to. */
static void
expect_dead(pid_t pid)
{
	const struct timespec pause = { .tv_nsec = 5000000 };

	for (int i = 0; i < 2000; i++) {
		if (kill(pid, 0) == -1 && errno == ESRCH)
			return;
		nanosleep(&pause, NULL);
	}
	fail_msg("process %d still runs", (int)pid);
}

/* Starting */

/* Read-only, or a sealed copy. */
static void
expect_unchangeable(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(ftruncate(fd, st.st_size + 1), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
}

static void
expect_file(int gate, enum gate_file kind, const char *name, const char *text)
{
	struct frame *frame = frame_expect(gate, E2G_FILE);
	char bytes[64] = "";

	assert_int_equal(frame->fd_count, 1);
	assert_int_equal(frame->body[0], kind);
	assert_int_equal(frame->len, 1 + strlen(name));
	assert_memory_equal(frame->body + 1, name, strlen(name));
	expect_unchangeable(frame->fds[0]);
	if (text != NULL) {
		assert_true(pread(frame->fds[0], bytes, 63, 0) > 0);
		assert_string_equal(bytes, text);
	}
	frame_free(frame);
}

static void
expect_commit(int gate)
{
	struct frame *frame = frame_expect(gate, E2G_COMMIT);
	struct cursor in;
	struct stat st;
	char name[64];

	cursor_init(&in, frame->body, frame->len);
	assert_int_equal(cursor_u8(&in), geteuid() == 0);
	assert_true(cursor_text(&in, name, sizeof name));
	assert_true(cursor_done(&in));
	assert_string_equal(name, "host.example");
	assert_int_equal(fstat(frame->fds[0], &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0555);
	frame_free(frame);
}

static void
gate_gets_its_files(void **state)
{
	struct serving v;
	char conf[128], more[160];

	serve_as(state, &v, "");
	snprintf(conf, sizeof conf, "%s/conf.d", v.scene->dir);
	assert_int_equal(mkdir(conf, 0755), 0);
	scene_write(v.scene, "conf.d/b.conf", 0644, "[provider b]\n");
	scene_write(v.scene, "conf.d/a.conf", 0644, "[provider a]\n");
	scene_write(v.scene, "conf.d/c.txt", 0644, "nonsense");
	add_provider(v.scene, "zeal", "#!/bin/sh\n");
	scene_write(v.scene, "providers/undescribed", 0755, "#!/bin/sh\n");
	scene_start(v.scene);
	meet_gate(v.scene, &v.gate);
	snprintf(conf, sizeof conf, "%s/amirald.conf", v.scene->dir);
	expect_file(v.gate.links[0], GATE_FILE_CONF, conf, NULL);
	snprintf(more, sizeof more, "%s/conf.d/a.conf", v.scene->dir);
	expect_file(v.gate.links[0], GATE_FILE_CONF, more, "[provider a]\n");
	snprintf(more, sizeof more, "%s/conf.d/b.conf", v.scene->dir);
	expect_file(v.gate.links[0], GATE_FILE_CONF, more, "[provider b]\n");
	snprintf(more, sizeof more, "%s/host_key", v.scene->dir);
	expect_file(v.gate.links[0], GATE_FILE_HOST_KEY, more, "host key");
	snprintf(more, sizeof more, "%s/operators", v.scene->dir);
	expect_file(v.gate.links[0], GATE_FILE_OPERATORS, more, "operators");
	expect_file(v.gate.links[0], GATE_FILE_DESCRIPTION, "facts", "facts");
	expect_file(v.gate.links[0], GATE_FILE_DESCRIPTION, "zeal", "zeal");
	expect_commit(v.gate.links[0]);
	scene_expect_log(v.scene, "undescribed: ignored");
	frame_send(v.gate.links[0], G2E_READY, NULL, 0);
	meet_net(&v);
	end(&v);
}

static void
edit_file(const struct scene *s, const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof path, "%s/%s", s->dir, name);
	assert_true((fd = open(path, O_WRONLY | O_TRUNC)) >= 0);
	assert_int_equal(write(fd, "edited", 6), 6);
	close(fd);
}

static void
expect_set(const struct visitor *gate, const struct scene *s, const char *key)
{
	char path[128];

	snprintf(path, sizeof path, "%s/amirald.conf", s->dir);
	expect_file(gate->links[0], GATE_FILE_CONF, path, NULL);
	snprintf(path, sizeof path, "%s/host_key", s->dir);
	expect_file(gate->links[0], GATE_FILE_HOST_KEY, path, key);
	snprintf(path, sizeof path, "%s/operators", s->dir);
	expect_file(gate->links[0], GATE_FILE_OPERATORS, path, "operators");
	expect_file(gate->links[0], GATE_FILE_DESCRIPTION, "facts", "facts");
	expect_commit(gate->links[0]);
}

/* Of secrets there is no copy, hence the host key is as it stands. */
static void
later_gate_gets_what_was_loaded(void **state)
{
	struct serving v;

	serve_as(state, &v, "");
	scene_start(v.scene);
	meet_gate(v.scene, &v.gate);
	expect_set(&v.gate, v.scene, "host key");
	edit_file(v.scene, "host_key");
	edit_file(v.scene, "operators");
	edit_file(v.scene, "providers/facts.json");
	visitor_leave(&v.gate);
	meet_gate(v.scene, &v.gate);
	expect_set(&v.gate, v.scene, "edited");
	frame_send(v.gate.links[0], G2E_READY, NULL, 0);
	meet_net(&v);
	end(&v);
}

/* amirald never looks into it; what one gate notes the next one reads. */
static void
gates_share_their_notes(void **state)
{
	char bytes[8] = "";
	struct stat st;
	struct serving v;
	int notes;

	serve_as(state, &v, "");
	scene_start(v.scene);
	scene_meet(v.scene->gate_door, &v.gate);
	notes = take_notes(v.gate.links[0]);
	skip_set(v.gate.links[0]);
	assert_int_equal(fstat(notes, &st), 0);
	assert_int_equal(st.st_size, NOTES_SIZE);
	assert_int_equal(ftruncate(notes, 0), -1);
	assert_int_equal(ftruncate(notes, NOTES_SIZE + 1), -1);
	assert_int_equal(pwrite(notes, "noted", 5, NOTES_SIZE - 5), 5);
	close(notes);
	visitor_leave(&v.gate);
	scene_meet(v.scene->gate_door, &v.gate);
	notes = take_notes(v.gate.links[0]);
	assert_int_equal(pread(notes, bytes, 5, NOTES_SIZE - 5), 5);
	assert_string_equal(bytes, "noted");
	close(notes);
	skip_set(v.gate.links[0]);
	frame_send(v.gate.links[0], G2E_READY, NULL, 0);
	meet_net(&v);
	end(&v);
}

static void
children_are_jailed(void **state)
{
	struct serving v;

	serve_as(state, &v, "");
	serve(&v);
	assert_int_equal(v.gate.self.no_new_privs, 1);
	assert_int_equal(v.net.self.no_new_privs, 1);
	assert_int_equal(v.gate.self.session, v.gate.self.pid);
	assert_int_equal(v.net.self.session, v.net.self.pid);
	if (geteuid() == 0) {
		assert_int_equal(v.gate.self.uid, SCENE_GATE_UID);
		assert_int_equal(v.gate.self.gid, SCENE_GATE_UID);
		assert_int_equal(v.net.self.uid, SCENE_NET_UID);
		assert_int_equal(v.gate.self.groups, 0);
		assert_true(v.gate.self.ambient == CAP_CHROOT);
		assert_true(v.net.self.ambient == CAP_CHROOT);
		assert_true(v.gate.self.bounding == 0);
		assert_true(v.net.self.bounding == 0);
	} else {
		assert_int_equal(v.gate.self.uid, getuid());
		scene_expect_log(v.scene, "not started by root");
	}
	end(&v);
}

static void
net_gets_its_configuration(void **state)
{
	char text[256], url[128];
	struct frame *frame;
	struct serving v;
	struct cursor in;

	serve_as(state, &v, "");
	scene_start(v.scene);
	meet_gate(v.scene, &v.gate);
	skip_set(v.gate.links[0]);
	frame_send(v.gate.links[0], G2E_READY, NULL, 0);
	frame_free(frame_expect(v.gate.links[0], E2G_NET));
	scene_meet(v.scene->net_door, &v.net);
	frame = frame_expect(v.net.links[0], E2N_CONFIG);
	cursor_init(&in, frame->body, frame->len);
	assert_int_equal(frame->fd_count, 1);
	assert_int_equal(cursor_u8(&in), geteuid() == 0);
	snprintf(url, sizeof url, "unix://%s/redis.sock", v.scene->dir);
	assert_true(cursor_text(&in, text, sizeof text));
	assert_string_equal(text, url);
	assert_true(cursor_text(&in, text, sizeof text));
	assert_string_equal(text, "");
	assert_true(cursor_text(&in, text, sizeof text));
	assert_string_equal(text, "test-00000000");
	assert_true(cursor_text(&in, text, sizeof text));
	assert_string_equal(text, "host.example");
	assert_true(cursor_done(&in));
	frame_free(frame);
	v.net_link = -1;
	end(&v);
}

static void
gate_and_net_are_connected(void **state)
{
	struct frame *frame;
	struct serving v;

	serve_as(state, &v, "");
	serve(&v);
	frame_send(v.net_link, G2N_READY, NULL, 0);
	frame = frame_expect(v.net.links[1], G2N_READY);
	frame_free(frame);
	end(&v);
}

/* Providers */

#define ROWS                                                                   \
	"[provider facts]\nrun_as = 65510\nmemory = 64M\n"                     \
	"[provider sleeper]\nrun_as = 65510\n"                                 \
	"[provider stubborn]\nrun_as = 65510\n"                                \
	"[provider forker]\nrun_as = 65510\n"                                  \
	"[provider lingerer]\nrun_as = 65510\n"                                \
	"[provider restarter]\nrun_as = 65510\ndaemon = yes\n"                 \
	"profile = none\nnetwork = yes\n"                                      \
	"[provider brief]\nrun_as = 65510\ntimeout = 1\n"

#define DETACHED "setsid sh -c 'setsid sleep 1000 >/dev/null 2>&1 & echo $!'\n"

static void
serve_providers(void **state, struct serving *v)
{
	serve_as(state, v, ROWS);
	add_provider(v->scene, "sleeper", "#!/bin/sh\nexec sleep 1000\n");
	add_provider(v->scene, "brief", "#!/bin/sh\nexec sleep 1000\n");
	add_provider(v->scene, "stubborn",
	    "#!/bin/sh\ntrap '' TERM\necho ready\n"
	    "while :; do sleep 1; done\n");
	add_provider(v->scene, "forker", "#!/bin/sh\n" DETACHED);
	add_provider(v->scene, "restarter", "#!/bin/sh\n" DETACHED);
	add_provider(
	    v->scene, "lingerer", "#!/bin/sh\n" DETACHED "exec sleep 1000\n");
	serve(v);
}

static unsigned
count_lines(const char *text, const char *start)
{
	unsigned count = 0;

	for (const char *at = text; (at = strchr(at, '\n')) != NULL;)
		count += strncmp(++at, start, strlen(start)) == 0;
	return count;
}

static void
provider_starts_clean(void **state)
{
	char out[OUTPUT_MAX], framed[OUTPUT_MAX + 1];
	unsigned uid = geteuid() == 0 ? SCENE_PROVIDER_UID : getuid();
	struct serving v;

	serve_providers(state, &v);
	run(&v, "facts", "arguments", out);
	snprintf(framed, sizeof framed, "\n%s", out);
	expect_line(framed, "argv 1 %s/providers/facts", v.scene->dir);
	expect_line(framed,
	    "env PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"
	    "env LANG=C.UTF-8\n"
	    "env AMIRAL_FACTS_DIR=%s/facts.d\n"
	    "cwd /\n"
	    "umask 77",
	    v.scene->dir);
	expect_line(framed, "uid %u %u %u", uid, uid, uid);
	expect_line(framed, "leads 1");
	expect_line(framed, "no_new_privs 1");
	expect_line(framed, "fds 0 1 2");
	expect_line(framed, "odd signals 0");
	expect_line(framed, "as %d 1", 64 * 1024 * 1024);
	expect_line(framed, "core 0 1");
	expect_line(framed, "nofile 1024 1");
	expect_line(framed, "stdin arguments");
	expect_line(framed, "death signal %d", SIGKILL);
	assert_int_equal(count_lines(framed, "env "), 3);
	if (geteuid() == 0) {
		expect_line(framed, "gid %u %u %u", uid, uid, uid);
		expect_line(framed, "inheritable 000000000");
		/* NOROOT and NO_CAP_AMBIENT_RAISE, both locked. */
		expect_line(framed, "securebits 0xc3");
		expect_line(framed, "way back %d %d %d %d %d", EPERM, EPERM,
		    EPERM, EPERM, EPERM);
		expect_line(framed, "groups 0");
		expect_line(framed, "caps 000000000");
		expect_line(framed, "bounding 0");
	}
	end(&v);
}

struct profile_row {
	const char *row;
	int inet, netlink, local, fork;
};

static const struct profile_row profile_rows[] = {
	{ "profile = service\n", EAFNOSUPPORT, EAFNOSUPPORT, 0, 0 },
	{ "profile = service\nnetwork = yes\n", 0, 0, 0, 0 },
	{ "profile = strict\n", EPERM, EPERM, EPERM, EPERM },
	{ "profile = strict\nnetwork = yes\n", 0, 0, 0, EPERM },
};

static void
profiles_refuse(void **state)
{
	char out[OUTPUT_MAX], more[128];
	struct serving v;

	if (AMIRAL_SANDBOX_OFF || AMIRAL_SANDBOX_LOG) {
		print_message("# skipped: built without filters that refuse\n");
		return;
	}
	for (size_t i = 0; i < sizeof profile_rows / sizeof profile_rows[0];
	     i++) {
		const struct profile_row *row = &profile_rows[i];

		snprintf(more, sizeof more,
		    "[provider facts]\nrun_as = 65510\n%s", row->row);
		serve_as(state, &v, more);
		serve(&v);
		run(&v, "facts", "", out);
		expect_line(out,
		    "inet %d\nnetlink %d\nunix %d\nbpf %d\nfork %d", row->inet,
		    row->netlink, row->local, EPERM, row->fork);
		end(&v);
	}
}

static void
roots_capabilities_are_listed(void **state)
{
	char out[OUTPUT_MAX];
	struct serving v;

	if (geteuid() != 0) {
		print_message("# skipped: only root can give up being root\n");
		return;
	}
	serve_as(state, &v,
	    "[provider facts]\nrun_as = root\n"
	    "capabilities = CAP_CHOWN, CAP_KILL\n");
	serve(&v);
	run(&v, "facts", "", out);
	expect_line(out, "uid 0 0 0");
	expect_line(out, "caps 000000021"); /* bits 0 and 5 */
	expect_line(out, "bounding 2");
	end(&v);
}

/* CapPrm, CapEff and CapBnd of amirald are one value: that. */
static void
expect_rights(const struct serving *v, const char *wanted)
{
	static const char *const rows[] = { "CapPrm:\t", "CapEff:\t",
		"CapBnd:\t" };
	char path[64], text[4096] = "", line[64];
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/status", (int)v->scene->amirald);
	assert_non_null(file = fopen(path, "re"));
	assert_true(fread(text, 1, sizeof text - 1, file) > 0);
	fclose(file);
	for (size_t i = 0; i < 3; i++) {
		snprintf(line, sizeof line, "%s%s\n", rows[i], wanted);
		if (strstr(text, line) == NULL)
			fail_msg("no %s in\n%s", line, text);
	}
}

/* KILL 5, SETGID 6, SETUID 7, SETPCAP 8, SYS_CHROOT 18 */
#define OWN_RIGHTS    "00000000000401e0"
#define CHOWN_TOO     "00000000000401e1"
#define UNPRIVILEGED  "[provider facts]\nrun_as = 65510\nprofile = strict\n"
#define GIVEN_A_RIGHT "run_as = root\ncapabilities = CAP_CHOWN\n"

static void
capabilities_follow_the_table(void **state)
{
	struct serving v;

	if (geteuid() != 0) {
		print_message("# skipped: who is not root has none\n");
		return;
	}
	serve_as(state, &v, UNPRIVILEGED);
	serve(&v);
	expect_rights(&v, OWN_RIGHTS);
	/* Restarting its children takes no more than that. */
	visitor_leave(&v.gate);
	frame_expect_end(v.net.links[0]);
	visitor_leave(&v.net);
	close(v.net_link);
	meet_gate(v.scene, &v.gate);
	skip_set(v.gate.links[0]);
	frame_send(v.gate.links[0], G2E_READY, NULL, 0);
	meet_net(&v);
	end(&v);
	serve_as(state, &v, "[provider facts]\n" GIVEN_A_RIGHT);
	serve(&v);
	expect_rights(&v, CHOWN_TOO);
	end(&v);
}

static void
capabilities_do_not_come_back(void **state)
{
	struct serving v;

	if (geteuid() != 0) {
		print_message("# skipped: who is not root has none\n");
		return;
	}
	serve_as(state, &v, UNPRIVILEGED);
	serve(&v);
	scene_configure(v.scene, "[provider facts]\n" GIVEN_A_RIGHT);
	kill(v.scene->amirald, SIGHUP);
	scene_expect_log(v.scene, "needs cap_chown, which was given up");
	scene_expect_log(v.scene, "the former configuration stays in force");
	expect_rights(&v, OWN_RIGHTS);
	end(&v);
}

/* Who they are counts, not how they are written. */
static void
users_of_ours_run_no_provider(void **state)
{
	static const char *const users[] = { "65501", "65502", "065501",
		"0065502" };
	char more[64];

	for (size_t i = 0; i < 4; i++) {
		struct scene *scene = scene_make(programs_of(state));

		snprintf(more, sizeof more, "[provider facts]\nrun_as = %s\n",
		    users[i]);
		scene_configure(scene, more);
		scene_start(scene);
		if (geteuid() == 0) {
			assert_int_equal(scene_wait(scene), 1);
			scene_expect_log(scene, "run_as");
		}
		scene_remove(scene);
	}
}

/* In the place of the two that stand there, and as long as they are. */
static void
configure_users(const struct scene *s, const char *users, const char *more)
{
	char path[128], text[4096] = "";
	char *at;
	int fd;

	scene_configure(s, more);
	snprintf(path, sizeof path, "%s/amirald.conf", s->dir);
	assert_true((fd = open(path, O_RDWR)) >= 0);
	assert_true(read(fd, text, sizeof text - 1) > 0);
	assert_non_null(at = strstr(text, "users = 65501, 65502\n"));
	assert_int_equal(pwrite(fd, users, 12, at - text + 8), 12);
	close(fd);
}

static void
users_are_told_apart(void **state)
{
	static const char *const rows[][3] = {
		{ "65501, 65501", "", "users: the same user twice" },
		/* A name and a number of one and the same (Debian's). */
		{ "5,     games", "", "users: net and gate must be two" },
		{ "games,     5", "", "users: net and gate must be two" },
		{ "games, 65502", "[provider facts]\nrun_as = 5\n",
		    "run_as: 5 is the user of the gate or of net" },
		{ "65501, games", "[provider facts]\nrun_as = 5\n",
		    "run_as: 5 is the user of the gate or of net" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct scene *scene = scene_make(programs_of(state));

		configure_users(scene, rows[i][0], rows[i][1]);
		scene_start(scene);
		if (geteuid() == 0 || i == 0) {
			assert_int_equal(scene_wait(scene), 1);
			scene_expect_log(scene, rows[i][2]);
		}
		scene_remove(scene);
	}
}

static void
unknown_provider_does_not_start(void **state)
{
	static const char *const names[] = { "nothing", "ping", "undescribed" };
	struct exited exited;
	struct serving v;

	serve_providers(state, &v);
	for (uint32_t i = 0; i < 3; i++) {
		launch(&v, i, 0, names[i]);
		exited = expect_exited(&v, i);
		assert_int_equal(exited.end, JOB_NOT_STARTED);
		assert_int_equal(exited.status, ENOENT);
	}
	end(&v);
}

static void
broken_program_does_not_start(void **state)
{
	struct exited exited;
	struct serving v;

	serve_as(state, &v, "");
	add_provider(v.scene, "broken", "neither script nor program");
	serve(&v);
	launch(&v, 3, 0, "broken");
	exited = expect_exited(&v, 3);
	assert_int_equal(exited.end, JOB_NOT_STARTED);
	assert_int_equal(exited.status, ENOEXEC);
	scene_expect_log(v.scene, "provider broken: not started: exec");
	end(&v);
}

static void
timeout_ends_a_job(void **state)
{
	struct exited exited;
	struct serving v;
	int ends[3];

	serve_providers(state, &v);
	/* What the gate asks for can only shorten the row's. */
	launch(&v, 1, 50, "sleeper");
	expect_started(&v, 1, ends);
	close_ends(ends);
	exited = expect_exited(&v, 1);
	assert_int_equal(exited.end, JOB_TIMEOUT);
	assert_int_equal(WTERMSIG(exited.status), SIGTERM);
	/* Timers count whole milliseconds; the row's would take a minute. */
	assert_in_range(exited.wall_us, 49000, 30000000);
	launch(&v, 2, 600000, "brief");
	expect_started(&v, 2, ends);
	close_ends(ends);
	exited = expect_exited(&v, 2);
	assert_int_equal(exited.end, JOB_TIMEOUT);
	assert_in_range(exited.wall_us, 999000, 60000000);
	end(&v);
}

static void
stubborn_job_is_killed(void **state)
{
	uint8_t id[4] = { 0, 0, 0, 9 };
	char out[OUTPUT_MAX];
	struct exited exited;
	struct serving v;
	int ends[3];

	serve_providers(state, &v);
	launch(&v, 9, 0, "stubborn");
	expect_started(&v, 9, ends);
	read_until(ends[1], '\n', out);
	frame_send(v.gate.links[0], G2E_KILL, id, sizeof id);
	exited = expect_exited(&v, 9);
	assert_int_equal(exited.end, JOB_KILLED);
	assert_int_equal(WTERMSIG(exited.status), SIGKILL);
	close_ends(ends);
	/* It has just ended: to be ignored. */
	frame_send(v.gate.links[0], G2E_KILL, id, sizeof id);
	launch(&v, 9, 0, "nothing");
	expect_exited(&v, 9);
	end(&v);
}

/* Starts name; the pid of what it has detached. */
static pid_t
launch_detaching(const struct serving *v, uint32_t id, const char *name)
{
	char out[OUTPUT_MAX];
	int ends[3];

	launch(v, id, 0, name);
	expect_started(v, id, ends);
	read_until(ends[1], '\n', out);
	close_ends(ends);
	assert_true(atoi(out) > 1);
	return atoi(out);
}

static void
job_dies_whole(void **state)
{
	struct serving v;
	pid_t orphan;

	serve_providers(state, &v);
	orphan = launch_detaching(&v, 1, "forker");
	assert_int_equal(expect_exited(&v, 1).end, JOB_ENDED);
	expect_dead(orphan);
	end(&v);
}

static void
job_dies_alone(void **state)
{
	uint8_t id[4] = { 0, 0, 0, 1 };
	struct serving v;
	pid_t kept, orphan, daemon;

	serve_providers(state, &v);
	kept = launch_detaching(&v, 1, "lingerer");
	daemon = launch_detaching(&v, 2, "restarter");
	expect_exited(&v, 2);
	orphan = launch_detaching(&v, 3, "forker");
	expect_exited(&v, 3);
	expect_dead(orphan);
	/* That sweep has seen these two as well. */
	assert_int_equal(kill(kept, 0), 0);
	assert_int_equal(kill(daemon, 0), 0);
	frame_send(v.gate.links[0], G2E_KILL, id, sizeof id);
	expect_exited(&v, 1);
	expect_dead(kept);
	assert_int_equal(kill(daemon, SIGKILL), 0);
	end(&v);
}

static void
jobs_are_bounded(void **state)
{
	struct exited exited;
	struct serving v;
	int ends[3];

	serve_providers(state, &v);
	for (uint32_t id = 0; id < JOBS_MAX; id++) {
		launch(&v, id, 0, "sleeper");
		expect_started(&v, id, ends);
		close_ends(ends);
	}
	launch(&v, JOBS_MAX, 0, "sleeper");
	exited = expect_exited(&v, JOBS_MAX);
	assert_int_equal(exited.end, JOB_NOT_STARTED);
	assert_int_equal(exited.status, EAGAIN);
	end(&v);
}

/* Ending */

static void
broken_gate_ends_all(void **state)
{
	struct serving v, second;
	struct visitor gate;
	pid_t orphan;

	serve_providers(state, &v);
	orphan = launch_detaching(&v, 5, "lingerer");
	launch(&v, 5, 0, "sleeper");
	frame_expect_end(v.gate.links[0]);
	frame_expect_end(v.net.links[0]);
	expect_dead(orphan);
	scene_expect_log(v.scene, "it gave two jobs one number");
	second.scene = v.scene;
	meet_gate(v.scene, &gate);
	second.gate = gate;
	assert_true(skip_set(gate.links[0]) > 3);
	frame_send(gate.links[0], G2E_READY, NULL, 0);
	meet_net(&second);
	visitor_leave(&second.gate);
	visitor_leave(&second.net);
	close(second.net_link);
	end(&v);
}

/* A name is a word, never a way to a file. */
static void
names_are_no_paths(void **state)
{
	static const char *const names[] = { "../facts", "/bin/sh", "Facts" };
	struct serving v;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		serve_providers(state, &v);
		launch(&v, 1, 0, names[i]);
		frame_expect_end(v.gate.links[0]);
		scene_expect_log(
		    v.scene, "it asked for what is no provider's name");
		end(&v);
	}
}

/* The filter of amirald itself, which only root may load as it does. */
static void
root_is_filtered(void **state)
{
	char name[64], text[4096] = "";
	struct serving v;
	FILE *file;

	serve_as(state, &v, "");
	serve(&v);
	snprintf(name, sizeof name, "/proc/%d/status", (int)v.scene->amirald);
	file = fopen(name, "re");
	assert_non_null(file);
	assert_true(fread(text, 1, sizeof text - 1, file) > 0);
	fclose(file);
	if (geteuid() == 0 && !AMIRAL_SANDBOX_OFF)
		assert_non_null(strstr(text, "\nSeccomp:\t2\n"));
	else
		assert_non_null(strstr(text, "\nSeccomp:\t"));
	end(&v);
}

static void
early_frame_is_a_violation(void **state)
{
	struct serving v;

	serve_as(state, &v, "");
	scene_start(v.scene);
	meet_gate(v.scene, &v.gate);
	frame_send(v.gate.links[0], G2E_RELOADED, NULL, 0);
	frame_expect_end(v.gate.links[0]);
	scene_expect_log(v.scene, "RELOADED out of turn");
	v.net = (struct visitor){ .control = -1, .links = { -1, -1 } };
	v.net_link = -1;
	end(&v);
}

static void
net_starts_anew(void **state)
{
	const uint8_t status = 3;
	struct serving v;

	serve_as(state, &v, "");
	serve(&v);
	assert_int_equal(write(v.net.control, &status, 1), 1);
	frame_expect_end(v.net.control);
	visitor_leave(&v.net);
	close(v.net_link);
	meet_net(&v);
	scene_expect_log(v.scene, "net ended: exit status 3");
	end(&v);
}

static void
sigterm_ends_all(void **state)
{
	struct serving v;
	pid_t orphan;

	serve_providers(state, &v);
	orphan = launch_detaching(&v, 5, "lingerer");
	kill(v.scene->amirald, SIGTERM);
	frame_expect_end(v.gate.links[0]);
	frame_expect_end(v.net.links[0]);
	visitor_leave(&v.gate);
	visitor_leave(&v.net);
	assert_int_equal(scene_wait(v.scene), 0);
	expect_dead(orphan);
	close(v.net_link);
	scene_remove(v.scene);
}

/* Reloading, logging, auditing */

static void
reload_is_offered(void **state)
{
	struct serving v;
	int ends[3];

	serve_as(state, &v, "");
	serve(&v);
	add_provider(v.scene, "late", "#!/bin/sh\nexec sleep 1000\n");
	kill(v.scene->amirald, SIGHUP);
	skip_set(v.gate.links[0]);
	/* Until the gate agrees nothing is different. */
	launch(&v, 1, 0, "late");
	assert_int_equal(expect_exited(&v, 1).status, ENOENT);
	frame_send(v.gate.links[0], G2E_KEPT, "no", 2);
	scene_expect_log(v.scene, "the former configuration stays in force");
	launch(&v, 1, 0, "late");
	assert_int_equal(expect_exited(&v, 1).status, ENOENT);
	kill(v.scene->amirald, SIGHUP);
	skip_set(v.gate.links[0]);
	frame_send(v.gate.links[0], G2E_RELOADED, NULL, 0);
	launch(&v, 1, 0, "late");
	expect_started(&v, 1, ends);
	close_ends(ends);
	end(&v);
}

static void
broken_reload_is_refused(void **state)
{
	struct serving v;

	serve_as(state, &v, "");
	serve(&v);
	scene_write(v.scene, "amirald.conf", 0600, "[agent]\nnonsense = 1\n");
	kill(v.scene->amirald, SIGHUP);
	scene_expect_log(v.scene, "the former configuration stays in force");
	launch(&v, 1, 0, "nothing");
	expect_exited(&v, 1);
	end(&v);
}

/* A shell passes no descriptors on. */
#define PYTHON                                                                 \
	"exec /usr/bin/python3 -c 'from socket import *; "                     \
	"s = socket(fileno=3); "

/* Readers that do not do what they are for, and what is said of them. */
static const struct {
	const char *script, *said;
} readers[] = {
	{ "kill -9 $$", "reader ended: signal 9" },
	{ "exit 3", "reader ended: exit status 3" },
	{ "printf '\\177' >&3", "reader to executor: no message 127" },
	{ "printf '\\003' >&3; exec /bin/sleep 1000",
	    "reader to executor: TABLE with 0 descriptors" },
	{ "printf '\\001x' >&3; exec /bin/sleep 1000",
	    "reader to executor: NET with 1 bytes" },
	{ "printf '\\004' >&3; exec /bin/sleep 1000",
	    "the former configuration stays in force" },
	{ "exec /bin/sleep 1000", "reader ended: it took too long" },
	{ PYTHON "send_fds(s, [b\"\\0\\xc8x\"], [0])'",
	    "reader ended: it handed over a file for nothing" },
	{ PYTHON "send_fds(s, [b\"\\3\"], [0, 0, 0])'",
	    "reader ended: it did not say what net is told" },
	{ PYTHON "s.send(bytes([1] * 17)); "
		 "send_fds(s, [b\"\\3\"], [0, 0, 0])'",
	    "reader ended: it handed over what is no sealed table" },
};

static void
exchange_reader(const struct scene *s, const char *script)
{
	char text[256];

	snprintf(text, sizeof text, "#!/bin/sh\n%s\n", script);
	scene_write(s, "reader", 0755, text);
}

/* Nothing of it is in force, and what was goes on. */
static void
readers_that_fail_change_nothing(void **state)
{
	struct serving v;

	serve_as(state, &v, "");
	v.scene->environment[0] = "AMIRAL_TEST_READING_MS";
	v.scene->environment[1] = "2000";
	serve(&v);
	for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
		exchange_reader(v.scene, readers[i].script);
		scene_forget_log(v.scene);
		kill(v.scene->amirald, SIGHUP);
		scene_expect_log(v.scene, readers[i].said);
		scene_expect_log(
		    v.scene, "the former configuration stays in force");
		launch(&v, 1, 0, "nothing");
		assert_int_equal(expect_exited(&v, 1).status, ENOENT);
	}
	end(&v);
}

/* It has what it needs, and says nothing. */
static void
a_gate_that_is_not_ready_is_exchanged(void **state)
{
	struct serving v;

	serve_as(state, &v, "");
	v.scene->environment[0] = "AMIRAL_TEST_READY_MS";
	v.scene->environment[1] = "500";
	scene_start(v.scene);
	meet_gate(v.scene, &v.gate);
	skip_set(v.gate.links[0]);
	scene_expect_log(v.scene, "gate ended: it does not get ready");
	frame_expect_end(v.gate.links[0]);
	visitor_leave(&v.gate);
	meet_gate(v.scene, &v.gate);
	visitor_leave(&v.gate);
	scene_remove(v.scene);
}

/* The limit is back before the next one. */
static void
a_reload_without_descriptors_changes_nothing(void **state)
{
	struct rlimit before, none;
	struct serving v;

	serve_as(state, &v, "");
	serve(&v);
	assert_int_equal(
	    prlimit(v.scene->amirald, RLIMIT_NOFILE, NULL, &before), 0);
	none = before;
	none.rlim_cur = 4;
	assert_int_equal(
	    prlimit(v.scene->amirald, RLIMIT_NOFILE, &none, NULL), 0);
	kill(v.scene->amirald, SIGHUP);
	scene_expect_log(v.scene, ": socketpair: Too many open files");
	scene_expect_log(v.scene, "the former configuration stays in force");
	assert_int_equal(
	    prlimit(v.scene->amirald, RLIMIT_NOFILE, &before, NULL), 0);
	kill(v.scene->amirald, SIGHUP);
	skip_set(v.gate.links[0]);
	frame_send(v.gate.links[0], G2E_RELOADED, NULL, 0);
	scene_expect_log(v.scene, "the new configuration is in force");
	end(&v);
}

static void
without_a_reader_it_does_not_start(void **state)
{
	struct serving v;

	serve_as(state, &v, "");
	exchange_reader(v.scene, "exit 0");
	scene_start(v.scene);
	assert_int_equal(scene_wait(v.scene), 1);
	scene_write(v.scene, "reader", 0644, "");
	scene_start(v.scene);
	assert_int_equal(scene_wait(v.scene), 1);
	scene_expect_log(v.scene, "reader: cannot start");
	scene_remove(v.scene);
}

static void
a_reader_does_not_delay_the_end(void **state)
{
	struct serving v;

	serve_as(state, &v, "");
	exchange_reader(v.scene, "echo reading >&2; exec /bin/sleep 1000");
	scene_start(v.scene);
	scene_expect_log(v.scene, "reading");
	kill(v.scene->amirald, SIGTERM);
	assert_int_equal(scene_wait(v.scene), 0);
	scene_remove(v.scene);
}

/* What it has until it gives that up, too (attack/test_strace.py). */
static void
the_reader_gets_the_least(void **state)
{
	static const char *const rows[] = { "CapPrm:\t" OWN_RIGHTS,
		"CapEff:\t" OWN_RIGHTS, "CapBnd:\t0000000000000000",
		"NoNewPrivs:\t1", "Groups:" };
	struct serving v;

	if (geteuid() != 0) {
		print_message("# skipped: who is not root has none\n");
		return;
	}
	serve_as(state, &v, "");
	exchange_reader(v.scene,
	    "while read -r line; do echo \"$line\" >&2; done "
	    "</proc/self/status");
	scene_start(v.scene);
	assert_int_equal(scene_wait(v.scene), 1);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		scene_expect_log(v.scene, rows[i]);
	scene_remove(v.scene);
}

#define FLOOD_FILES    250
#define FLOOD_LAUNCHES 1150

/*
 * The answers fill all but the last of the queue to the gate, a set of files
 * the rest. Whoever holds its link, the gate itself is dead by then: so that
 * it is gone in the midst of what it is offered.
 */
static void
a_gate_may_go_while_it_is_offered_a_set(void **state)
{
	struct serving v;
	char name[128];

	serve_as(state, &v, "");
	serve(&v);
	snprintf(name, sizeof name, "%s/conf.d", v.scene->dir);
	assert_int_equal(mkdir(name, 0755), 0);
	for (int i = 0; i < FLOOD_FILES; i++) {
		snprintf(name, sizeof name, "conf.d/%d.conf", i);
		scene_write(v.scene, name, 0644, "");
	}
	for (uint32_t i = 0; i < FLOOD_LAUNCHES; i++)
		launch(&v, i, 0, "nothing");
	kill(v.gate.self.pid, SIGKILL);
	scene_expect_log(v.scene, "gate ended: signal 9");
	kill(v.scene->amirald, SIGHUP);
	scene_expect_log(v.scene, "gate ended: it does not read");
	visitor_leave(&v.gate);
	meet_gate(v.scene, &v.gate);
	skip_set(v.gate.links[0]);
	end(&v);
}

static void
audit_is_written(void **state)
{
	char path[128], line[128] = "";
	struct serving v;
	FILE *file;

	serve_as(state, &v, "");
	serve(&v);
	frame_send(v.gate.links[0], G2E_AUDIT, "{\"a\":\n\033}", 8);
	launch(&v, 1, 0, "nothing");
	expect_exited(&v, 1);
	snprintf(path, sizeof path, "%s/audit", v.scene->dir);
	assert_non_null(file = fopen(path, "re"));
	assert_int_equal(fread(line, 1, sizeof line - 1, file), 9);
	assert_string_equal(line, "{\"a\":??}\n");
	fclose(file);
	end(&v);
}

/* What is kept under a name says exactly that. */
static void
expect_kept(const struct serving *v, const char *name, const char *text)
{
	char path[128], found[128] = "";
	FILE *file;

	snprintf(path, sizeof path, "%s/state/%s", v->scene->dir, name);
	assert_non_null(file = fopen(path, "re"));
	assert_true(fread(found, 1, sizeof found - 1, file) > 0);
	assert_string_equal(found, text);
	fclose(file);
}

static void
send_lists(const struct serving *v, const char *revoked, const char *list)
{
	frame_send(v->gate.links[0], G2E_REVOKED, revoked, strlen(revoked));
	frame_send(v->gate.links[0], G2E_TRUST, list, strlen(list));
	launch(v, 1, 0, "nothing");
	expect_exited(v, 1);
}

/* A gate that was taken over takes none back, nor hides that by a list. */
static void
revocations_only_grow(void **state)
{
	static const char *const less[] = { "a\n", "b\nbb\n", "aa\nb" };
	struct serving v;
	char path[128];

	serve_as(state, &v, "");
	serve(&v);
	send_lists(&v, "aa\nbb\n", "list 1");
	for (size_t i = 0; i < sizeof less / sizeof less[0]; i++) {
		send_lists(&v, less[i], "list 2");
		expect_kept(&v, "revoked", "aa\nbb\n");
		expect_kept(&v, "trust", "list 1");
	}
	scene_expect_log(v.scene, "revoked: what is kept there is not");
	scene_expect_log(v.scene, "trust: a list is not kept");
	send_lists(&v, "aa\nbb\ncc\n", "list 3");
	expect_kept(&v, "revoked", "aa\nbb\ncc\n");
	expect_kept(&v, "trust", "list 3");
	kill(v.scene->amirald, SIGHUP);
	for (int i = 0; i < 4; i++)
		frame_free(frame_expect(v.gate.links[0], E2G_FILE));
	snprintf(path, sizeof path, "%s/state/revoked", v.scene->dir);
	expect_file(v.gate.links[0], GATE_FILE_REVOKED, path, "aa\nbb\ncc\n");
	snprintf(path, sizeof path, "%s/state/trust", v.scene->dir);
	expect_file(v.gate.links[0], GATE_FILE_TRUST, path, "list 3");
	expect_commit(v.gate.links[0]);
	end(&v);
}

/* Nothing is kept where nobody will look for it. */
static void
another_state_directory_is_noticed(void **state)
{
	char path[128], moved[128];
	struct serving v;

	serve_as(state, &v, "");
	serve(&v);
	snprintf(path, sizeof path, "%s/state", v.scene->dir);
	snprintf(moved, sizeof moved, "%s/moved", v.scene->dir);
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	send_lists(&v, "aa\n", "list 1");
	scene_expect_log(v.scene, "state: is not the directory that amirald");
	scene_expect_log(v.scene, "trust: a list is not kept");
	kill(v.scene->amirald, SIGHUP);
	skip_set(v.gate.links[0]);
	frame_send(v.gate.links[0], G2E_RELOADED, NULL, 0);
	scene_expect_log(v.scene, "the new configuration is in force");
	send_lists(&v, "aa\n", "list 1");
	expect_kept(&v, "revoked", "aa\n");
	expect_kept(&v, "trust", "list 1");
	end(&v);
}

static void
log_lines_are_bounded(void **state)
{
	const uint8_t line[] = { LOG_LEVEL_ERROR, 'f', 'l', 'o', 'o', 'd', 27 };
	struct serving v;

	serve_as(state, &v, "");
	serve(&v);
	for (int i = 0; i < 200; i++)
		frame_send(v.gate.links[0], G2E_LOG, line, sizeof line);
	visitor_leave(&v.gate);
	scene_expect_log(v.scene, "lines suppressed");
	assert_in_range(scene_count_log(v.scene, "gate: flood\\033"), 50, 150);
	v.gate = (struct visitor){ .control = -1, .links = { -1, -1 } };
	end(&v);
}

static void
unsafe_files_are_refused(void **state)
{
	struct serving v;

	serve_as(state, &v, "");
	scene_write(v.scene, "providers/facts", 0777, "#!/bin/sh\n");
	scene_start(v.scene);
	assert_int_equal(scene_wait(v.scene), 1);
	scene_expect_log(v.scene, "writable by others");
	scene_remove(v.scene);
}

int
main(int argc, char **argv)
{
	static struct scene_programs programs;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(gate_gets_its_files, &programs),
		cmocka_unit_test_prestate(
		    later_gate_gets_what_was_loaded, &programs),
		cmocka_unit_test_prestate(gates_share_their_notes, &programs),
		cmocka_unit_test_prestate(children_are_jailed, &programs),
		cmocka_unit_test_prestate(
		    net_gets_its_configuration, &programs),
		cmocka_unit_test_prestate(
		    gate_and_net_are_connected, &programs),
		cmocka_unit_test_prestate(provider_starts_clean, &programs),
		cmocka_unit_test_prestate(profiles_refuse, &programs),
		cmocka_unit_test_prestate(
		    roots_capabilities_are_listed, &programs),
		cmocka_unit_test_prestate(
		    capabilities_follow_the_table, &programs),
		cmocka_unit_test_prestate(
		    capabilities_do_not_come_back, &programs),
		cmocka_unit_test_prestate(
		    users_of_ours_run_no_provider, &programs),
		cmocka_unit_test_prestate(users_are_told_apart, &programs),
		cmocka_unit_test_prestate(
		    unknown_provider_does_not_start, &programs),
		cmocka_unit_test_prestate(
		    broken_program_does_not_start, &programs),
		cmocka_unit_test_prestate(timeout_ends_a_job, &programs),
		cmocka_unit_test_prestate(stubborn_job_is_killed, &programs),
		cmocka_unit_test_prestate(job_dies_whole, &programs),
		cmocka_unit_test_prestate(job_dies_alone, &programs),
		cmocka_unit_test_prestate(jobs_are_bounded, &programs),
		cmocka_unit_test_prestate(broken_gate_ends_all, &programs),
		cmocka_unit_test_prestate(names_are_no_paths, &programs),
		cmocka_unit_test_prestate(root_is_filtered, &programs),
		cmocka_unit_test_prestate(
		    early_frame_is_a_violation, &programs),
		cmocka_unit_test_prestate(net_starts_anew, &programs),
		cmocka_unit_test_prestate(sigterm_ends_all, &programs),
		cmocka_unit_test_prestate(reload_is_offered, &programs),
		cmocka_unit_test_prestate(broken_reload_is_refused, &programs),
		cmocka_unit_test_prestate(audit_is_written, &programs),
		cmocka_unit_test_prestate(revocations_only_grow, &programs),
		cmocka_unit_test_prestate(log_lines_are_bounded, &programs),
		cmocka_unit_test_prestate(unsafe_files_are_refused, &programs),
		cmocka_unit_test_prestate(
		    readers_that_fail_change_nothing, &programs),
		cmocka_unit_test_prestate(
		    a_gate_that_is_not_ready_is_exchanged, &programs),
		cmocka_unit_test_prestate(
		    a_reload_without_descriptors_changes_nothing, &programs),
		cmocka_unit_test_prestate(
		    without_a_reader_it_does_not_start, &programs),
		cmocka_unit_test_prestate(
		    a_reader_does_not_delay_the_end, &programs),
		cmocka_unit_test_prestate(the_reader_gets_the_least, &programs),
		cmocka_unit_test_prestate(
		    a_gate_may_go_while_it_is_offered_a_set, &programs),
		cmocka_unit_test_prestate(
		    another_state_directory_is_noticed, &programs),
	};

	if (argc != 5)
		return 2;
	programs =
	    (struct scene_programs){ argv[1], argv[2], argv[3], argv[4] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
