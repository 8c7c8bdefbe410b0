/*
 * The provider facts, file by file: each makes some top-level members of the
 * one object that facts prints. A fact that cannot be found out is absent.
 */
#ifndef AMIRAL_PROVIDERS_FACTS_H
#define AMIRAL_PROVIDERS_FACTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A hello has room for 16 KiB of facts; what the gate itself adds (host
 * name, fleet, groups) goes into the reserve.
 */
#define FACTS_MAX     16384
#define FACTS_RESERVE 2048
#define FACTS_DEPTH   8 /* levels of a value below its name */
#define FACT_NAME_MAX 64

/* facts_system.c: fqdn, os, kernel, arch, cpus, memory, uptime_s, machine_id */
void facts_system(json_t *facts);
/* facts_network.c: network */
void facts_network(json_t *facts);

/* Takes a fact from facts.d; the value stays the caller's. */
typedef void fact_fn(
    const char *file, const char *name, json_t *value, void *arg);
/*
 * facts_directory.c: hands over every fact of a facts.d, file by file in
 * order of name. What is wrong with a file is said on stderr and the file
 * skipped.
 */
void facts_directory(const char *path, fact_fn *take, void *arg);
/*
 * facts_run.c: what an executable prints, read into dst until it ends or
 * until deadline_ms (of clock_monotonic_ms()). False and a line on stderr.
 */
bool facts_run(const char *name, const char *path, int64_t deadline_ms,
    char *dst, size_t size, size_t *len);
enum facts_form {
	FACTS_JSON,   /* an object */
	FACTS_PAIRS,  /* name=value lines, comments behind # */
	FACTS_EITHER, /* an object where the first character is a brace */
};
/* facts_parse.c: an object; or NULL and a line on stderr. */
json_t *facts_parse(
    const char *file, enum facts_form, const char *text, size_t len);
/* A file of /proc or /etc: at most size - 1 bytes of it, and a NUL. */
bool facts_read_file(const char *path, char *dst, size_t size);

#endif
