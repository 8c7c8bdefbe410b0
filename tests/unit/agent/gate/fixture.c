#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "keys/public.h"
#include "privsep/messages.h"

static const char conf_text[] = "[agent]\n"
				"fleet = " FIXTURE_FLEET "\n"
				"hostname = " FIXTURE_HOST "\n"
				"groups = web\n"
				"[policy what the tests may]\n"
				"operators = *\n"
				"providers = run, absent, uptime\n";

static const char description_text[] =
    "{\"name\":\"run\",\"description\":\"\","
    "\"args\":{\"word\":{\"type\":\"string\"}}}";

static const char *const names[OPERATORS] = {
	[ALICE] = "alice@example.com",
	[BOB] = "bob@example.com",
	[CAROL] = "carol@example.com",
	[DAVE] = "dave@example.com",
	[EVE] = "eve@example.com",
};

const char *
fixture_operator(unsigned who)
{
	return names[who];
}

int
fixture_file(const char *text, size_t len)
{
	int fd = memfd_create("fixture", MFD_CLOEXEC);

	if (fd == -1 || write(fd, text, len) != (ssize_t)len)
		fatal_errno("memfd");
	return fd;
}

static void
file_add(struct trust_files *files, enum gate_file kind, const char *name,
    const char *text)
{
	trust_files_add(
	    files, kind, name, strlen(name), fixture_file(text, strlen(text)));
}

static void
operators_add(struct fixture *fixture, struct trust_files *files)
{
	char text[OPERATORS * PUBLIC_LINE_MAX], line[PUBLIC_LINE_MAX];
	size_t used = 0;

	for (unsigned i = 0; i < OPERATORS; i++) {
		public_format(&fixture->keys[i].public_key, "", line);
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "%s %s\n", names[i], line);
	}
	file_add(files, GATE_FILE_OPERATORS, "allowed_signers", text);
}

static void
host_key_add(struct trust_files *files)
{
	struct secret_key host;
	size_t len;
	char *text;

	if (secret_generate(&host, "host") != 0)
		fatal("no host key");
	text = secret_format(&host, &len);
	file_add(files, GATE_FILE_HOST_KEY, "host_key", text);
	secret_text_free(text);
	secret_free(&host);
}

void
fixture_files(struct fixture *fixture, struct trust_files *files,
    enum gate_file kind, const char *text)
{
	static const char *const file_names[GATE_FILES] = { "amirald.conf",
		"host_key", "allowed_signers", "run" };

	*files = (struct trust_files){ 0 };
	if (text != NULL)
		file_add(files, kind, file_names[kind], text);
	if (text == NULL || kind != GATE_FILE_CONF)
		file_add(files, GATE_FILE_CONF, "amirald.conf", conf_text);
	if (text == NULL || kind != GATE_FILE_HOST_KEY)
		host_key_add(files);
	if (text == NULL || kind != GATE_FILE_OPERATORS)
		operators_add(fixture, files);
	if (text == NULL || kind != GATE_FILE_DESCRIPTION)
		file_add(files, GATE_FILE_DESCRIPTION, "run", description_text);
}

static void
nothing(const uint8_t *body, size_t len, const int *fds, void *arg)
{
	(void)body;
	(void)len;
	(void)fds;
	(void)arg;
}

static void
link_is_over(enum link_end end, const char *why, void *arg)
{
	(void)end;
	(void)arg;
	fatal("a link of the test ended: %s", why);
}

struct link *
fixture_link(struct fixture *fixture, const struct link_direction *in,
    const struct link_direction *out, int *peer)
{
	static link_handler *const handlers[] = { nothing, nothing, nothing,
		nothing, nothing, nothing, nothing, nothing };
	struct link_setup setup = {
		.loop = fixture->loop,
		.in = in,
		.out = out,
		.handlers = handlers,
		.ended = link_is_over,
	};
	int fds[2];

	if (link_pair(fds) == -1)
		fatal_errno("link_pair");
	setup.fd = fds[0];
	*peer = fds[1];
	return link_open(&setup, 1);
}

static void
turn_is_over(void *arg)
{
	loop_stop(arg, 0);
}

void
fixture_turn(struct fixture *fixture)
{
	struct loop_timer now = { .fn = turn_is_over, .arg = fixture->loop };

	loop_timer_set(fixture->loop, &now, 0);
	loop_run(fixture->loop);
}

void
fixture_init(struct fixture *fixture)
{
	struct trust_files files;
	char error[TRUST_ERROR_MAX];

	*fixture = (struct fixture){ .loop = loop_new(256) };
	for (unsigned i = 0; i < KEYS; i++) {
		if (secret_generate(&fixture->keys[i], "") != 0)
			fatal("no key");
	}
	fixture->link = fixture_link(
	    fixture, &executor_to_gate, &gate_to_executor, &fixture->peer);
	fixture_files(fixture, &files, GATE_FILE_CONF, NULL);
	if (gate_trust_build(&fixture->trust, &files, "", error) != 0)
		fatal("%s", error);
	trust_files_clear(&files);
}

void
fixture_clear(struct fixture *fixture)
{
	gate_trust_clear(&fixture->trust);
	for (unsigned i = 0; i < KEYS; i++)
		secret_free(&fixture->keys[i]);
	link_close(fixture->link);
	close(fixture->peer);
	loop_free(fixture->loop);
}

uint8_t *
fixture_envelope(struct fixture *fixture, enum envelope_kind kind,
    const unsigned *who, unsigned n, const char *payload, size_t len,
    size_t *envelope_len)
{
	/* One more than an envelope may have. */
	char text[ENVELOPE_LINES_MAX + 1][SSHSIG_LINE_MAX + 1];
	const char *lines[ENVELOPE_LINES_MAX + 1];
	uint8_t data[SSHSIG_SIGNED_MAX];
	size_t data_len;

	data_len =
	    sshsig_signed_data(kind, (const uint8_t *)payload, len, data);
	for (unsigned i = 0; i < n; i++) {
		const struct secret_key *key = &fixture->keys[who[i]];
		struct signature sig = { .key = key->public_key };

		secret_sign(key, data, data_len, sig.bytes);
		sign_line(kind, &sig, text[i]);
		lines[i] = text[i];
	}
	return sign_envelope(
	    lines, n, (const uint8_t *)payload, len, envelope_len);
}
