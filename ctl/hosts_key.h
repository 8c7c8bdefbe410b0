/*
 * amiral and amiral-keygen: the key that a person means, who wants one
 * revoked.
 */
#ifndef AMIRAL_CTL_HOSTS_KEY_H
#define AMIRAL_CTL_HOSTS_KEY_H

#include "ctl/settings.h"
#include "keys/known_hosts_edit.h"
#include "wire/hello.h"

/*
 * word: SHA256:... of a key that the text has, or that a remembered hello was
 * signed by; the name of a host that is known by a certificate, whose hello is
 * remembered: both its keys, if it rotates; a public key's or a certificate's
 * line; or the name of a file with one, which ends in .pub or has a slash in
 * it. A certificate stands for the key that it certifies. How many keys; or 0
 * and a message with the remedy; file is that of the text.
 */
size_t hosts_keys_of(const char *word, const char *file,
    const struct known_hosts_text *, const struct settings *,
    struct public_key out[static HELLO_KEYS_MAX],
    char error[static CTL_ERROR_MAX]);

#endif
