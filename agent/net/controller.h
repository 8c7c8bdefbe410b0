/*
 * Part of amiral-net, controller role: one struct for controller.c
 * (beginning, wiring), controller_publish.c (requests out, hellos in: the
 * commands connection), controller_keys.c (announcements and the operators'
 * list: the same connection) and controller_read.c (replies in, by a
 * blocking XREAD on a connection of its own).
 */
#ifndef AMIRAL_AGENT_NET_CONTROLLER_H
#define AMIRAL_AGENT_NET_CONTROLLER_H

#include "agent/net/conn.h"
#include "agent/net/names.h"
#include "agent/net/net.h"
#include "agent/net/stream.h"

struct controller {
	struct net net;
	struct conn *commands, *reader;
	uint8_t *frame; /* LINK_BODY_MAX bytes, for what is being built */
	char error[CONN_ERROR_MAX]; /* of the MULTI under way, its first */
	/* replies */
	struct name stream;
	char position[STREAM_POSITION_MAX]; /* of the last entry taken */
	size_t page_at; /* entries of the page that are done */
	/* hellos */
	size_t hello_at; /* values of the answer that are done */
	/* the list under way */
	struct {
		struct name pattern;
		unsigned rounds; /* of SCAN */
		size_t sent;     /* values */
		char cursor[24]; /* of the next SCAN */
		bool open;
	} list;
	/* names */
	struct {
		bool open;
		unsigned rounds; /* of SCAN */
		size_t at;       /* keys of the page that are done */
		size_t sent;
		char cursor[24]; /* of the next SCAN */
	} names;
	struct loop_timer leave;
	int64_t leave_ms; /* nobody waits longer for the last frame */
	bool over;        /* a connection is lost: said once */
};

/* amiral has no room: nothing is read that would go there. */
void controller_check_parent(struct controller *);
/* Written now; amiral is not read while Redis does not keep up. */
void controller_send_off(struct controller *);

link_handler controller_on_publish, controller_on_hellos, controller_on_read;
link_handler controller_on_get, controller_on_set, controller_on_list;
link_handler controller_on_names;
conn_answer controller_names_on_page;

#endif
