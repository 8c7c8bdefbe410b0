/* Part of the gate: see trust.h. */
#include "agent/gate/trust.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/slurp.h"
#include "keys/revocations.h"

static const size_t file_bounds[GATE_FILES] = {
	[GATE_FILE_CONF] = FILE_CONF_MAX,
	[GATE_FILE_HOST_KEY] = KEY_FILE_MAX,
	[GATE_FILE_OPERATORS] = FILE_TRUST_MAX,
	[GATE_FILE_DESCRIPTION] = DESCRIPTION_MAX,
	[GATE_FILE_TRUST] = ENVELOPE_MAX,
	[GATE_FILE_CERTIFICATE] = FILE_KEY_MAX,
	[GATE_FILE_NEXT_KEY] = KEY_FILE_MAX,
	[GATE_FILE_REVOKED] = REVOCATIONS_TEXT_MAX,
};

static bool
files_grow(struct trust_files *set)
{
	struct trust_file *files;

	if (set->count >= TRUST_FILES || set->bytes >= TRUST_BYTES) {
		set->over = true;
		return false;
	}
	files = reallocarray(set->files, set->count + 1, sizeof(*files));
	if (files == NULL)
		fatal("out of memory");
	set->files = files;
	return true;
}

void
trust_files_add(struct trust_files *set, enum gate_file kind, const char *name,
    size_t name_len, int fd)
{
	struct trust_file file = { .kind = kind, .fd = fd };

	if (!files_grow(set)) {
		close(fd);
		return;
	}
	file.name = strndup(name, name_len);
	if (file.name == NULL)
		fatal("out of memory");
	if (kind != GATE_FILE_HOST_KEY && kind != GATE_FILE_NEXT_KEY) {
		file.text = slurp(fd, file_bounds[kind], &file.len);
		file.error = errno;
		close(fd);
		file.fd = -1;
	}
	set->bytes += file.len;
	set->files[set->count++] = file;
}

void
trust_files_clear(struct trust_files *set)
{
	for (unsigned i = 0; i < set->count; i++) {
		struct trust_file *file = &set->files[i];

		if (file->fd != -1)
			close(file->fd);
		free(file->name);
		free(file->text);
	}
	free(set->files);
	*set = (struct trust_files){ 0 };
}

static const struct trust_file *
files_find(const struct trust_files *set, enum gate_file kind)
{
	for (unsigned i = 0; i < set->count; i++) {
		if (set->files[i].kind == kind)
			return &set->files[i];
	}
	return NULL;
}

static int
files_readable(
    const struct trust_files *set, char error[static TRUST_ERROR_MAX])
{
	if (set->over) {
		snprintf(error, TRUST_ERROR_MAX,
		    "more than %d files or %d bytes of configuration: "
		    "remove unused files",
		    TRUST_FILES, TRUST_BYTES);
		return -1;
	}
	for (unsigned i = 0; i < set->count; i++) {
		const struct trust_file *file = &set->files[i];

		if (file->text == NULL && file->fd == -1) {
			snprintf(error, TRUST_ERROR_MAX, "%s: %s", file->name,
			    strerrordesc_np(file->error));
			return -1;
		}
	}
	return 0;
}

static int
conf_add_all(struct conf *conf, const struct trust_files *set,
    char error[static CONF_ERROR_MAX])
{
	for (unsigned i = 0; i < set->count; i++) {
		const struct trust_file *file = &set->files[i];

		if (file->kind == GATE_FILE_CONF &&
		    conf_add(conf, file->name, file->text, file->len, error) !=
			0)
			return -1;
	}
	return 0;
}

static int
read_conf(struct gate_trust *trust, const struct trust_files *set,
    char error[static TRUST_ERROR_MAX])
{
	char why[CONF_ERROR_MAX] = "";
	struct conf conf;
	int result;

	trust->conf = calloc(1, sizeof(*trust->conf));
	if (trust->conf == NULL)
		fatal("out of memory");
	conf_init(&conf);
	result = conf_add_all(&conf, set, why);
	if (result == 0)
		result = agent_conf_read(trust->conf, &conf, why);
	conf_free(&conf);
	if (result != 0)
		snprintf(error, TRUST_ERROR_MAX, "%s", why);
	return result;
}

static int
read_hostname(struct gate_trust *trust, const char *machine,
    char error[static TRUST_ERROR_MAX])
{
	const char *name = trust->conf->hostname;

	if (name[0] == '\0')
		name = machine;
	if (!name_is_host(name)) {
		snprintf(error, TRUST_ERROR_MAX,
		    "no usable host name: set hostname in [agent]");
		return -1;
	}
	snprintf(trust->hostname, sizeof(trust->hostname), "%s", name);
	return 0;
}

/* The secret's text never leaves locked memory. */
static int
parse_host_key(struct secret_key *secret, const struct trust_file *file,
    char error[static TRUST_ERROR_MAX])
{
	char why[KEY_ERROR_MAX] = "out of locked memory";
	char *text = sodium_malloc(KEY_FILE_MAX);
	long len;
	int result = -1;

	if (text != NULL) {
		len = slurp_into(file->fd, text, KEY_FILE_MAX);
		if (len < 0)
			snprintf(
			    why, sizeof(why), "%s", strerrordesc_np(errno));
		else
			result = secret_parse(secret, text, (size_t)len, why);
	}
	sodium_free(text);
	if (result != 0)
		snprintf(error, TRUST_ERROR_MAX, "%s: %s", file->name, why);
	return result;
}

static int
read_host_key(struct gate_trust *trust, const struct trust_files *set,
    char error[static TRUST_ERROR_MAX])
{
	const struct trust_file *file = files_find(set, GATE_FILE_HOST_KEY);
	struct secret_key secret;

	if (file == NULL) {
		snprintf(error, TRUST_ERROR_MAX,
		    "no host key: make one with amiral-keygen new");
		return -1;
	}
	if (parse_host_key(&secret, file, error) != 0)
		return -1;
	trust->signer = signer_from_secret(&secret);
	if (trust->signer == NULL)
		fatal("out of memory");
	sign_fingerprint(signer_key(trust->signer), trust->fingerprint);
	return 0;
}

/* During a rotation: the other key vouches for it in each hello. */
static int
read_next_key(struct gate_trust *trust, const struct trust_files *set,
    char error[static TRUST_ERROR_MAX])
{
	const struct trust_file *file = files_find(set, GATE_FILE_NEXT_KEY);
	struct secret_key secret;

	if (file == NULL)
		return 0;
	if (parse_host_key(&secret, file, error) != 0)
		return -1;
	trust->next = signer_from_secret(&secret);
	if (trust->next == NULL)
		fatal("out of memory");
	if (memcmp(signer_key(trust->next)->bytes,
		signer_key(trust->signer)->bytes, ED25519_KEY_SIZE) != 0)
		return 0;
	snprintf(error, TRUST_ERROR_MAX,
	    "%s: the host key itself: remove it, and make another with "
	    "amiral-keygen rotate",
	    file->name);
	return -1;
}

/* Controllers will see for themselves; the host's own log says it first. */
static void
warn_of_certificate(const struct trust_file *file, enum certificate_fault fault)
{
	if (fault != CERTIFICATE_GOOD)
		log_warning("%s: no controller will take it: %s", file->name,
		    certificate_fault_text(fault));
}

static int
read_certificate(struct gate_trust *trust, const struct trust_files *set,
    char error[static TRUST_ERROR_MAX])
{
	const struct trust_file *file = files_find(set, GATE_FILE_CERTIFICATE);
	enum certificate_fault fault = CERTIFICATE_MALFORMED;
	struct certificate certificate;
	uint8_t blob[CERTIFICATE_MAX];
	const char *base64;
	size_t len;

	if (file == NULL)
		return 0;
	base64 = certificate_line(file->text, blob, &len);
	if (base64 != NULL)
		fault = certificate_read(&certificate, blob, len);
	if (fault == CERTIFICATE_GOOD &&
	    !public_key_equal(&certificate.key, signer_key(trust->signer)))
		fault = CERTIFICATE_KEY;
	if (fault != CERTIFICATE_GOOD) {
		snprintf(error, TRUST_ERROR_MAX,
		    "%s: %s: make it anew with ssh-keygen -s CA -h -I ID -n "
		    "NAME, or remove it",
		    file->name, certificate_fault_text(fault));
		return -1;
	}
	warn_of_certificate(file,
	    certificate_judge(&certificate, trust->hostname, clock_wall_ms()));
	trust->certificate = strdup(base64);
	if (trust->certificate == NULL)
		fatal("out of memory");
	return 0;
}

static int
read_operators(struct gate_trust *trust, const struct trust_files *set,
    char error[static TRUST_ERROR_MAX])
{
	const struct trust_file *file = files_find(set, GATE_FILE_OPERATORS);
	char why[ALLOWED_SIGNERS_ERROR_MAX];
	struct allowed_signers *own;

	if (file == NULL) {
		snprintf(error, TRUST_ERROR_MAX,
		    "no file of operators was handed over");
		return -1;
	}
	own = allowed_signers_parse(file->name, file->text, file->len, why);
	if (own == NULL) {
		snprintf(error, TRUST_ERROR_MAX, "%s", why);
		return -1;
	}
	trust->operators = operators_new(own);
	if (trust->operators == NULL)
		fatal("out of memory");
	if (allowed_signers_count(own) > NET_KEYS_MAX - TRUST_SIGNERS_MAX) {
		snprintf(error, TRUST_ERROR_MAX, "%s: more than %d keys",
		    file->name, NET_KEYS_MAX - TRUST_SIGNERS_MAX);
		return -1;
	}
	return 0;
}

/*
 * In the place of one that could not be believed stands an empty one that is
 * no regular file (/dev/null), but amirald keeps none that is empty.
 */
static int
read_revoked(struct gate_trust *trust, const struct trust_files *set,
    char error[static TRUST_ERROR_MAX])
{
	const struct trust_file *file = files_find(set, GATE_FILE_REVOKED);
	size_t line;

	if (file == NULL)
		return 0;
	line = file->len == 0
		   ? 1
		   : operators_recall(trust->operators, file->text, file->len);
	if (line == 0)
		return 0;
	snprintf(error, TRUST_ERROR_MAX,
	    "%s:%zu: not a line with a fingerprint of its own: mend it, or "
	    "remove the file, and with it what lists before the newest have "
	    "revoked",
	    file->name, line);
	return -1;
}

/* Not ours any more: said, and no reason to stop. */
static bool
is_disowned(enum status status)
{
	return status == STATUS_UNKNOWN_KEY || status == STATUS_REVOKED ||
	       status == STATUS_FLEET;
}

/*
 * The list that was in force when this agent last ran. One that cannot be
 * read may hold revocations: nothing is in force without it.
 */
static int
read_pushed(struct gate_trust *trust, const struct trust_files *set,
    char error[static TRUST_ERROR_MAX])
{
	const struct trust_file *file = files_find(set, GATE_FILE_TRUST);
	enum status status;

	if (file == NULL)
		return 0;
	status = operators_restore(trust->operators, trust->conf->fleet,
	    (const uint8_t *)file->text, file->len, clock_wall_ms());
	if (is_disowned(status))
		log_warning("%s: not in force any more (%s)%s", file->name,
		    status_name(status),
		    status == STATUS_FLEET
			? ""
			: "; its revocations stay (2048 at most)");
	if (status == STATUS_OK || is_disowned(status))
		return 0;
	snprintf(error, TRUST_ERROR_MAX,
	    "%s: not the operators' list that was kept there (%s): remove it, "
	    "and let the list be pushed again",
	    file->name, status_name(status));
	return -1;
}

static int
read_description(struct gate_trust *trust, const struct trust_file *file,
    char error[static TRUST_ERROR_MAX])
{
	struct description *at = &trust->descriptions[trust->description_count];
	char why[DESCRIPTION_ERROR_MAX];

	if (!description_parse(at, file->name, file->text, file->len, why)) {
		snprintf(
		    error, TRUST_ERROR_MAX, "%s.json: %s", file->name, why);
		return -1;
	}
	trust->description_count++;
	return 0;
}

static int
read_descriptions(struct gate_trust *trust, const struct trust_files *set,
    char error[static TRUST_ERROR_MAX])
{
	unsigned n = 0;

	for (unsigned i = 0; i < set->count; i++)
		n += set->files[i].kind == GATE_FILE_DESCRIPTION;
	if (n == 0)
		return 0;
	trust->descriptions = calloc(n, sizeof(*trust->descriptions));
	if (trust->descriptions == NULL)
		fatal("out of memory");
	for (unsigned i = 0; i < set->count; i++) {
		const struct trust_file *file = &set->files[i];

		if (file->kind == GATE_FILE_DESCRIPTION &&
		    read_description(trust, file, error) != 0)
			return -1;
	}
	return 0;
}

int
gate_trust_build(struct gate_trust *out, const struct trust_files *set,
    const char *hostname, char error[static TRUST_ERROR_MAX])
{
	struct gate_trust trust = { 0 };

	if (files_readable(set, error) != 0 ||
	    read_conf(&trust, set, error) != 0 ||
	    read_hostname(&trust, hostname, error) != 0 ||
	    read_host_key(&trust, set, error) != 0 ||
	    read_next_key(&trust, set, error) != 0 ||
	    read_certificate(&trust, set, error) != 0 ||
	    read_operators(&trust, set, error) != 0 ||
	    read_revoked(&trust, set, error) != 0 ||
	    read_pushed(&trust, set, error) != 0 ||
	    read_descriptions(&trust, set, error) != 0) {
		gate_trust_clear(&trust);
		return -1;
	}
	*out = trust;
	return 0;
}

void
gate_trust_clear(struct gate_trust *trust)
{
	if (trust->conf != NULL)
		agent_conf_free(trust->conf);
	free(trust->conf);
	if (trust->signer != NULL)
		signer_free(trust->signer);
	signer_free(trust->next);
	free(trust->certificate);
	operators_free(trust->operators);
	for (unsigned i = 0; i < trust->description_count; i++)
		description_clear(&trust->descriptions[i]);
	free(trust->descriptions);
	*trust = (struct gate_trust){ 0 };
}

const struct description *
trust_provider(const struct gate_trust *trust, const char *name)
{
	for (unsigned i = 0; i < trust->description_count; i++) {
		if (strcmp(trust->descriptions[i].name, name) == 0)
			return &trust->descriptions[i];
	}
	return NULL;
}
