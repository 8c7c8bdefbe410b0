/* Filters as programs for later children: amirald-reader only. */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/slurp.h"
#include "config.h"
#include "privsep/sandbox_rules.h"

#define PROGRAM_MAX 512 /* instructions; ours have fewer than 100 */

/* libseccomp writes a program to a descriptor only. */
static int export(scmp_filter_ctx ctx, struct sock_fprog *out)
{
	struct sock_filter program[PROGRAM_MAX], *copy = NULL;
	long len = -1;
	int fd, r;

	if ((fd = memfd_create("filter", MFD_CLOEXEC)) == -1)
		return -1;
	if ((r = seccomp_export_bpf(ctx, fd)) < 0)
		errno = -r;
	else
		len = slurp_into(fd, program, sizeof program);
	close(fd);
	if (len > 0 && (copy = malloc((size_t)len)) != NULL)
		memcpy(copy, program, (size_t)len);
	if (copy == NULL)
		return -1;
	out->filter = copy;
	out->len = (unsigned short)((size_t)len / sizeof *copy);
	return 0;
}

int
sandbox_compile(enum sandbox kind, struct sock_fprog *out)
{
	scmp_filter_ctx ctx;
	int r;

	if (AMIRAL_SANDBOX_OFF) {
		*out = (struct sock_fprog){ 0 };
		return 0;
	}
	if ((ctx = sandbox_build(kind)) == NULL)
		return -1;
	r = export(ctx, out);
	seccomp_release(ctx);
	malloc_trim(0);
	return r;
}
