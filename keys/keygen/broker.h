/*
 * Part of amiral-keygen: Redis, through amiral-net, one question after the
 * other. What comes back is Redis's word: nothing of it is believed here.
 */
#ifndef AMIRAL_KEYS_KEYGEN_BROKER_H
#define AMIRAL_KEYS_KEYGEN_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/options.h"
#include "privsep/messages.h"

/*
 * For a connection, and for each answer. Less than the pause after which
 * amiral-net asks whether Redis is there at all (CONN_PING_MS), so that what
 * is missing is said by its name.
 */
#define BROKER_ANSWER_MS 8000

struct broker;

struct broker_place {
	const char *url, *password, *fleet;
};

struct broker_value {
	uint8_t *bytes; /* NULL: not there */
	size_t len;
};

struct broker_list {
	struct broker_value items[CTL_LIST_MAX];
	size_t count;
	bool cut; /* there were more */
};

/*
 * Connected, or NULL and a message. All that follow: false and a message
 * where there is no (good) answer in time; the connection is then over.
 */
struct broker *broker_open(
    const struct broker_place *, char error[static CTL_ERROR_MAX]);
void broker_close(struct broker *);
/* The caller frees the bytes. */
bool broker_get(struct broker *, enum ctl_key, const char *name,
    struct broker_value *, char error[static CTL_ERROR_MAX]);
/* expiry 0: none; len 0 deletes. */
bool broker_set(struct broker *, enum ctl_key, const char *name,
    uint32_t expiry_ms, const void *value, size_t len,
    char error[static CTL_ERROR_MAX]);
/* Allocated; broker_list_free() it. NULL and a message. */
struct broker_list *broker_list(
    struct broker *, enum ctl_key, char error[static CTL_ERROR_MAX]);
void broker_list_free(struct broker_list *);

#endif
