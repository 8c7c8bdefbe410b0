/* Names of refusals, for counters and logs. Part of every process but amirald.
 */
#include "wire/verify/status.h"

#include <stddef.h>

static const char *const names[STATUS_COUNT] = {
	[STATUS_OK] = "ok",
	[STATUS_TOO_LONG] = "too-long",
	[STATUS_LAYOUT] = "layout",
	[STATUS_LINES] = "lines",
	[STATUS_BASE64] = "base64",
	[STATUS_BLOB] = "blob",
	[STATUS_NAMESPACE] = "namespace",
	[STATUS_SAME_KEY] = "same-key",
	[STATUS_KEY] = "key",
	[STATUS_SIGNATURE] = "signature",
	[STATUS_UNKNOWN_KEY] = "unknown-key",
	[STATUS_REVOKED] = "revoked",
	[STATUS_VALIDITY] = "validity",
	[STATUS_JSON] = "json",
	[STATUS_SCHEMA] = "schema",
	[STATUS_RANGE] = "range",
	[STATUS_OPERATOR] = "operator",
	[STATUS_FLEET] = "fleet",
	[STATUS_MATCH] = "match",
	[STATUS_NOT_MATCHED] = "not-matched",
	[STATUS_SEAL] = "seal",
	[STATUS_HOST] = "host",
	[STATUS_UNBOUND] = "unbound",
	[STATUS_MEMORY] = "memory",
};

const char *
status_name(enum status status)
{
	size_t i = (size_t)status;

	return i < STATUS_COUNT ? names[i] : "invalid";
}
