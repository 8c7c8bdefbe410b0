/* Part of amiral-keygen. */
#include "keys/keygen/broker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/loop.h"
#include "ctl/net.h"

#define LOOP_FDS 2

enum stop { STOP_ANSWERED, STOP_OVER };

struct broker {
	struct loop *loop;
	struct net *net;
	struct loop_timer deadline;
	char why[CTL_ERROR_MAX]; /* it is over, or was refused */
	const char *missing;     /* what silence means */
	bool over, taken;
	struct broker_value value;
	struct broker_list *list;
};

static void *
copy(const void *bytes, size_t len)
{
	void *owned = malloc(len + 1);

	if (owned == NULL)
		fatal("out of memory");
	memcpy(owned, bytes, len);
	((char *)owned)[len] = '\0';
	return owned;
}

static void
on_connected(void *arg)
{
	struct broker *broker = arg;

	loop_stop(broker->loop, STOP_ANSWERED);
}

static void
on_net_ended(const char *why, void *arg)
{
	struct broker *broker = arg;

	snprintf(broker->why, sizeof broker->why, "%s", why);
	broker->over = true;
	loop_stop(broker->loop, STOP_OVER);
}

static void
on_deadline(void *arg)
{
	struct broker *broker = arg;
	char why[CTL_ERROR_MAX];

	snprintf(why, sizeof why, "Redis has kept silent for %d s: %s",
	    BROKER_ANSWER_MS / 1000, broker->missing);
	on_net_ended(why, arg);
}

static void
on_value(bool there, const uint8_t *value, size_t len, void *arg)
{
	struct broker *broker = arg;

	free(broker->value.bytes);
	broker->value = (struct broker_value){ 0 };
	if (there)
		broker->value = (struct broker_value){ copy(value, len), len };
	loop_stop(broker->loop, STOP_ANSWERED);
}

static void
on_set(bool taken, const char *why, size_t len, void *arg)
{
	struct broker *broker = arg;

	broker->taken = taken;
	snprintf(broker->why, sizeof broker->why, "Redis refuses: %.*s",
	    (int)len, why);
	loop_stop(broker->loop, STOP_ANSWERED);
}

static void
on_list(bool last, bool cut, struct cursor *values, void *arg)
{
	struct broker *broker = arg;
	struct broker_list *list = broker->list;

	if (list == NULL)
		fatal("amiral-net answered what it was not asked");
	while (!values->bad && !cursor_done(values)) {
		size_t len;
		const uint8_t *bytes = cursor_string(values, &len);

		if (bytes == NULL || list->count == CTL_LIST_MAX)
			fatal("amiral-net sent a malformed list");
		list->items[list->count++] =
		    (struct broker_value){ copy(bytes, len), len };
	}
	list->cut = cut;
	if (last)
		loop_stop(broker->loop, STOP_ANSWERED);
}

static const struct net_events events = {
	.connected = on_connected,
	.ended = on_net_ended,
	.value = on_value,
	.set = on_set,
	.list = on_list,
};

/* What is not known without an answer. */
static const struct {
	const char *value, *taken, *list;
} missing[CTL_KEYS] = {
	[CTL_KEY_ENROLL] = { "the announcement was not seen",
	    "whether it has the announcement is not known",
	    "what is announced was not seen, so nobody is accepted" },
	[CTL_KEY_TRUST] = { "the operators' list was not seen",
	    "whether it has the operators' list is not known",
	    "the operators' lists were not seen" },
};

/* Until the answer to the question just asked has come; or its time is up. */
static bool
await(struct broker *broker, bool asked, const char *what,
    char error[static CTL_ERROR_MAX])
{
	broker->missing = what;
	if (asked && !broker->over) {
		loop_timer_set(
		    broker->loop, &broker->deadline, BROKER_ANSWER_MS);
		loop_run(broker->loop);
		loop_timer_clear(broker->loop, &broker->deadline);
	}
	if (asked && !broker->over)
		return true;
	snprintf(error, CTL_ERROR_MAX, "%s", broker->why);
	return false;
}

struct broker *
broker_open(const struct broker_place *place, char error[static CTL_ERROR_MAX])
{
	const struct net_config config = {
		.url = place->url,
		.password = place->password,
		.fleet = place->fleet,
	};
	struct broker *broker = calloc(1, sizeof *broker);

	if (broker == NULL)
		fatal("out of memory");
	broker->loop = loop_new(LOOP_FDS);
	broker->deadline =
	    (struct loop_timer){ .fn = on_deadline, .arg = broker };
	broker->net = net_start(broker->loop, &config, &events, broker, error);
	if (broker->net != NULL &&
	    await(broker, true, "there is no connection", error))
		return broker;
	broker_close(broker);
	return NULL;
}

void
broker_close(struct broker *broker)
{
	if (broker == NULL)
		return;
	net_stop(broker->net);
	loop_free(broker->loop);
	free(broker->value.bytes);
	free(broker);
}

bool
broker_get(struct broker *broker, enum ctl_key kind, const char *name,
    struct broker_value *out, char error[static CTL_ERROR_MAX])
{
	if (!await(broker, net_get(broker->net, kind, name),
		missing[kind].value, error))
		return false;
	*out = broker->value;
	broker->value = (struct broker_value){ 0 };
	return true;
}

bool
broker_set(struct broker *broker, enum ctl_key kind, const char *name,
    uint32_t expiry_ms, const void *value, size_t len,
    char error[static CTL_ERROR_MAX])
{
	bool asked = net_set(broker->net, kind, name, expiry_ms, value, len);

	if (!await(broker, asked, missing[kind].taken, error))
		return false;
	if (!broker->taken)
		snprintf(error, CTL_ERROR_MAX, "%s", broker->why);
	return broker->taken;
}

struct broker_list *
broker_list(
    struct broker *broker, enum ctl_key kind, char error[static CTL_ERROR_MAX])
{
	struct broker_list *list = calloc(1, sizeof *list);

	if (list == NULL)
		fatal("out of memory");
	broker->list = list;
	if (!await(broker, net_list(broker->net, kind), missing[kind].list,
		error)) {
		broker_list_free(list);
		list = NULL;
	}
	broker->list = NULL;
	return list;
}

void
broker_list_free(struct broker_list *list)
{
	if (list == NULL)
		return;
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].bytes);
	free(list);
}
