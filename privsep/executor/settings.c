/* Part of amirald. */
#include "privsep/executor/settings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

struct settings *
settings_new(void)
{
	struct settings *s = calloc(1, sizeof *s);

	if (s == NULL)
		fatal_errno("settings");
	s->state.fd = s->empty = s->audit = -1;
	return s;
}

static void
close_if_open(int fd)
{
	if (fd != -1)
		close(fd);
}

/* It holds a password. */
static void
forget_net(struct settings *s)
{
	if (s->net_config != NULL)
		explicit_bzero(s->net_config, s->net_config_len);
	free(s->net_config);
}

void
settings_free(struct settings *s)
{
	if (s == NULL)
		return;
	for (unsigned i = 0; i < s->count; i++) {
		close(s->files[i].fd);
		free(s->files[i].body);
	}
	free(s->files);
	forget_net(s);
	close_if_open(s->state.fd);
	close_if_open(s->empty);
	close_if_open(s->audit);
	table_close(s->table);
	free(s);
}

static uint8_t *
copy(const uint8_t *body, size_t len)
{
	uint8_t *bytes = malloc(len);

	if (bytes == NULL)
		fatal_errno("settings");
	memcpy(bytes, body, len);
	return bytes;
}

bool
settings_add_file(struct settings *s, const uint8_t *body, size_t len, int fd)
{
	struct settings_file *grown;

	if (s->count == SETTINGS_FILES_MAX) {
		close(fd);
		return false;
	}
	grown = reallocarray(s->files, s->count + 1, sizeof *grown);
	if (grown == NULL)
		fatal_errno("settings");
	s->files = grown;
	grown[s->count++] = (struct settings_file){ copy(body, len), len, fd };
	return true;
}

void
settings_set_net(struct settings *s, const uint8_t *body, size_t len)
{
	forget_net(s);
	s->net_config = copy(body, len);
	s->net_config_len = len;
}

bool
settings_net_differs(const struct settings *a, const struct settings *b)
{
	return a->net_config_len != b->net_config_len ||
	       memcmp(a->net_config, b->net_config, a->net_config_len) != 0;
}
