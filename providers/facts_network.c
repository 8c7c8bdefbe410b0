/*
 * Part of the provider facts: the host's addresses. From netlink where the
 * profile lets us make such a socket, else from /proc/net, where IPv4
 * addresses stand without their interface: the routes tell that.
 */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/log.h"
#include "providers/facts.h"
#include "providers/provider.h"

#define ADDRESSES_MAX 64
#define ROUTES_MAX    256
#define PROC_BYTES    65536

struct address {
	char interface[IF_NAMESIZE]; /* "" where it is not known */
	char text[INET6_ADDRSTRLEN];
};

struct addresses {
	struct address list[ADDRESSES_MAX];
	unsigned count;
	bool more; /* than fitted */
};

/* Loopback addresses are everybody's and say nothing. */
static bool
is_loopback(int family, const void *address)
{
	if (family == AF_INET)
		return *(const uint8_t *)address == IN_LOOPBACKNET;
	return IN6_IS_ADDR_LOOPBACK((const struct in6_addr *)address);
}

static void
add(struct addresses *all, const char *interface, int family, const void *bytes)
{
	struct address *new = &all->list[all->count];

	if (is_loopback(family, bytes))
		return;
	if (all->count == ADDRESSES_MAX) {
		all->more = true;
		return;
	}
	if (inet_ntop(family, bytes, new->text, sizeof(new->text)) == NULL)
		return;
	/* The kernel lets an interface have almost any bytes for a name. */
	snprintf(new->interface, sizeof(new->interface), "%s",
	    utf8_valid(interface, strlen(interface)) ? interface : "");
	all->count++;
}

static bool
read_netlink(struct addresses *all)
{
	struct ifaddrs *list;

	if (getifaddrs(&list) == -1)
		return false;
	for (struct ifaddrs *at = list; at != NULL; at = at->ifa_next) {
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;

		if (at->ifa_addr == NULL)
			continue;
		if (at->ifa_addr->sa_family == AF_INET) {
			memcpy(&v4, at->ifa_addr, sizeof(v4));
			add(all, at->ifa_name, AF_INET, &v4.sin_addr);
		} else if (at->ifa_addr->sa_family == AF_INET6) {
			memcpy(&v6, at->ifa_addr, sizeof(v6));
			add(all, at->ifa_name, AF_INET6, &v6.sin6_addr);
		}
	}
	freeifaddrs(list);
	return true;
}

struct route {
	char interface[IF_NAMESIZE];
	in_addr_t destination, mask;
};

/* The kernel prints each in_addr_t as it lies in memory. */
static unsigned
read_routes(char *text, struct route routes[static ROUTES_MAX])
{
	char *rest = NULL, *line;
	unsigned count = 0;

	strtok_r(text, "\n", &rest); /* the heads of the columns */
	while (count < ROUTES_MAX &&
	       (line = strtok_r(NULL, "\n", &rest)) != NULL) {
		struct route *r = &routes[count];
		unsigned gateway;

		if (sscanf(line, "%15s %x %x %*x %*d %*d %*d %x", r->interface,
			&r->destination, &gateway, &r->mask) == 4 &&
		    gateway == 0)
			count++;
	}
	return count;
}

/* The interface whose own network holds the address: the narrowest one. */
static const char *
interface_of(in_addr_t address, const struct route *routes, unsigned count)
{
	const struct route *best = NULL;

	for (unsigned i = 0; i < count; i++)
		if (routes[i].mask != 0 &&
		    (address & routes[i].mask) == routes[i].destination &&
		    (best == NULL || ntohl(routes[i].mask) > ntohl(best->mask)))
			best = &routes[i];
	return best != NULL ? best->interface : "";
}

static bool
is_known(const struct addresses *all, const char *text)
{
	for (unsigned i = 0; i < all->count; i++)
		if (strcmp(all->list[i].text, text) == 0)
			return true;
	return false;
}

/*
 * In the tree of routes an address of the host is a leaf "|-- A" with the
 * line "/32 host LOCAL" below it; it may stand there twice.
 */
static void
read_trie(struct addresses *all, char *text, const struct route *routes,
    unsigned count)
{
	char leaf[INET_ADDRSTRLEN] = "", *rest = NULL;
	char *line = strtok_r(text, "\n", &rest);

	for (; line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		struct in_addr address;

		if (sscanf(line, " |-- %15s", leaf) == 1)
			continue;
		if (strstr(line, "/32 host LOCAL") == NULL ||
		    is_known(all, leaf) ||
		    inet_pton(AF_INET, leaf, &address) != 1)
			continue;
		add(all, interface_of(address.s_addr, routes, count), AF_INET,
		    &address);
	}
}

static void
read_inet6(struct addresses *all, char *text)
{
	char *rest = NULL, *line = strtok_r(text, "\n", &rest);

	for (; line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		char hex[33], interface[IF_NAMESIZE];
		uint8_t bytes[16];
		unsigned i;

		if (sscanf(line, "%32[0-9a-f] %*x %*x %*x %*x %15s", hex,
			interface) != 2 ||
		    strlen(hex) != 32)
			continue;
		for (i = 0; i < sizeof(bytes); i++)
			if (sscanf(hex + 2 * i, "%2hhx", &bytes[i]) != 1)
				break;
		if (i == sizeof(bytes))
			add(all, interface, AF_INET6, bytes);
	}
}

static void
read_proc(struct addresses *all)
{
	static struct route routes[ROUTES_MAX];
	static char text[PROC_BYTES];
	unsigned count = 0;

	if (facts_read_file("/proc/net/route", text, sizeof(text)))
		count = read_routes(text, routes);
	if (facts_read_file("/proc/net/fib_trie", text, sizeof(text)))
		read_trie(all, text, routes, count);
	if (facts_read_file("/proc/net/if_inet6", text, sizeof(text)))
		read_inet6(all, text);
}

static int
compare(const void *a, const void *b)
{
	const struct address *x = a, *y = b;
	int order = strcmp(x->interface, y->interface);

	return order != 0 ? order : strcmp(x->text, y->text);
}

static void
add_to_interface(json_t *interfaces, const struct address *address)
{
	json_t *list = json_object_get(interfaces, address->interface);

	if (list == NULL) {
		list = provider_array();
		provider_set(interfaces, address->interface, list);
	}
	provider_append(list, json_string(address->text));
}

/* Good on one link alone: it stands with its interface, not in the list. */
static bool
is_link_local(const char *text)
{
	return strncmp(text, "fe80:", 5) == 0;
}

void
facts_network(json_t *facts)
{
	static struct addresses all;
	json_t *network = provider_object(), *list = provider_array();
	json_t *interfaces = provider_object();

	if (!read_netlink(&all))
		read_proc(&all);
	if (all.more)
		log_warning("more than %d addresses; the rest is left out",
		    ADDRESSES_MAX);
	/* In one order, so that what has not changed looks the same. */
	qsort(all.list, all.count, sizeof(all.list[0]), compare);
	for (unsigned i = 0; i < all.count; i++) {
		const struct address *address = &all.list[i];

		if (address->interface[0] != '\0')
			add_to_interface(interfaces, address);
		if (!is_link_local(address->text))
			provider_append(list, json_string(address->text));
	}
	provider_set(network, "interfaces", interfaces);
	provider_set(network, "addresses", list);
	provider_set(facts, "network", network);
}
