/* Part of amiral-keygen. */
#include "keys/keygen/trust_remote.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/slurp.h"
#include "keys/allowed_signers.h"
#include "keys/keygen/keygen.h"

static void
parse(struct trust_remote *remote, const char *fleet,
    const struct broker_value *value)
{
	struct envelope envelope;

	if (value->bytes == NULL ||
	    envelope_open(value->bytes, value->len, ENVELOPE_TRUST,
		&envelope) != STATUS_OK ||
	    envelope.signatures != 1 ||
	    trust_parse(envelope.payload, envelope.payload_len,
		&remote->list) != STATUS_OK)
		return;
	remote->key = envelope.signature[0].key;
	sign_fingerprint(&remote->key, remote->signer);
	remote->there = strcmp(remote->list.fleet, fleet) == 0;
	if (!remote->there)
		trust_clear(&remote->list);
}

bool
trust_remote_read(struct trust_remote *remote, struct trust_order *order)
{
	char error[CTL_ERROR_MAX];
	struct broker_value value;

	*remote = (struct trust_remote){ 0 };
	if (!operator_connect(&order->side))
		return false;
	if (!broker_get(order->side.broker, CTL_KEY_TRUST, "", &value, error)) {
		log_error("%s", error);
		return false;
	}
	parse(remote, order->side.settings.fleet, &value);
	free(value.bytes);
	return true;
}

void
trust_remote_clear(struct trust_remote *remote)
{
	trust_clear(&remote->list);
}

struct signer *
trust_open_key(const struct trust_order *order)
{
	char error[KEY_ERROR_MAX];
	struct signer *signer = signer_open(order->side.settings.key, error);

	if (signer == NULL)
		log_error("%s", error);
	return signer;
}

/* Whom this operator lets sign lists; *out NULL: there is no such file. */
static bool
read_file(struct allowed_signers **out)
{
	char path[PATH_MAX], error[ALLOWED_SIGNERS_ERROR_MAX];
	char *text = NULL;
	size_t len;
	int fd;

	*out = NULL;
	if (!keygen_config_path(path, TRUST_COLLEAGUES))
		return false;
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return true;
	fd = file_open(path, FILE_TRUSTED, FILE_TRUST_MAX, error);
	if (fd != -1) {
		snprintf(error, sizeof error, "%.300s: cannot be read", path);
		text = slurp(fd, FILE_TRUST_MAX, &len);
		close(fd);
	}
	if (text != NULL)
		*out = allowed_signers_parse(path, text, len, error);
	if (*out == NULL)
		log_error("%s", error);
	free(text);
	return *out != NULL;
}

static enum trust_acquaintance
judge(const struct allowed_signers *file, const struct public_key *key)
{
	static const struct {
		enum status status;
		enum trust_acquaintance who;
	} rows[] = {
		{ STATUS_OK, TRUST_COLLEAGUE },
		{ STATUS_REVOKED, TRUST_REVOKED },
		{ STATUS_VALIDITY, TRUST_OUT_OF_TIME },
	};
	const char *principal;
	enum status status = allowed_signers_check(
	    file, key, ENVELOPE_TRUST, clock_wall_ms(), &principal);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].status == status)
			return rows[i].who;
	}
	return TRUST_STRANGER;
}

bool
trust_remote_who(const struct trust_remote *remote,
    const struct trust_order *order, const struct public_key *own,
    enum trust_acquaintance *who)
{
	struct allowed_signers *file;

	if (!read_file(&file))
		return false;
	*who = file != NULL ? judge(file, &remote->key) : TRUST_STRANGER;
	allowed_signers_free(file);
	if (trust_revokes(&order->copy.list, remote->signer))
		*who = TRUST_REVOKED;
	else if (*who != TRUST_REVOKED && own != NULL &&
		 public_key_equal(own, &remote->key))
		*who = TRUST_OURSELVES;
	return true;
}
