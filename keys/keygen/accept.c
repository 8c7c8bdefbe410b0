/*
 * Part of amiral-keygen: what waits in Redis, and what becomes of it: by a
 * token's MAC, or by a person who compares fingerprints.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "keys/keygen/judge.h"
#include "keys/keygen/keygen.h"
#include "keys/known_hosts_file.h"

#define WATCH_MS      1000
#define RETRY_MAX_MS  30000
#define REFUSED_MAX   4096 /* announcements that are not judged again */
#define ANSWER_MAX    128
#define FINGERPRINTED "SHA256:"

enum { OPTION_ALL = 'a', OPTION_TOKEN = 't', OPTION_WATCH = 'w' };

struct task {
	struct operator_side side;
	bool all, token, watch;
	const char *host, *fingerprint; /* or NULL */
	struct pending pending;
	struct docket *docket; /* or NULL */
	/* those that a watch has refused, in a ring */
	uint8_t refused[REFUSED_MAX][ENVELOPE_DIGEST_SIZE];
	size_t refused_count;
};

/* Words and options */

static bool
take_word(struct task *task, const char *word)
{
	const char **field =
	    strncmp(word, FINGERPRINTED, strlen(FINGERPRINTED)) == 0
		? &task->fingerprint
		: &task->host;

	if (*field != NULL)
		return false;
	*field = word;
	return true;
}

/* 0 to go on, or the exit status in *status. */
static bool
read_task(struct task *task, const struct command *self, int argc, char **argv,
    int *status)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, OPTION_ALL },
		{ "token", no_argument, NULL, OPTION_TOKEN },
		{ "watch", no_argument, NULL, OPTION_WATCH },
		OPERATOR_OPTIONS,
	};
	int option;

	*status = 1;
	while ((option = getopt_long(
		    argc, argv, "atw" OPERATOR_LETTERS, options, NULL)) != -1) {
		if (option == 'h')
			*status = keygen_help(self);
		else if (option == '?')
			keygen_usage(self);
		if (option == 'h' || option == '?')
			return false;
		task->all |= option == OPTION_ALL;
		task->token |= option == OPTION_TOKEN;
		task->watch |= option == OPTION_WATCH;
		operator_option(&task->side, option, optarg);
	}
	for (; optind < argc; optind++)
		if (!take_word(task, argv[optind])) {
			*status = keygen_usage(self);
			return false;
		}
	return true;
}

static bool
is_one_of(unsigned a, unsigned b, unsigned c)
{
	return a + b + c == 1;
}

/* Whom the words mean. */
static bool
is_meant(const struct task *task, const struct announcement *a)
{
	return (task->host == NULL ||
		   strcmp(task->host, a->enroll.hostname) == 0) &&
	       (task->fingerprint == NULL ||
		   strcmp(task->fingerprint, a->fingerprint) == 0);
}

static void
say_rest(const struct pending *pending)
{
	if (pending->unverified > 0)
		log_warning("%zu more do not verify, or are for another fleet",
		    pending->unverified);
	if (pending->cut)
		log_warning("there are more than these: Redis is full of them");
}

/* pending */

static const char *
note_of(const struct known_hosts *known, const struct announcement *a)
{
	enum status status =
	    known_hosts_check(known, a->enroll.hostname, &a->key);

	if (status == STATUS_OK)
		return ", known";
	if (status == STATUS_REVOKED)
		return ", REVOKED";
	return status == STATUS_HOST ? ", KNOWN WITH ANOTHER KEY" : "";
}

/* They are in order of their names, and each key is there once. */
static bool
is_disputed(const struct pending *pending, size_t i)
{
	const char *host = pending->items[i].enroll.hostname;

	return (i > 0 &&
		   strcmp(pending->items[i - 1].enroll.hostname, host) == 0) ||
	       (i + 1 < pending->count &&
		   strcmp(pending->items[i + 1].enroll.hostname, host) == 0);
}

static int
show_pending(struct task *task)
{
	char error[KNOWN_HOSTS_ERROR_MAX];
	struct known_hosts_file file;

	if (!known_hosts_file_open(
		&file, task->side.settings.known_hosts, error)) {
		log_error("%s", error);
		return 1;
	}
	for (size_t i = 0; i < task->pending.count; i++) {
		const struct announcement *a = &task->pending.items[i];

		if (!is_meant(task, a))
			continue;
		pending_print(stdout, a);
		puts(note_of(file.known, a));
		if (known_hosts_check(
			file.known, a->enroll.hostname, &a->key) == STATUS_HOST)
			pending_alarm(file.known, a, file.path);
		else if (is_disputed(&task->pending, i))
			pending_dispute(a);
	}
	known_hosts_file_close(&file);
	say_rest(&task->pending);
	return 0;
}

/* accept, by eye */

static bool
ask(const char *question, char answer[static ANSWER_MAX])
{
	fputs(question, stderr);
	fflush(stderr);
	if (fgets(answer, ANSWER_MAX, stdin) == NULL)
		answer[0] = '\0';
	answer[strcspn(answer, "\n")] = '\0';
	return answer[0] != '\0';
}

static bool
has_terminal(void)
{
	return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

static int
conclude(struct task *task, const struct announcement *a, enum verdict verdict)
{
	if (verdict == VERDICT_ACCEPTED)
		printf("accepted %s %s\n", a->enroll.hostname, a->fingerprint);
	else if (verdict == VERDICT_KNOWN)
		printf("known already: %s %s\n", a->enroll.hostname,
		    a->fingerprint);
	else
		return 1;
	fflush(stdout);
	pending_drop(&task->side, a);
	return 0;
}

/* The person says yes, or what the host shows. */
static int
ask_one(struct task *task, const struct announcement *a)
{
	char answer[ANSWER_MAX];

	if (!has_terminal()) {
		log_error("%s: without a terminal to ask on, say which key: "
			  "amiral-keygen accept %s SHA256:..., as the host "
			  "itself shows it",
		    a->enroll.hostname, a->enroll.hostname);
		return 1;
	}
	pending_print(stderr, a);
	if (ask("\nDoes the host itself show this fingerprint? (yes, or the "
		"fingerprint) ",
		answer) &&
	    (strcmp(answer, "yes") == 0 || strcmp(answer, a->fingerprint) == 0))
		return conclude(task, a, judge_approved(&task->side, a, false));
	log_error("%s is not accepted", a->enroll.hostname);
	return 1;
}

static int
accept_words(struct task *task)
{
	const struct announcement *found = NULL;
	size_t n = 0;

	for (size_t i = 0; i < task->pending.count; i++) {
		if (!is_meant(task, &task->pending.items[i]))
			continue;
		found = &task->pending.items[i];
		n++;
	}
	if (n == 0) {
		log_error("nothing like that is pending: amiral-keygen "
			  "pending shows what is");
		say_rest(&task->pending);
		return 1;
	}
	if (n > 1) {
		log_error("%zu keys announce themselves as %s: name the "
			  "fingerprint that the host itself shows",
		    n, task->host);
		return 1;
	}
	if (task->fingerprint == NULL)
		return ask_one(task, found);
	return conclude(task, found, judge_approved(&task->side, found, true));
}

static int
accept_each(struct task *task)
{
	int status = 0;

	for (size_t i = 0; i < task->pending.count; i++) {
		const struct announcement *a = &task->pending.items[i];

		if (is_disputed(&task->pending, i)) {
			log_error("%s %s is not accepted: another key "
				  "announces itself by that name",
			    a->enroll.hostname, a->fingerprint);
			status = 1;
			continue;
		}
		status |=
		    conclude(task, a, judge_approved(&task->side, a, false));
	}
	return status;
}

/* Only names that nobody has yet: the others need their fingerprint. */
static int
accept_all(struct task *task)
{
	char answer[ANSWER_MAX];

	if (!has_terminal()) {
		log_error("--all needs a terminal to show the fingerprints on "
			  "and to ask; accept --token needs none");
		return 1;
	}
	if (task->pending.count == 0) {
		log_error("nothing is pending");
		return 1;
	}
	if (show_pending(task) != 0)
		return 1;
	if (!ask("Do the hosts themselves show these fingerprints? (yes) ",
		answer) ||
	    strcmp(answer, "yes") != 0) {
		log_error("nothing is accepted");
		return 1;
	}
	return accept_each(task);
}

/* accept, by token */

static bool
was_refused(const struct task *task, const struct announcement *a)
{
	for (size_t i = 0; i < task->refused_count && i < REFUSED_MAX; i++)
		if (memcmp(task->refused[i], a->digest, sizeof(a->digest)) == 0)
			return true;
	return false;
}

static void
note_refused(struct task *task, const struct announcement *a)
{
	memcpy(task->refused[task->refused_count++ % REFUSED_MAX], a->digest,
	    sizeof(a->digest));
}

/* A host that was just enrolled is missed: Redis may hide it, or forget. */
static bool
is_any_by_token(const struct task *task)
{
	for (size_t i = 0; i < task->pending.count; i++)
		if (task->pending.items[i].enroll.has_token)
			return true;
	log_error("nothing is announced by a token to %s for %s: has "
		  "amiral-keygen enroll said on the host that it was, to this "
		  "Redis, within the hour? If so, Redis hides it",
	    task->side.settings.redis, task->side.settings.fleet);
	say_rest(&task->pending);
	return false;
}

static int
judge_all(struct task *task)
{
	int status = 0;

	for (size_t i = 0; i < task->pending.count; i++) {
		const struct announcement *a = &task->pending.items[i];
		enum verdict verdict;

		if (!a->enroll.has_token || was_refused(task, a))
			continue;
		verdict = judge_token(task->docket, &task->side, a);
		if (verdict == VERDICT_REFUSED)
			note_refused(task, a);
		if (verdict != VERDICT_LATER)
			status |= conclude(task, a, verdict);
	}
	return status;
}

static int
accept_tokens(struct task *task)
{
	int status = 1;

	if (task->docket == NULL)
		task->docket = docket_new(task->side.settings.known_hosts);
	if ((task->watch || is_any_by_token(task)) &&
	    docket_round(task->docket, task->watch))
		status = judge_all(task);
	docket_say_rest(task->docket);
	return status;
}

static bool
look(struct task *task)
{
	pending_clear(&task->pending);
	return (task->side.broker != NULL || operator_connect(&task->side)) &&
	       pending_fetch(&task->side, &task->pending);
}

/* Once, until there are fewer again. */
static void
say_full(const struct task *task, bool *full)
{
	if (task->pending.cut && !*full)
		log_warning("there are more announcements than are looked at: "
			    "amiral-keygen reject --all makes room");
	*full = task->pending.cut;
}

/* Until a signal. A connection that is lost is made again. */
_Noreturn static void
watch(struct task *task)
{
	int wait_ms = WATCH_MS;
	bool full = false;

	fprintf(stderr, "watching for announcements, until ^C\n");
	for (;;) {
		if (look(task)) {
			say_full(task, &full);
			accept_tokens(task);
			wait_ms = WATCH_MS;
		} else {
			broker_close(task->side.broker);
			task->side.broker = NULL;
			wait_ms = 2 * wait_ms < RETRY_MAX_MS ? 2 * wait_ms
							     : RETRY_MAX_MS;
		}
		poll(NULL, 0, wait_ms);
	}
}

/* The commands */

static int
perform(struct task *task, int (*act)(struct task *))
{
	int status = 1;

	if (operator_read(&task->side) && look(task))
		status = act(task);
	pending_clear(&task->pending);
	docket_free(task->docket);
	operator_close(&task->side);
	return status;
}

static struct task *
task_new(void)
{
	struct task *task = calloc(1, sizeof(*task));

	if (task == NULL)
		fatal("out of memory");
	return task;
}

int
command_pending(const struct command *self, int argc, char **argv)
{
	struct task *task = task_new();
	int status;

	if (read_task(task, self, argc, argv, &status))
		status = task->all || task->token || task->watch
			     ? keygen_usage(self)
			     : perform(task, show_pending);
	free(task);
	return status;
}

static int
accept_perform(struct task *task, const struct command *self)
{
	bool words = task->host != NULL || task->fingerprint != NULL;

	if (!is_one_of(words, task->all, task->token || task->watch))
		return keygen_usage(self);
	if (task->watch) {
		if (!operator_read(&task->side))
			return 1;
		watch(task);
	}
	return perform(task, task->token ? accept_tokens
			     : task->all ? accept_all
					 : accept_words);
}

int
command_accept(const struct command *self, int argc, char **argv)
{
	struct task *task = task_new();
	int status;

	if (read_task(task, self, argc, argv, &status))
		status = accept_perform(task, self);
	free(task);
	return status;
}

static int
reject(struct task *task)
{
	size_t n = 0;

	for (size_t i = 0; i < task->pending.count; i++) {
		const struct announcement *a = &task->pending.items[i];

		if (!is_meant(task, a))
			continue;
		pending_drop(&task->side, a);
		printf("rejected %s %s\n", a->enroll.hostname, a->fingerprint);
		n++;
	}
	if (n == 0)
		log_error("nothing like that is pending");
	return n == 0;
}

int
command_reject(const struct command *self, int argc, char **argv)
{
	struct task *task = task_new();
	bool words;
	int status;

	if (read_task(task, self, argc, argv, &status)) {
		words = task->host != NULL || task->fingerprint != NULL;
		status = task->token || task->watch || words == task->all
			     ? keygen_usage(self)
			     : perform(task, reject);
	}
	free(task);
	return status;
}
