/*
 * amiral: many replies at once. A signature costs more than a thread does
 * from a few dozens on; threads share nothing but the next index.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "ctl/verify.h"

#define THREADS_MAX    16
#define ITEMS_A_THREAD 16 /* fewer are not worth one */

struct batch {
	const struct verify_context *context;
	struct verify_item *items;
	size_t n;
	atomic_size_t next;
};

static void *
work(void *arg)
{
	struct batch *batch = arg;
	size_t i;

	while ((i = atomic_fetch_add(&batch->next, 1)) < batch->n)
		verify_reply(batch->context, batch->items[i].bytes,
		    batch->items[i].len, &batch->items[i].verified);
	return NULL;
}

/* How many threads beside our own. */
static unsigned
helpers(size_t n)
{
	unsigned wanted = (unsigned)(n / ITEMS_A_THREAD), cpus = 1;
	cpu_set_t set;

	if (wanted < 2)
		return 0;
	if (sched_getaffinity(0, sizeof set, &set) == 0)
		cpus = (unsigned)CPU_COUNT(&set);
	if (wanted > cpus)
		wanted = cpus;
	return (wanted < THREADS_MAX ? wanted : THREADS_MAX) - 1;
}

void
verify_batch(
    const struct verify_context *context, struct verify_item *items, size_t n)
{
	struct batch batch = { .context = context, .items = items, .n = n };
	pthread_t threads[THREADS_MAX];
	unsigned wanted = helpers(n), started = 0;

	/* One that cannot be had leaves its share to the others. */
	while (started < wanted &&
	       pthread_create(&threads[started], NULL, work, &batch) == 0)
		started++;
	work(&batch);
	while (started > 0)
		pthread_join(threads[--started], NULL);
}
