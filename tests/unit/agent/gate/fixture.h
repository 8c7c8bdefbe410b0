/*
 * For the unit tests of the gate: a set of files in force, operators who
 * sign, and links whose other end the test holds.
 */
#ifndef AMIRAL_TESTS_UNIT_AGENT_GATE_FIXTURE_H
#define AMIRAL_TESTS_UNIT_AGENT_GATE_FIXTURE_H

#include "agent/gate/trust.h"
#include "keys/secret.h"
#include "privsep/link.h"

#define FIXTURE_FLEET "test-0123abcd"
#define FIXTURE_HOST  "www01.example.com"
#define FIXTURE_NOW   1763800000000 /* ms */

enum { ALICE, BOB, CAROL, DAVE, EVE, OPERATORS, STRANGER = OPERATORS, KEYS };

struct fixture {
	struct loop *loop;
	struct link *link; /* ours; from the gate to amirald */
	int peer;          /* the other end, which nobody reads */
	struct gate_trust trust;
	struct secret_key keys[KEYS];
};

/* name@example.com, of one of the operators. */
const char *fixture_operator(unsigned who);
void fixture_init(struct fixture *);
void fixture_clear(struct fixture *);
/* A link whose frames the test reads at *peer. */
struct link *fixture_link(struct fixture *, const struct link_direction *in,
    const struct link_direction *out, int *peer);
/* One turn of the loop, without waiting for anything. */
void fixture_turn(struct fixture *);
/* A descriptor of these bytes. */
int fixture_file(const char *text, size_t len);
/* The files of a good set, but for kind, which has this text if not NULL. */
void fixture_files(struct fixture *, struct trust_files *, enum gate_file kind,
    const char *text);
/* An envelope, one line a key; allocated. */
uint8_t *fixture_envelope(struct fixture *, enum envelope_kind,
    const unsigned *who, unsigned n, const char *payload, size_t len,
    size_t *envelope_len);

#endif
