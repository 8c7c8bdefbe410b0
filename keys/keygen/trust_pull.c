/*
 * Part of amiral-keygen: the list in Redis becomes the one that is pushed
 * next. Redis is not asked whom to believe, nor how late it is.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "keys/keygen/trust_remote.h"

/* Why a list is not taken over on the word of who signed it. */
static const char *const refusals[] = {
	[TRUST_STRANGER] =
	    "whom neither your key nor ~/.config/amiral/" TRUST_COLLEAGUES
	    " names: it may be anybody's. Ask who has pushed it, not Redis, "
	    "for the fingerprint: if it is this one, name it with --signer",
	[TRUST_OUT_OF_TIME] = "whose time in ~/.config/amiral/" TRUST_COLLEAGUES
			      " is over or still to come",
	[TRUST_REVOKED] = "who is revoked here",
};

/* Named on the command line, by somebody who has asked him. */
static bool
is_named(const struct trust_order *order, const struct trust_remote *remote,
    enum trust_acquaintance who)
{
	if (strcmp(remote->signer, order->signer) != 0) {
		log_error("the list in Redis is signed by %s, not by %s",
		    remote->signer, order->signer);
		return false;
	}
	if (who == TRUST_STRANGER || who == TRUST_OUT_OF_TIME)
		log_warning("%s is believed for this once, since you name it: "
			    "after a push its holder has said who may ask "
			    "your hosts. A colleague's key belongs into "
			    "~/.config/amiral/" TRUST_COLLEAGUES,
		    remote->signer);
	return true;
}

static bool
is_believed(const struct trust_order *order, const struct trust_remote *remote,
    const struct public_key *own)
{
	enum trust_acquaintance who;

	if (!trust_remote_who(remote, order, own, &who))
		return false;
	if (order->signer != NULL && who != TRUST_REVOKED)
		return is_named(order, remote, who);
	if (refusals[who] == NULL)
		return true;
	log_error("the list in Redis is signed by %s, %s", remote->signer,
	    refusals[who]);
	return false;
}

static bool
is_recent(const struct trust_order *order, const struct trust_remote *remote)
{
	if (remote->list.serial >= TRUST_SERIAL_LAST)
		log_error("Redis has list %" PRId64 ", and no list can follow "
			  "it: its signer's line must go from every host, and "
			  "the list that they keep (amiral-keys(5))",
		    remote->list.serial);
	else if (remote->list.serial < order->copy.list.serial - 1)
		log_error("Redis has list %" PRId64 " and %" PRId64
			  " was pushed from here: it went back in time",
		    remote->list.serial, order->copy.list.serial - 1);
	else
		return true;
	return false;
}

/* Every key that one list revokes, the other revokes as well. */
static bool
add_revoked(struct trust_copy *to, const struct trust_list *from)
{
	for (size_t i = 0; i < from->revoked_count; i++) {
		if (!trust_revokes(&to->list, from->revoked[i]) &&
		    !trust_copy_revoke(to, from->revoked[i]))
			return false;
	}
	return true;
}

/* As on the hosts: its additions have lapsed, its revocations stay. */
static bool
take_expired(struct trust_copy *copy, const struct trust_remote *remote)
{
	log_warning("list %" PRId64 " has expired: its revocations and its "
		    "number are taken over, its operators are not; add who "
		    "may ask",
	    remote->list.serial);
	if (!add_revoked(copy, &remote->list))
		return false;
	copy->list.serial = remote->list.serial + 1;
	return true;
}

static bool
take_over(struct trust_copy *copy, struct trust_remote *remote)
{
	struct trust_copy fresh = *copy;
	size_t before = remote->list.revoked_count;

	fresh.list = remote->list;
	remote->list = (struct trust_list){ 0 }; /* transferred */
	if (!add_revoked(&fresh, &copy->list)) {
		trust_copy_clear(&fresh);
		return false;
	}
	if (fresh.list.revoked_count > before)
		log_warning("%zu keys were revoked here, and not by list "
			    "%" PRId64 ": they stay revoked; push",
		    fresh.list.revoked_count - before, fresh.list.serial);
	fresh.list.serial++;
	trust_copy_clear(copy);
	*copy = fresh;
	return true;
}

static bool
pull(struct trust_order *order, const struct public_key *own)
{
	struct trust_remote remote;
	bool good;

	if (!trust_remote_read(&remote, order))
		return false;
	if (!remote.there)
		log_error("Redis has no list of this fleet");
	good = remote.there && is_believed(order, &remote, own) &&
	       is_recent(order, &remote) &&
	       (remote.list.expires <= clock_wall_ms()
		       ? take_expired(&order->copy, &remote)
		       : take_over(&order->copy, &remote)) &&
	       trust_copy_write(&order->copy);
	if (good)
		trust_copy_print(&order->copy);
	trust_remote_clear(&remote);
	return good;
}

bool
trust_pull(struct trust_order *order, char **words)
{
	struct signer *signer;
	bool good;

	(void)words;
	if (order->signer != NULL)
		return pull(order, NULL);
	signer = trust_open_key(order);
	if (signer == NULL)
		return false;
	good = pull(order, signer_key(signer));
	signer_free(signer);
	return good;
}
