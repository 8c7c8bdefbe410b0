/* Part of amiral-keygen. */
#include "keys/keygen/operator.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "keys/keygen/keygen.h"

bool
operator_option(struct operator_side *side, int option, const char *value)
{
	const struct {
		int option;
		const char **field;
	} rows[] = {
		{ 'R', &side->flags.redis },
		{ 'k', &side->flags.key },
		{ 'K', &side->flags.known_hosts },
		{ OPERATOR_FLEET, &side->flags.fleet },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].option == option) {
			*rows[i].field = value;
			return true;
		}
	}
	return false;
}

bool
operator_read(struct operator_side *side)
{
	char error[CTL_ERROR_MAX];

	if (settings_read(&side->settings, &side->flags, error))
		return true;
	log_error("%s", error);
	return false;
}

bool
operator_connect(struct operator_side *side)
{
	char error[CTL_ERROR_MAX], password[PASSWORD_MAX];
	const struct broker_place place = {
		.url = side->settings.redis,
		.password = password,
		.fleet = side->settings.fleet,
	};

	if (settings_password(&side->settings, password, error))
		side->broker = broker_open(&place, error);
	sodium_memzero(password, sizeof(password));
	if (side->broker == NULL)
		log_error("%s", error);
	return side->broker != NULL;
}

void
operator_close(struct operator_side *side)
{
	broker_close(side->broker);
	side->broker = NULL;
	settings_clear(&side->settings);
}

bool
operator_tokens(char path[static PATH_MAX], bool make)
{
	if (!keygen_config_path(path, "tokens") ||
	    (make && !keygen_make_config()))
		return false;
	if (!make || mkdir(path, 0700) == 0 || errno == EEXIST)
		return true;
	log_error("%s: cannot make the directory: %s", path, strerror(errno));
	return false;
}
