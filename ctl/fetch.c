#include "ctl/fetch.h"

#include "base/log.h"

#define OPEN_MAX_CHUNKS 8
/* As many names of the greatest length as a frame holds. */
#define FRAME_NAMES (LINK_BODY_MAX / (4 + HOSTNAME_MAX))
#define CHUNK_NAMES                                                            \
	(FRAME_NAMES < CTL_HELLOS_MAX ? FRAME_NAMES : CTL_HELLOS_MAX)

void
fetch_init(struct fetch *f, struct hellos *hellos)
{
	*f = (struct fetch){ .hellos = hellos };
	if (hellos != NULL)
		f->count = known_hosts_count(hellos->known);
}

static void
ask_more(struct fetch *f, struct net *net)
{
	const char *names[CHUNK_NAMES];

	while (f->asked < f->count && f->open < OPEN_MAX_CHUNKS) {
		size_t n = 0;

		while (n < CHUNK_NAMES && f->asked + n < f->count) {
			names[n] =
			    known_hosts_name(f->hellos->known, f->asked + n);
			n++;
		}
		if (!net_hellos(net, names, n))
			return;
		f->asked += n;
		f->open++;
	}
}

void
fetch_start(struct fetch *f, struct net *net)
{
	f->asked = f->answered = 0;
	f->open = 0;
	ask_more(f, net);
}

void
fetch_take(struct fetch *f, struct net *net, bool last, struct cursor *c)
{
	while (!c->bad && !cursor_done(c)) {
		size_t len;
		const uint8_t *bytes = cursor_string(c, &len);

		if (bytes == NULL || f->answered == f->asked)
			fatal("amiral-net answered what it was not asked");
		if (len > 0)
			hellos_take(f->hellos, f->answered, bytes, len);
		f->answered++;
	}
	if (!last)
		return;
	if (f->open-- == 0)
		fatal("amiral-net answered what it was not asked");
	ask_more(f, net);
}

bool
fetch_done(const struct fetch *f)
{
	return f->asked == f->count && f->open == 0;
}
