/* Part of every process of ours. */
#include "privsep/caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

/* prctl(2) reads whole registers: no int may reach its variable arguments. */
int
caps_control(int option, unsigned long a, unsigned long b)
{
	return prctl(option, a, b, 0UL, 0UL);
}

int
caps_get(struct capabilities *out)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) == -1)
		return -1;
	out->effective = (uint64_t)data[1].effective << 32 | data[0].effective;
	out->permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted;
	out->inheritable =
	    (uint64_t)data[1].inheritable << 32 | data[0].inheritable;
	return 0;
}

int
caps_set(const struct capabilities *caps)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct data[2] = {
		{ (uint32_t)caps->effective, (uint32_t)caps->permitted,
		    (uint32_t)caps->inheritable },
		{ (uint32_t)(caps->effective >> 32),
		    (uint32_t)(caps->permitted >> 32),
		    (uint32_t)(caps->inheritable >> 32) },
	};

	return (int)syscall(SYS_capset, &header, data);
}

int
caps_equal(uint64_t keep)
{
	struct capabilities now;

	if (caps_get(&now) == -1)
		return -1;
	if (now.effective == keep && now.permitted == keep &&
	    now.inheritable == keep)
		return 0;
	errno = EPERM;
	return -1;
}

int
caps_way_back_closed(void)
{
	if (syscall(NR_SETRESUID, -1, 0, -1) != -1) {
		errno = EPERM;
		return -1;
	}
	return 0;
}
