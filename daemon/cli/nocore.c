#include "daemon/cli/nocore.h"

#include <errno.h>
#include <sys/resource.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

/*
 * The limit alone is not enough where the kernel pipes cores to a program
 * (systemd-coredump): of one that is not dumpable, there is none.
 */
int
nocore_set(void)
{
	const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &none) < 0)
		return -errno;
#ifdef __linux__
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
#endif
	return 0;
}
