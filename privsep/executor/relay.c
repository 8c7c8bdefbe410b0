/* Part of amirald. */
#include "privsep/executor/relay.h"

#include "base/clock.h"
#include "base/cursor.h"

#define WINDOW_MS 1000

void
relay_flush(struct relay *relay)
{
	if (relay->suppressed > 0)
		log_warning("%s: %u lines suppressed", relay->process,
		    relay->suppressed);
	relay->suppressed = 0;
}

void
relay_text(
    struct relay *relay, enum log_level level, const uint8_t *text, size_t len)
{
	int64_t now = clock_monotonic_ms();

	if (now - relay->window_ms >= WINDOW_MS) {
		relay_flush(relay);
		relay->window_ms = now;
		relay->lines = 0;
	}
	if (relay->lines++ < RELAY_LINES)
		log_relay(relay->process, level, (const char *)text, len);
	else
		relay->suppressed++;
}

bool
relay_line(struct relay *relay, const uint8_t *body, size_t len)
{
	struct cursor in;
	const uint8_t *text;
	unsigned level;

	cursor_init(&in, body, len);
	level = cursor_u8(&in);
	text = cursor_rest(&in, &len);
	if (!cursor_done(&in) || level > LOG_LEVEL_DEBUG)
		return false;
	relay_text(relay, (enum log_level)level, text, len);
	return true;
}
