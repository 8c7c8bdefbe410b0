/* Part of amiral-keygen. */
#include "keys/keygen/enroll_list.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/agent_conf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/slurp.h"

static bool
complain(const char *error)
{
	log_error("%s; nothing is written", error);
	return false;
}

/* The serial of a list of this fleet, or 0. */
static int64_t
serial_of(const struct enroll_list *self, const char *bytes, size_t len)
{
	struct envelope envelope;
	struct trust_list list;
	int64_t serial = 0;

	if (envelope_open((const uint8_t *)bytes, len, ENVELOPE_TRUST,
		&envelope) != STATUS_OK ||
	    trust_parse(envelope.payload, envelope.payload_len, &list) !=
		STATUS_OK)
		return 0;
	if (strcmp(list.fleet, self->list->fleet) == 0)
		serial = list.serial;
	trust_clear(&list);
	return serial;
}

static bool
judge_other(struct enroll_list *self, int64_t serial, bool new_host)
{
	const struct trust_list *list = self->list;

	self->write = self->replace = new_host;
	if (serial == 0)
		log_error("%s: no operators' list of the fleet %s: move it "
			  "away to enroll anew; nothing is written",
		    self->path, list->fleet);
	else if (serial > list->serial)
		log_error("%s: this host has list %" PRId64 " already, and "
			  "Redis hands out %" PRId64 ": somebody hands out an "
			  "old list; nothing is written",
		    self->path, serial, list->serial);
	else if (serial == list->serial)
		log_error("%s: another list with serial %" PRId64 ": let an "
			  "operator push again, or move the file away; "
			  "nothing is written",
		    self->path, serial);
	return serial != 0 && serial < list->serial;
}

static bool
judge_stored(struct enroll_list *self, bool new_host)
{
	char error[FILE_ERROR_MAX], *bytes;
	int fd = file_open(self->path, FILE_SECRET, ENVELOPE_MAX, error);
	size_t len;
	bool same, good;

	if (fd == -1)
		return complain(error);
	bytes = slurp(fd, ENVELOPE_MAX, &len);
	close(fd);
	if (bytes == NULL)
		return complain("the list in state_dir cannot be read");
	same = len == self->len && memcmp(bytes, self->envelope, len) == 0;
	good = same || judge_other(self, serial_of(self, bytes, len), new_host);
	free(bytes);
	return good;
}

bool
enroll_list_prepare(
    struct enroll_list *self, const char *state_dir, bool new_host)
{
	int n = snprintf(
	    self->path, sizeof(self->path), "%s/" AGENT_TRUST_FILE, state_dir);

	if (n <= 0 || (size_t)n >= sizeof(self->path))
		return complain("state_dir: the path is too long");
	snprintf(self->directory, sizeof(self->directory), "%s", state_dir);
	self->write = self->replace = false;
	if (access(self->path, F_OK) == 0 || errno != ENOENT)
		return judge_stored(self, new_host);
	self->write = true;
	return true;
}

static bool
make_directory(const char *path)
{
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return true;
	log_error("%s: cannot make the directory: %s; make the one above it, "
		  "or name another with --set state_dir=DIRECTORY",
	    path, strerror(errno));
	return false;
}

/* Only over what was judged: what has come since then stays. */
bool
enroll_list_write(const struct enroll_list *self)
{
	char error[FILE_ERROR_MAX];
	int result;

	if (!self->write)
		return true;
	if (!make_directory(self->directory))
		return false;
	if (self->replace)
		result = file_replace(
		    self->path, 0600, self->envelope, self->len, error);
	else
		result = file_create(
		    self->path, 0600, self->envelope, self->len, error);
	return result == 0 || complain(error);
}
