/* Part of amirald-reader. */
#include "privsep/reader/conf_files.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/slurp.h"

/* Opens, reads and parses one file. */
static int
add_file(struct conf *conf, struct file_set *set, const char *path)
{
	char error[CONF_ERROR_MAX];
	char *text;
	size_t len;
	int fd, r;

	fd = file_set_open(
	    set, GATE_FILE_CONF, path, path, FILE_TRUSTED, FILE_CONF_MAX);
	if (fd == -1)
		return -1;
	if ((text = slurp(fd, FILE_CONF_MAX, &len)) == NULL) {
		log_error("%s: %s", path, strerror(errno));
		return -1;
	}
	if ((r = conf_add(conf, path, text, len, error)) == -1)
		log_error("%s", error);
	free(text);
	return r;
}

static int
is_conf(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && dot != NULL &&
	       strcmp(dot, ".conf") == 0;
}

static int
too_long(const char *path)
{
	log_error("%s: the path is too long", path);
	return -1;
}

static int
add_directory(struct conf *conf, struct file_set *set, const char *directory)
{
	char path[PATH_MAX];
	struct dirent **names;
	int count, len, r = 0;

	if ((count = scandir(directory, &names, is_conf, alphasort)) == -1) {
		if (errno == ENOENT)
			return 0;
		log_error("%s: %s", directory, strerror(errno));
		return -1;
	}
	for (int i = 0; i < count; i++) {
		len = snprintf(
		    path, sizeof path, "%s/%s", directory, names[i]->d_name);
		if (r == 0 && len > 0 && (size_t)len < sizeof path)
			r = add_file(conf, set, path);
		else if (r == 0)
			r = too_long(directory);
		free(names[i]);
	}
	free(names);
	return r;
}

static int
add_all(struct conf *conf, struct file_set *set, const char *path)
{
	char directory[PATH_MAX];
	int len;

	if (add_file(conf, set, path) == -1)
		return -1;
	len = snprintf(directory, sizeof directory, "%.*s/conf.d",
	    (int)(strrchr(path, '/') - path), path);
	if (len < 0 || (size_t)len >= sizeof directory)
		return too_long(path);
	return add_directory(conf, set, directory);
}

struct agent_conf *
conf_files_read(const char *path, struct file_set *set)
{
	char error[CONF_ERROR_MAX];
	struct agent_conf *out;
	struct conf conf;
	int r;

	if ((out = calloc(1, sizeof *out)) == NULL)
		fatal_errno("configuration");
	conf_init(&conf);
	r = add_all(&conf, set, path);
	if (r == 0 && (r = agent_conf_read(out, &conf, error)) == -1)
		log_error("%s", error);
	conf_free(&conf);
	if (r == 0)
		return out;
	conf_files_free(out);
	return NULL;
}

void
conf_files_free(struct agent_conf *conf)
{
	if (conf == NULL)
		return;
	agent_conf_free(conf);
	free(conf);
}
