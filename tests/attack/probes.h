/*
 * System calls that a taken-over process would try. Part of the stand-ins:
 * each is tried in a process of its own that first locks itself in exactly
 * as the honest program does.
 */
#ifndef AMIRAL_TESTS_ATTACK_PROBES_H
#define AMIRAL_TESTS_ATTACK_PROBES_H

/*
 * "NAME killed 31", "NAME refused ERRNO" or "NAME done" for each; lock_in
 * runs in the child.
 */
void probes_run(void (*lock_in)(void));
/* The same for "open PATH" and "connect PATH", up to a NULL. */
void probes_run_paths(void (*lock_in)(void), char **paths);
/*
 * The same without the filter and the empty root: what the user alone may
 * do to sibling (a process of ours), to the parent and to the secret file.
 */
void probes_run_outside(const char *sibling, const char *secret);

#endif
