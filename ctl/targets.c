#include "ctl/targets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/glob.h"
#include "base/name.h"
#include "ctl/nodeset.h"
#include "ctl/select.h"
#include "wire/match.h"
#include "wire/request.h"

static bool
out_of_memory(char error[static CTL_ERROR_MAX])
{
	snprintf(error, CTL_ERROR_MAX, "out of memory");
	return false;
}

/* A pipe has no positions, so slurp() will not do. NULL and a message. */
static char *
read_all(int fd, const char *name, char error[static CTL_ERROR_MAX])
{
	char *text = malloc(TARGETS_FILE_MAX + 1);
	size_t len = 0;
	ssize_t n = 1;

	while (text != NULL && n > 0 && len <= TARGETS_FILE_MAX) {
		n = read(fd, text + len, TARGETS_FILE_MAX + 1 - len);
		if (n > 0)
			len += (size_t)n;
		else if (n < 0 && errno == EINTR)
			n = 1;
	}
	if (text == NULL || n < 0 || len > TARGETS_FILE_MAX) {
		snprintf(error, CTL_ERROR_MAX, "--nodes %.300s: %s", name,
		    n < 0 ? strerror(errno)
			  : "over 1 MiB: split it, or use a glob");
		free(text);
		return NULL;
	}
	text[len] = '\0';
	return text;
}

static bool
add_nodes_file(
    struct nodeset *set, const char *name, char error[static CTL_ERROR_MAX])
{
	bool is_stdin = strcmp(name, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	char why[CTL_ERROR_MAX];
	char *text;
	bool good;

	if (fd == -1) {
		snprintf(error, CTL_ERROR_MAX, "--nodes %.300s: %s", name,
		    strerror(errno));
		return false;
	}
	text = read_all(fd, name, error);
	if (!is_stdin)
		close(fd);
	if (text == NULL)
		return false;
	good = strlen(text) > 0 && nodeset_add_lines(set, text, why);
	if (!good)
		snprintf(error, CTL_ERROR_MAX, "--nodes %.300s: %.600s", name,
		    text[0] == '\0' ? "names nobody" : why);
	free(text);
	return good;
}

static bool
named_set(const struct options *o, struct nodeset *set,
    char error[static CTL_ERROR_MAX])
{
	char why[CTL_ERROR_MAX];

	for (unsigned i = 0; i < o->hosts.n; i++)
		if (!nodeset_add(set, o->hosts.at[i], why)) {
			snprintf(error, CTL_ERROR_MAX, "--host %.900s", why);
			return false;
		}
	for (unsigned i = 0; i < o->nodes.n; i++)
		if (!add_nodes_file(set, o->nodes.at[i], error))
			return false;
	if (set->n > 0)
		return true;
	snprintf(error, CTL_ERROR_MAX, "--nodes names nobody");
	return false;
}

/* The known hosts that one name or glob of the command line means. */
static bool
mark_named(const char *name, const struct known_hosts *known, const char *file,
    bool *marks, char error[static CTL_ERROR_MAX])
{
	long i;

	if (strpbrk(name, "*?\\") != NULL) {
		for (size_t n = 0; n < known_hosts_count(known); n++)
			if (glob_match(
				name, known_hosts_name(known, n), GLOB_PLAIN))
				marks[n] = true;
		return true;
	}
	i = known_hosts_find(known, name);
	if (i >= 0) {
		marks[i] = true;
		return true;
	}
	snprintf(error, CTL_ERROR_MAX, "host '%.260s' is not in %.300s: %s",
	    name, file,
	    name_is_host(name) ? "amiral hosts list shows who is"
			       : "not a host's name (lower case, a-z 0-9 . -)");
	return false;
}

/* A list of the marked names: NULL and a message if there are too many. */
static json_t *
marked_names(const struct known_hosts *known, const bool *marks,
    char error[static CTL_ERROR_MAX])
{
	json_t *list = json_array();

	for (size_t i = 0; list != NULL && i < known_hosts_count(known); i++)
		if (marks[i] &&
		    json_array_append_new(
			list, json_string(known_hosts_name(known, i))) != 0) {
			json_decref(list);
			list = NULL;
		}
	if (list == NULL) {
		out_of_memory(error);
	} else if (json_array_size(list) > REQUEST_HOSTS_MAX) {
		snprintf(error, CTL_ERROR_MAX,
		    "--host means %zu hosts, a request names at most %d: "
		    "write -F 'hostname=GLOB'",
		    json_array_size(list), REQUEST_HOSTS_MAX);
		json_decref(list);
		list = NULL;
	}
	return list;
}

static bool
add_names(const struct options *o, const struct known_hosts *known,
    const char *file, struct targets *out, char error[static CTL_ERROR_MAX])
{
	struct nodeset set = { NULL, 0 };
	bool *marks = calloc(known_hosts_count(known) + 1, sizeof *marks);
	json_t *list = NULL;
	bool good =
	    marks != NULL ? named_set(o, &set, error) : out_of_memory(error);

	for (size_t i = 0; good && i < set.n; i++)
		good = mark_named(set.names[i], known, file, marks, error);
	if (good)
		list = marked_names(known, marks, error);
	if (list != NULL) {
		good = json_object_set_new(out->match, "hosts", list) == 0 ||
		       out_of_memory(error);
	}
	nodeset_free(&set);
	free(marks);
	return good && list != NULL;
}

/* The match under construction; all of trees must hold. */
struct builder {
	json_t *match, *trees;
};

static bool
add_tree(struct builder *b, json_t *node, char error[static CTL_ERROR_MAX])
{
	return json_array_append_new(b->trees, node) == 0 ||
	       out_of_memory(error);
}

/* "where" is the one tree, or an "and" of all. */
static bool
join_trees(struct builder *b, char error[static CTL_ERROR_MAX])
{
	json_t *where;

	if (json_array_size(b->trees) == 0)
		return true;
	if (json_array_size(b->trees) == 1)
		where = json_incref(json_array_get(b->trees, 0));
	else
		where = json_pack("{sO}", "and", b->trees);
	return json_object_set_new(b->match, "where", where) == 0 ||
	       out_of_memory(error);
}

/* The first FACT=GLOB of a fact is plain, all else goes to the tree. */
static bool
add_fact(struct builder *b, const char *text, char error[static CTL_ERROR_MAX])
{
	struct comparison c;
	json_t *facts, *node;
	char why[CTL_ERROR_MAX];

	if (!select_comparison(text, &c, why) ||
	    (node = select_node(&c, why)) == NULL) {
		snprintf(error, CTL_ERROR_MAX, "--fact %.900s", why);
		return false;
	}
	facts = json_object_get(b->match, "node_facts");
	if (strcmp(c.op, "glob") != 0 || c.negated ||
	    json_object_get(facts, c.fact) != NULL)
		return add_tree(b, node, error);
	json_decref(node);
	if (facts == NULL) {
		facts = json_object();
		if (json_object_set_new(b->match, "node_facts", facts) != 0)
			return out_of_memory(error);
	}
	return json_object_set_new(facts, c.fact, json_string(c.value)) == 0 ||
	       out_of_memory(error);
}

static bool
add_select(
    struct builder *b, const char *expr, char error[static CTL_ERROR_MAX])
{
	char why[CTL_ERROR_MAX];
	json_t *node = select_parse(expr, why);

	if (node != NULL)
		return add_tree(b, node, error);
	snprintf(error, CTL_ERROR_MAX, "--select '%.300s': %.600s", expr, why);
	return false;
}

static bool
add_groups(json_t *match, const struct option_list *groups,
    char error[static CTL_ERROR_MAX])
{
	json_t *list = json_array();

	for (unsigned i = 0; i < groups->n; i++)
		if (json_array_append_new(list, json_string(groups->at[i])) !=
		    0) {
			json_decref(list);
			return out_of_memory(error);
		}
	return json_object_set_new(match, "groups", list) == 0 ||
	       out_of_memory(error);
}

static bool
add_everything(const struct options *o, struct targets *out,
    char error[static CTL_ERROR_MAX])
{
	if (o->all && (o->hosts.n > 0 || o->nodes.n > 0 || o->facts.n > 0 ||
			  o->selects.n > 0 || o->groups.n > 0)) {
		snprintf(error, CTL_ERROR_MAX,
		    "--all means every host: leave it out, or the other "
		    "targets");
		return false;
	}
	return json_object_set_new(out->match, "all", json_true()) == 0 ||
	       out_of_memory(error);
}

static bool
add_facts(const struct options *o, struct builder *b,
    char error[static CTL_ERROR_MAX])
{
	for (unsigned i = 0; i < o->facts.n; i++)
		if (!add_fact(b, o->facts.at[i], error))
			return false;
	for (unsigned i = 0; i < o->selects.n; i++)
		if (!add_select(b, o->selects.at[i], error))
			return false;
	if (o->groups.n > 0 && !add_groups(b->match, &o->groups, error))
		return false;
	return join_trees(b, error);
}

static bool
build(const struct options *o, const struct known_hosts *known,
    const char *file, struct targets *out, char error[static CTL_ERROR_MAX])
{
	struct builder b = { out->match, NULL };
	bool good;

	if (o->all || !options_have_targets(o))
		return add_everything(o, out, error);
	if ((o->hosts.n > 0 || o->nodes.n > 0) &&
	    !add_names(o, known, file, out, error))
		return false;
	b.trees = json_array();
	good = b.trees != NULL ? add_facts(o, &b, error) : out_of_memory(error);
	json_decref(b.trees);
	return good;
}

/* Globs that fit no known host: such a match may not be sent at all. */
static bool
means_nobody(const json_t *match)
{
	const json_t *hosts = json_object_get(match, "hosts");

	return hosts != NULL && json_array_size(hosts) == 0;
}

bool
targets_build(const struct options *o, const struct known_hosts *known,
    const char *file, struct targets *out, char error[static CTL_ERROR_MAX])
{
	struct targets made = { .match = json_object() };

	if (made.match == NULL)
		return out_of_memory(error);
	if (!build(o, known, file, &made, error)) {
		targets_clear(&made);
		return false;
	}
	if (means_nobody(made.match)) {
		made.by_name = true;
		*out = made;
		return true;
	}
	if (match_check(made.match) != STATUS_OK) {
		snprintf(error, CTL_ERROR_MAX,
		    "the hosts would refuse these targets: a fact's or "
		    "group's name is empty or too long, or too many are given");
		targets_clear(&made);
		return false;
	}
	targets_of(out, made.match, known);
	targets_clear(&made);
	return true;
}

void
targets_of(struct targets *out, json_t *match, const struct known_hosts *known)
{
	*out = (struct targets){
		.match = json_incref(match),
		.by_name = match_by_name(match),
	};
	for (size_t i = 0; out->by_name && i < known_hosts_count(known); i++)
		if (match_possible(match, known_hosts_name(known, i)))
			out->count++;
}

void
targets_clear(struct targets *targets)
{
	json_decref(targets->match);
	*targets = (struct targets){ .match = NULL };
}
