/* Part of amirald-reader. */
#include "privsep/reader/provider.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "config.h"

#define DESCRIPTION_MAX 65536
#define EXECUTABLE_MAX  (256 * 1024 * 1024)
#define TABLE_MAX       256

/* Answered by the gate itself, or amirald's own programs. */
static const char *const not_providers[] = { "ping", "status", "cancel",
	"amirald-gate", "amirald-reader", "amiral-net" };

/* What the loading of a table works on. */
struct loading {
	struct provider_table *table;
	const struct agent_conf *conf;
	bool root;
	struct file_set *set;
};

static int
compare_rows(const void *a, const void *b)
{
	const struct provider *left = a, *right = b;

	return strcmp(left->conf.name, right->conf.name);
}

static bool
is_candidate(const struct agent_conf *conf, const char *name)
{
	if (!name_is_provider(name) || !agent_conf_names_provider(conf, name))
		return false;
	for (size_t i = 0; i < sizeof not_providers / sizeof not_providers[0];
	     i++)
		if (strcmp(name, not_providers[i]) == 0)
			return false;
	return true;
}

/* 1 if path may be executed and nobody else may change it, 0 if it is none. */
static int
judge_executable(const char *path)
{
	char error[FILE_ERROR_MAX];
	struct stat st;
	int fd;

	if (lstat(path, &st) == -1 || !S_ISREG(st.st_mode) ||
	    (st.st_mode & 0111) == 0)
		return 0;
	/* It runs by this path: its directories cannot be exchanged either. */
	if ((fd = file_open(path, FILE_TRUSTED, EXECUTABLE_MAX, error)) == -1) {
		log_error("%s", error);
		return -1;
	}
	close(fd);
	return 1;
}

static int
find_user(const struct loading *l, struct provider *row)
{
	char error[IDENTITY_ERROR_MAX];

	if (!l->root || identity_find(row->conf.run_as, &row->who, error) == 0)
		return 0;
	log_error("[provider %s] run_as: %s", row->conf.name, error);
	return -1;
}

static int
add_row(const struct loading *l, const char *name, const char *path)
{
	struct provider_table *table = l->table;
	struct provider *row;

	if (table->count == TABLE_MAX) {
		log_error("more than %d providers; name fewer in the policies",
		    TABLE_MAX);
		return -1;
	}
	row = reallocarray(table->rows, table->count + 1, sizeof *row);
	if (row == NULL)
		fatal_errno("provider table");
	table->rows = row;
	row += table->count;
	*row = (struct provider){ .path = strdup(path) };
	if (row->path == NULL)
		fatal_errno("provider table");
	table->count++;
	agent_conf_provider(l->conf, name, &row->conf);
	return find_user(l, row);
}

/* The first directory that has a name decides; until then rows are unsorted. */
static bool
is_known(const struct provider_table *table, const char *name)
{
	for (unsigned i = 0; i < table->count; i++)
		if (strcmp(table->rows[i].conf.name, name) == 0)
			return true;
	return false;
}

static int
consider(const struct loading *l, const char *directory, const char *name)
{
	char path[PATH_MAX], description[PATH_MAX];
	int len, r;

	len = snprintf(
	    description, sizeof description, "%s/%s.json", directory, name);
	if (len < 0 || (size_t)len >= sizeof description) {
		log_error("%s: the path of %s is too long", directory, name);
		return -1;
	}
	snprintf(path, sizeof path, "%.*s", len - 5, description);
	if (!is_candidate(l->conf, name) || is_known(l->table, name))
		return 0;
	if ((r = judge_executable(path)) != 1)
		return r;
	if (access(description, F_OK) == -1 && errno == ENOENT) {
		log_warning("%s: ignored, there is no %s", path, description);
		return 0;
	}
	if (file_set_open(l->set, GATE_FILE_DESCRIPTION, name, description,
		FILE_TRUSTED, DESCRIPTION_MAX) == -1)
		return -1;
	return add_row(l, name, path);
}

static int
read_directory(const struct loading *l, const char *directory)
{
	char error[FILE_ERROR_MAX];
	struct dirent **names;
	int count, fd, r = 0;

	if (access(directory, F_OK) == -1 && errno == ENOENT) {
		log_debug("%s: no such directory of providers", directory);
		return 0;
	}
	if ((fd = file_open_directory(directory, error)) == -1) {
		log_error("%s", error);
		return -1;
	}
	close(fd);
	if ((count = scandir(directory, &names, NULL, alphasort)) == -1) {
		log_error("%s: %s", directory, strerror(errno));
		return -1;
	}
	for (int i = 0; i < count; i++) {
		if (r == 0)
			r = consider(l, directory, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return r;
}

int
provider_table_load(struct provider_table *table, const struct agent_conf *conf,
    bool root, struct file_set *set)
{
	const struct loading loading = { table, conf, root, set };

	*table = (struct provider_table){ 0 };
	for (char *const *at = conf->providers; *at != NULL; at++)
		if (read_directory(&loading, *at) == -1)
			return -1;
	if (table->count > 0)
		qsort(table->rows, table->count, sizeof table->rows[0],
		    compare_rows);
	if (is_known(table, "facts"))
		return 0;
	log_error("no provider 'facts' in any directory of [agent] providers; "
		  "install it, the gate answers from it");
	return -1;
}

void
provider_table_free(struct provider_table *table)
{
	for (unsigned i = 0; i < table->count; i++) {
		identity_free(&table->rows[i].who);
		free(table->rows[i].path);
	}
	free(table->rows);
	*table = (struct provider_table){ 0 };
}
