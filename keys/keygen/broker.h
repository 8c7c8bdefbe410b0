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

#define BROKER_ANSWER_MS 15000 /* for a connection, and for each answer */

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
