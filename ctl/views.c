#include "ctl/views.h"

#include "ctl/render_json.h"
#include "ctl/render_text.h"

static void
run_published(const struct run *run)
{
	if (run->options->quiet)
		return;
	render_published(stdout, run);
	fflush(stdout);
}

static void
run_acknowledged(const struct run *run)
{
	if (run->options->quiet)
		return;
	render_acknowledged(stdout, run);
	fflush(stdout);
}

static void
run_reply(
    const struct run *run, const struct host *host, const struct reply *reply)
{
	if (run->options->live && reply->status == REPLY_OUTPUT)
		render_piece(stdout, host, reply);
}

/*
 * What is no result goes where it disturbs no program that reads them; who
 * wants results only is still told that one is not whole, or not verified.
 */
static void
put_rest(FILE *f, const struct run *run)
{
	bool quiet = run->options->quiet;
	FILE *trouble = quiet ? stderr : f;

	if (!quiet)
		render_lists(f, run);
	render_incomplete(trouble, run);
	render_oddities(trouble, run);
	if (run->options->verbose)
		render_times(f, run);
}

static void
run_finished(struct run *run)
{
	render_results(stdout, run);
	if (!run->options->quiet)
		render_sums(stdout, run);
	put_rest(stdout, run);
}

static void
ping_finished(struct run *run)
{
	render_ping(stdout, run);
	put_rest(stdout, run);
}

static void
find_finished(struct run *run)
{
	render_names(stdout, run);
	put_rest(stderr, run);
}

static void
facts_finished(struct run *run)
{
	run->fact_missing = !render_facts(stdout, run, run->fact);
	put_rest(stderr, run);
}

static void
json_finished(struct run *run)
{
	render_json(stdout, run);
	render_oddities(stderr, run);
}

static void
jsonl_reply(
    const struct run *run, const struct host *host, const struct reply *reply)
{
	(void)run;
	(void)host;
	render_jsonl(stdout, reply);
}

static void
jsonl_finished(struct run *run)
{
	put_rest(stderr, run);
}

static const struct view layouts[VIEWS] = {
	[VIEW_RUN] = { run_published, run_acknowledged, run_reply,
	    run_finished },
	[VIEW_PING] = { .finished = ping_finished },
	[VIEW_FIND] = { .finished = find_finished },
	[VIEW_FACTS] = { .finished = facts_finished },
};
static const struct view json_view = { .finished = json_finished };
static const struct view jsonl_view = { .reply = jsonl_reply,
	.finished = jsonl_finished };

const struct view *
view_choose(enum view_kind kind, const struct options *o)
{
	if (o->json)
		return &json_view;
	if (o->jsonl)
		return &jsonl_view;
	return &layouts[kind];
}
