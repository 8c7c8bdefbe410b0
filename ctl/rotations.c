#include "ctl/rotations.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "base/log.h"
#include "ctl/run.h"
#include "keys/known_hosts_file.h"
#include "wire/sign.h"

/* The file may have changed since it was read: it is judged as it is now. */
static bool
still_holds(
    const struct known_hosts *known, const char *name, const struct rotation *r)
{
	long host = known_hosts_find(known, name);

	if (host < 0 || known_hosts_check(known, name, &r->old) != STATUS_OK)
		return false;
	if (r->over)
		return known_hosts_check(known, name, &r->new) == STATUS_OK;
	return known_hosts_key_count(known, (size_t)host) == 1 &&
	       known_hosts_check(known, name, &r->new) != STATUS_REVOKED &&
	       !known_hosts_has_key(known, &r->new);
}

static void
follow(
    struct known_hosts_text *text, const char *name, const struct rotation *r)
{
	char old[FINGERPRINT_SIZE], new[FINGERPRINT_SIZE];

	sign_fingerprint(&r->old, old);
	sign_fingerprint(&r->new, new);
	if (r->over) {
		known_hosts_text_drop_predecessor(text, &r->old, &r->new);
		log_info("%s: its rotation to %s is over: %s is forgotten",
		    name, new, old);
		return;
	}
	known_hosts_text_add_successor(text, &r->old, &r->new);
	log_info("%s: its key %s vouches for %s: both are known now", name, old,
	    new);
}

static void
follow_all(const struct hellos *hellos, struct known_hosts_file *file)
{
	char error[KNOWN_HOSTS_ERROR_MAX];
	bool changed = false;

	for (size_t i = 0; i < hellos->rotation_count; i++) {
		const struct rotation *r = &hellos->rotations[i];
		const char *name = known_hosts_name(hellos->known, r->host);

		if (!still_holds(file->known, name, r))
			continue;
		follow(&file->content, name, r);
		changed = true;
	}
	if (changed && !known_hosts_file_write(file, error))
		log_warning("no rotation is followed: %s", error);
}

void
rotations_follow(const struct hellos *hellos, const char *path)
{
	char error[KNOWN_HOSTS_ERROR_MAX];
	struct known_hosts_file file;

	if (hellos->rotation_count == 0)
		return;
	if (!known_hosts_file_open(&file, path, error)) {
		log_warning("no rotation is followed: %s", error);
		return;
	}
	follow_all(hellos, &file);
	known_hosts_file_close(&file);
}

/* The cache's time is that of the last look: nothing else would tell it. */
static bool
is_due(const struct hellos *hellos)
{
	struct stat st;

	return hellos->path != NULL &&
	       (stat(hellos->path, &st) == -1 ||
		   time(NULL) - st.st_mtime >= ROTATIONS_LOOK_S);
}

static void
look(struct hellos *hellos, const struct settings *settings,
    const struct options *options)
{
	char error[CTL_ERROR_MAX];
	struct engine *engine = run_open(settings, options, error);

	if (engine == NULL)
		return;
	if (run_hellos(engine, hellos, error) && hellos_save(hellos, error)) {
		utimensat(AT_FDCWD, hellos->path, NULL, 0);
		rotations_follow(hellos, settings->known_hosts);
	}
	run_close(engine);
}

void
rotations_look(const struct known_hosts *known, const struct settings *settings,
    const struct options *options)
{
	struct hellos hellos;

	if (known_hosts_count(known) == 0)
		return;
	hellos_init(&hellos, known, settings->cache, settings->fleet);
	if (is_due(&hellos))
		look(&hellos, settings, options);
	hellos_clear(&hellos);
}
