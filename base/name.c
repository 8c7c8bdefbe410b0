/* Part of every process that meets a name from outside. */
#include "base/name.h"

#include <stddef.h>
#include <string.h>

#define HOST_LABEL_MAX 63
#define FLEET_BITS_LEN 8

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGIT "0123456789"
#define HEX   DIGIT "abcdef"

static bool
is_label(const char *label, size_t len)
{
	return len >= 1 && len <= HOST_LABEL_MAX && label[0] != '-' &&
	       label[len - 1] != '-';
}

bool
name_is_host(const char *name)
{
	if (strlen(name) > HOSTNAME_MAX)
		return false;
	for (;;) {
		size_t len = strspn(name, LOWER DIGIT "-");

		if (!is_label(name, len))
			return false;
		name += len;
		if (*name == '\0')
			return true;
		if (*name++ != '.')
			return false;
	}
}

bool
name_is_principal(const char *name)
{
	size_t len = strlen(name);

	if (len < 1 || len > PRINCIPAL_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] >= 0x7f)
			return false;
	return strpbrk(name, ",\"'\\*?!") == NULL;
}

bool
name_is_fleet(const char *name)
{
	size_t len = strlen(name), front;

	if (len < 1 + 1 + FLEET_BITS_LEN || len > FLEET_MAX)
		return false;
	front = len - 1 - FLEET_BITS_LEN;
	return strspn(name, LOWER DIGIT "-") == len && name[front] == '-' &&
	       strspn(name + front + 1, HEX) == FLEET_BITS_LEN;
}

bool
name_is_provider(const char *name)
{
	size_t len = strlen(name);

	return len >= 1 && len <= PROVIDER_MAX && strchr(LOWER, name[0]) &&
	       strspn(name, LOWER DIGIT "-") == len;
}

bool
name_is_uuid(const char *name)
{
	static const char shape[] = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";

	for (size_t i = 0; i < UUID_LEN; i++) {
		const char *set = shape[i] == 'x' ? HEX : "89ab";

		if (name[i] == '\0')
			return false;
		if (shape[i] == 'x' || shape[i] == 'y') {
			if (strchr(set, name[i]) == NULL)
				return false;
		} else if (name[i] != shape[i]) {
			return false;
		}
	}
	return name[UUID_LEN] == '\0';
}
