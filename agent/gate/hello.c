/* Part of the gate: see hello.h. */
#include "agent/gate/hello.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/cursor.h"
#include "base/log.h"
#include "config.h"
#include "privsep/messages.h"

/* A host key has one successor: there is no second rotation from it. */
#define ROTATION_SERIAL 1

static void
hello_due(void *arg)
{
	hello_send(arg);
}

void
hello_init(struct gate_hello *hello, struct loop *loop,
    const struct gate_trust *trust, const struct gate_facts *facts,
    const struct gate_replies *replies)
{
	*hello = (struct gate_hello){
		.loop = loop,
		.trust = trust,
		.facts = facts,
		.boot = replies->boot,
		.timer = { .fn = hello_due, .arg = hello },
	};
}

static char *
hello_payload(struct gate_hello *gate, size_t *len)
{
	struct hello hello = {
		.at = clock_wall_ms(),
		.agent = AMIRAL_VERSION,
		.signatures = 1,
		.trust = operators_serial(gate->trust->operators),
	};
	const char *left_out;
	char *payload;
	size_t room;

	if (gate->trust->next != NULL) {
		hello.signatures = 2;
		hello.serial = ROTATION_SERIAL;
	}
	memcpy(hello.boot, gate->boot, sizeof(hello.boot));
	snprintf(
	    hello.fleet, sizeof(hello.fleet), "%s", gate->trust->conf->fleet);
	snprintf(hello.hostname, sizeof(hello.hostname), "%s",
	    gate->trust->hostname);
	hello.certificate = gate->trust->certificate;
	room = HELLO_FACTS_MAX;
	if (hello.certificate != NULL)
		room -= strlen(hello.certificate);
	hello.facts = facts_fitting(gate->facts->object, room, &left_out);
	if (left_out != NULL && !gate->trimmed)
		log_warning("facts over %zu bytes: hellos leave out %s", room,
		    left_out);
	gate->trimmed = left_out != NULL;
	if (gate->trimmed)
		json_object_set_new(hello.facts, HELLO_LEFT_OUT, json_true());
	payload = hello_build(&hello, len);
	json_decref(hello.facts);
	return payload;
}

/* By the host key, and in a rotation by its successor too. */
static uint8_t *
hello_sign(const struct gate_trust *trust, const char *payload,
    size_t payload_len, size_t *len, char error[static KEY_ERROR_MAX])
{
	const uint8_t *bytes = (const uint8_t *)payload;

	if (trust->next == NULL)
		return signer_envelope(trust->signer, ENVELOPE_HELLO, bytes,
		    payload_len, len, error);
	return signer_envelope_pair(trust->signer, trust->next, ENVELOPE_HELLO,
	    bytes, payload_len, len, error);
}

static void
hello_to_net(const struct gate_hello *hello, uint8_t *envelope, size_t len)
{
	uint8_t expiry[4];
	struct writer writer;
	struct iovec pieces[2] = {
		{ expiry, sizeof(expiry) },
		{ envelope, len },
	};

	writer_init(&writer, expiry, sizeof(expiry));
	writer_u32(&writer, HELLO_EXPIRY_MS);
	/* One that finds the queue full is followed by the next minute's. */
	link_send(hello->link, G2N_HELLO, pieces, 2, NULL);
}

void
hello_send(struct gate_hello *hello)
{
	char error[KEY_ERROR_MAX] = "out of memory";
	size_t payload_len = 0, len = 0;
	uint8_t *envelope = NULL;
	char *payload;

	if (hello->link == NULL)
		return;
	payload = hello_payload(hello, &payload_len);
	if (payload != NULL)
		envelope =
		    hello_sign(hello->trust, payload, payload_len, &len, error);
	if (envelope != NULL)
		hello_to_net(hello, envelope, len);
	else
		log_error("no hello: %s", error);
	free(envelope);
	free(payload);
	loop_timer_set(hello->loop, &hello->timer,
	    HELLO_INTERVAL_MS - (int64_t)randombytes_uniform(HELLO_JITTER_MS));
}

void
hello_attach(struct gate_hello *hello, struct link *link)
{
	hello->link = link;
	if (link == NULL)
		loop_timer_clear(hello->loop, &hello->timer);
	else
		hello_send(hello);
}
