/* amiral: what did not verify, for people. */
#include "ctl/render_text.h"
#include "ctl/text.h"
#include "wire/sign.h"

static void
put_messages(FILE *f, unsigned long n)
{
	fprintf(f, "%lu message%s", n, n == 1 ? "" : "s");
}

/* As loud as a changed host key deserves. */
static void
put_wrong_key(FILE *f, const struct run *run, const struct oddity_row *row)
{
	static const char line[] =
	    "##############################################################\n";
	long host = known_hosts_find(run->known, row->name);
	char fingerprint[FINGERPRINT_SIZE];

	fprintf(
	    f, "%s# WRONG KEY: somebody else may speak for this host.\n", line);
	fprintf(f, "#   host      %s\n", row->name);
	if (host >= 0) {
		sign_fingerprint(
		    known_hosts_key(run->known, (size_t)host), fingerprint);
		fprintf(f, "#   known     %s\n", fingerprint);
	} else {
		fputs(
		    "#   known     not at all; its key is another host's\n", f);
	}
	sign_fingerprint(&row->key, fingerprint);
	fprintf(f, "#   answered  %s (", fingerprint);
	put_messages(f, row->count);
	fprintf(f,
	    ", not counted)\n"
	    "# If its key was changed on purpose, put the new one into\n"
	    "# %s.\n%s",
	    run->settings->known_hosts, line);
}

static void
put_row(FILE *f, const struct oddity_row *row)
{
	char fingerprint[FINGERPRINT_SIZE];

	fputs("  ", f);
	if (row->name[0] != '\0')
		fprintf(f, "%s  ", row->name);
	if (row->has_key) {
		sign_fingerprint(&row->key, fingerprint);
		fprintf(f, "%s  ", fingerprint);
	}
	put_messages(f, row->count);
	fputc('\n', f);
}

void
render_oddities(FILE *f, const struct run *run)
{
	const struct oddities *list = &run->oddities;

	for (unsigned kind = ODDITY_NONE + 1; kind < ODDITIES; kind++) {
		bool begun = false;

		for (size_t i = 0; i < list->n; i++) {
			const struct oddity_row *row = &list->rows[i];

			if (row->kind != kind)
				continue;
			if (!begun)
				fprintf(f, "%s\n", oddity_name(kind));
			begun = true;
			if (kind == ODDITY_WRONG_KEY)
				put_wrong_key(f, run, row);
			else
				put_row(f, row);
		}
	}
	if (list->unlisted > 0) {
		fputs("and more of the same: ", f);
		put_messages(f, list->unlisted);
		fputc('\n', f);
	}
}
