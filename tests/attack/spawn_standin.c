/* Linked into amiral: its child is the program that AMIRAL_STANDIN names. */
#include <spawn.h>
#include <stdlib.h>

int __real_posix_spawn(pid_t *pid, const char *path,
    const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attr,
    char *const argv[], char *const envp[]);
int __wrap_posix_spawn(pid_t *pid, const char *path,
    const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attr,
    char *const argv[], char *const envp[]);

int
__wrap_posix_spawn(pid_t *pid, const char *path,
    const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attr,
    char *const argv[], char *const envp[])
{
	const char *standin = getenv("AMIRAL_STANDIN");

	return __real_posix_spawn(
	    pid, standin != NULL ? standin : path, actions, attr, argv, envp);
}
