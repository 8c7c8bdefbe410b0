/*
 * Fuzz target: who is meant on the command line. The first byte: bit 0, the
 * lines that follow are words of argv; otherwise their first letter says
 * which option they are of (H, F, S, G, N: a nodeset alone). A match that is
 * made is one that the hosts take, or means nobody.
 */
#include "ctl/targets.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/nodeset.h"
#include "fuzz/cast.h"
#include "fuzz/fuzz.h"
#include "keys/known_hosts.h"
#include "wire/match.h"

#define LINES_MAX 64

static const struct known_hosts *
hosts(void)
{
	static const char names[] = "www01.example.com,web01,web02,web03,db1";
	static struct known_hosts *known;
	char text[2 * PUBLIC_LINE_MAX], error[KNOWN_HOSTS_ERROR_MAX];

	if (known != NULL)
		return known;
	snprintf(text, sizeof(text), "%s %s\nwww02.example.com %s\n", names,
	    cast_line(WWW01), cast_line(WWW02));
	known = known_hosts_parse("known_hosts", text, strlen(text), error);
	MUST(known != NULL);
	return known;
}

static void
check_targets(const struct options *o)
{
	char error[CTL_ERROR_MAX] = "";
	struct targets targets;

	if (o->nodes.n > 0)
		return; /* opens files */
	if (!targets_build(o, hosts(), "known_hosts", &targets, error)) {
		MUST(error[0] != '\0');
		return;
	}
	if (match_check(targets.match) != STATUS_OK)
		MUST(json_array_size(json_object_get(targets.match, "hosts")) ==
			 0 &&
		     json_object_get(targets.match, "hosts") != NULL &&
		     targets.count == 0);
	MUST(targets.count <= known_hosts_count(hosts()));
	targets_clear(&targets);
}

static void
check_nodeset(const char *text)
{
	char error[CTL_ERROR_MAX] = "", *lines = strdup(text);
	struct nodeset set = { NULL, 0 };
	bool good;

	MUST(lines != NULL);
	good = nodeset_add(&set, text, error);
	MUST(good ? set.n > 0 : error[0] != '\0');
	nodeset_add_lines(&set, lines, error);
	MUST(set.n <= NODESET_MAX);
	for (size_t i = 0; i < set.n; i++)
		MUST(strlen(set.names[i]) <= 255);
	nodeset_free(&set);
	free(lines);
}

static void
list_add(struct option_list *list, const char *text)
{
	list->at[list->n++] = text;
}

static void
take_line(struct options *o, const char *line)
{
	switch (line[0]) {
	case 'H':
		list_add(&o->hosts, line + 1);
		break;
	case 'F':
		list_add(&o->facts, line + 1);
		break;
	case 'S':
		list_add(&o->selects, line + 1);
		break;
	case 'G':
		list_add(&o->groups, line + 1);
		break;
	default:
		check_nodeset(line[0] != '\0' ? line + 1 : line);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct options options;
	struct input in = { data, size };
	char *lines[LINES_MAX + 1] = { NULL }, error[CTL_ERROR_MAX] = "";
	bool words = input_u8(&in) & 1;
	int n = 1;

	fuzz_prepare();
	options = (struct options){ .all = false };
	for (; in.left > 0 && n <= LINES_MAX; n++) {
		lines[n] = input_text(&in, '\n');
		if (!words)
			take_line(&options, lines[n]);
	}
	if (!words || options_read(&options, n, lines, error))
		check_targets(&options);
	else
		MUST(error[0] != '\0');
	while (n > 1)
		free(lines[--n]);
	return 0;
}
