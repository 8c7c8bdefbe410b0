/* Part of amiral-keygen. */
#include "keys/keygen/docket.h"

#include <dirent.h>
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/log.h"
#include "keys/known_hosts_file.h"

#define ID_LEN (2 * ENROLL_ID_SIZE)
/* A file's time moves in steps: one that is this young may change unseen. */
#define SETTLED_S 2

/* What tells one state of a file or directory from the next. */
struct stamp {
	bool there, settled;
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified;
};

struct row {
	char id[ID_LEN + 1];
	bool read, good; /* good: the record is one */
	struct token_record record;
};

struct docket {
	const char *path;
	struct known_hosts *known; /* NULL: to be read */
	struct stamp known_stamp, tokens_stamp;
	struct row *rows;
	size_t count;
	/* of this round */
	size_t may_judge, wait, said, unsaid;
};

static struct stamp
stamp_of(const char *path)
{
	struct stamp stamp = { .there = false };
	struct stat st;

	if (stat(path, &st) != 0)
		return stamp;
	stamp.there = true;
	stamp.settled = st.st_mtim.tv_sec + SETTLED_S < time(NULL);
	stamp.device = st.st_dev;
	stamp.inode = st.st_ino;
	stamp.size = st.st_size;
	stamp.modified = st.st_mtim;
	return stamp;
}

/* old's settled is of when the content was read. */
static bool
is_same(const struct stamp *old, const struct stamp *now)
{
	if (!old->there || !now->there)
		return old->there == now->there;
	return old->settled && old->device == now->device &&
	       old->inode == now->inode && old->size == now->size &&
	       old->modified.tv_sec == now->modified.tv_sec &&
	       old->modified.tv_nsec == now->modified.tv_nsec;
}

struct docket *
docket_new(const char *path)
{
	struct docket *docket = calloc(1, sizeof(*docket));

	if (docket == NULL)
		fatal("out of memory");
	docket->path = path;
	return docket;
}

static void
clear_rows(struct docket *docket)
{
	for (size_t i = 0; i < docket->count; i++)
		token_record_clear(&docket->rows[i].record);
	free(docket->rows);
	docket->rows = NULL;
	docket->count = 0;
}

void
docket_free(struct docket *docket)
{
	if (docket == NULL)
		return;
	clear_rows(docket);
	known_hosts_free(docket->known);
	free(docket);
}

static bool
read_known(struct docket *docket)
{
	char error[KNOWN_HOSTS_ERROR_MAX];
	struct stamp now = stamp_of(docket->path);
	struct known_hosts_file file;

	if (docket->known != NULL && is_same(&docket->known_stamp, &now))
		return true;
	known_hosts_free(docket->known);
	docket->known = NULL;
	docket->known_stamp = now;
	if (!known_hosts_file_open(&file, docket->path, error)) {
		log_error("%s", error);
		return false;
	}
	docket->known = file.known;
	file.known = NULL;
	known_hosts_file_close(&file);
	return true;
}

static void
add_row(struct docket *docket, const char *id)
{
	struct row *grown =
	    reallocarray(docket->rows, docket->count + 1, sizeof(*grown));

	if (grown == NULL)
		fatal("out of memory");
	docket->rows = grown;
	memset(&grown[docket->count], 0, sizeof(*grown));
	memcpy(grown[docket->count++].id, id, ID_LEN + 1);
}

/* The names alone: a record is read when an announcement first names it. */
static void
read_names(struct docket *docket, const char *directory)
{
	struct dirent *entry;
	DIR *d = opendir(directory);

	if (d == NULL)
		return;
	while ((entry = readdir(d)) != NULL)
		if (strlen(entry->d_name) == ID_LEN)
			add_row(docket, entry->d_name);
	closedir(d);
}

static bool
read_tokens(struct docket *docket)
{
	char directory[PATH_MAX];
	struct stamp now;

	if (!operator_tokens(directory, false))
		return false;
	now = stamp_of(directory);
	if (is_same(&docket->tokens_stamp, &now))
		return true;
	clear_rows(docket);
	docket->tokens_stamp = now;
	read_names(docket, directory);
	return true;
}

bool
docket_round(struct docket *docket, bool bounded)
{
	docket->may_judge = bounded ? DOCKET_JUDGED_MAX : SIZE_MAX;
	docket->wait = docket->said = docket->unsaid = 0;
	return read_known(docket) && read_tokens(docket);
}

void
docket_say_rest(const struct docket *docket)
{
	if (docket->unsaid > 0)
		log_error("%zu announcements more are refused", docket->unsaid);
	if (docket->wait > 0)
		log_warning("%zu announcements wait: %d are taken at a time",
		    docket->wait, DOCKET_JUDGED_MAX);
}

const struct known_hosts *
docket_known(const struct docket *docket)
{
	return docket->known;
}

static void
read_row(struct row *row, const uint8_t id[static ENROLL_ID_SIZE])
{
	char directory[PATH_MAX], path[PATH_MAX], error[TOKEN_ERROR_MAX];

	row->read = true;
	if (!operator_tokens(directory, false) ||
	    !token_record_path(path, directory, id))
		return;
	row->good = token_record_read(&row->record, path, error);
	if (!row->good)
		log_error("%s", error);
}

const struct token_record *
docket_record(struct docket *docket, const uint8_t id[static ENROLL_ID_SIZE])
{
	char name[ID_LEN + 1];
	struct row *row;

	sodium_bin2hex(name, sizeof(name), id, ENROLL_ID_SIZE);
	for (size_t i = 0; i < docket->count; i++) {
		row = &docket->rows[i];
		if (strcmp(row->id, name) != 0)
			continue;
		if (!row->read)
			read_row(row, id);
		return row->good ? &row->record : NULL;
	}
	return NULL;
}

bool
docket_may_say(struct docket *docket)
{
	if (docket->said == DOCKET_SAID_MAX) {
		docket->unsaid++;
		return false;
	}
	docket->said++;
	return true;
}

bool
docket_may_judge(struct docket *docket)
{
	if (docket->may_judge == 0) {
		docket->wait++;
		return false;
	}
	docket->may_judge--;
	return true;
}
