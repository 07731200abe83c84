#define _GNU_SOURCE /* syscall, CLONE_THREAD */
#include "daemon/trainer/confine.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#define ARCH 0 /* untried: such a machine reports that it is not confined */
#endif

#define FILTER_MAX 128
/* Offset of the low half of argument i; both machines are little-endian. */
#define ARG(i) ((uint32_t)offsetof(struct seccomp_data, args) + 8 * (i))
#define NR ((uint32_t)offsetof(struct seccomp_data, nr))
#define ALLOW SECCOMP_RET_ALLOW
#define REFUSE (SECCOMP_RET_ERRNO | EPERM)

struct filter {
	struct sock_filter code[FILTER_MAX];
	unsigned short n;
};

/* Whatever the arguments are. newfstatat is not here: it takes paths. */
static const int allowed[] = {
    __NR_read,
    __NR_write,
    __NR_readv,
    __NR_writev,
    __NR_close,
    __NR_fstat,
    __NR_lseek,
    __NR_fdatasync,
    __NR_ppoll,
#ifdef __NR_poll
    __NR_poll,
#endif
    __NR_munmap,
    __NR_mremap,
    __NR_brk,
    __NR_madvise,
    __NR_futex,
    __NR_set_robust_list,
    __NR_rseq,
    __NR_membarrier,
    __NR_sched_yield,
    __NR_sched_getaffinity,
    __NR_getpid,
    __NR_gettid,
    __NR_rt_sigaction,
    __NR_rt_sigprocmask,
    __NR_rt_sigreturn,
    __NR_sigaltstack,
    __NR_restart_syscall,
    __NR_clock_gettime,
    __NR_getrandom,
    __NR_exit,
    __NR_exit_group,
};

static void
emit(struct filter *f, uint16_t code, uint8_t on_true, uint8_t on_false,
    uint32_t k)
{
	if (f->n < FILTER_MAX)
		f->code[f->n] =
		    (struct sock_filter){code, on_true, on_false, k};
	f->n++;
}

static void
load(struct filter *f, uint32_t offset)
{
	emit(f, BPF_LD | BPF_W | BPF_ABS, 0, 0, offset);
}

static void
answer(struct filter *f, uint32_t action)
{
	emit(f, BPF_RET | BPF_K, 0, 0, action);
}

/* nr is allowed if (argument i & mask) == want, else refused. */
static void
allow_if(struct filter *f, int nr, unsigned i, uint32_t mask, uint32_t want)
{
	emit(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 5, (uint32_t)nr);
	load(f, ARG(i));
	emit(f, BPF_ALU | BPF_AND | BPF_K, 0, 0, mask);
	emit(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, want);
	answer(f, ALLOW);
	answer(f, REFUSE);
}

static void
build_filter(struct filter *f)
{
	size_t i;

	load(f, (uint32_t)offsetof(struct seccomp_data, arch));
	emit(f, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ARCH);
	answer(f, SECCOMP_RET_KILL_PROCESS);
	load(f, NR);
	for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		emit(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, (uint32_t)allowed[i]);
		answer(f, ALLOW);
	}
	allow_if(f, __NR_mmap, 2, PROT_EXEC, 0);
	allow_if(f, __NR_mprotect, 2, PROT_EXEC, 0);
	/* A thread, never a process. */
	allow_if(f, __NR_clone, 0, CLONE_THREAD, CLONE_THREAD);
	/* abort() signals itself. */
	allow_if(f, __NR_tgkill, 0, UINT32_MAX, (uint32_t)getpid());
	/* A filter cannot look into clone3's struct; libc then uses clone. */
	emit(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, __NR_clone3);
	answer(f, SECCOMP_RET_ERRNO | ENOSYS);
	answer(f, REFUSE);
}

static int
install_filter(void)
{
	struct filter f = {.n = 0};
	struct sock_fprog prog;

	if (ARCH == 0)
		return -ENOSYS;
	build_filter(&f);
	if (f.n > FILTER_MAX)
		return -E2BIG;
	prog = (struct sock_fprog){f.n, f.code};
	if (syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER,
		SECCOMP_FILTER_FLAG_TSYNC, &prog) != 0)
		return errno ? -errno : -EAGAIN;
	return 0;
}

/* No rule is added, so all that the kernel can govern is refused. */
static int
install_landlock(void)
{
	struct {
		uint64_t fs, net; /* newer headers name the second */
	} rules = {0, 0};
	long abi, fd, rc;

	abi = syscall(__NR_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 1)
		return 0;
	rules.fs = (1u << 13) - 1;
	if (abi >= 2)
		rules.fs |= 1u << 13; /* linking across folders */
	if (abi >= 3)
		rules.fs |= 1u << 14; /* truncate */
	if (abi >= 4)
		rules.net = 3; /* TCP bind, connect */
	if (abi >= 5)
		rules.fs |= 1u << 15; /* ioctl on devices */
	fd = syscall(__NR_landlock_create_ruleset, &rules,
	    abi >= 4 ? sizeof(rules) : sizeof(rules.fs), 0);
	if (fd < 0)
		return 0;
	rc = syscall(__NR_landlock_restrict_self, fd, 0);
	close((int)fd);
	return rc == 0 ? (int)abi : 0;
}

void
confine_self(int keep, struct confine_report *report)
{
	struct rlimit none = {0, 0};
	unsigned first = keep < 0 ? 3 : 4;
	int fd;

	*report = (struct confine_report){0};
	if (keep > 3 && dup2(keep, 3) < 0) {
		report->error = -errno;
		return;
	}
	if (syscall(__NR_close_range, first, ~0u, 0) != 0) {
		for (fd = (int)first; fd < 1024; fd++)
			close(fd);
	}
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		report->error = -errno;
		return;
	}
	report->landlock_abi = install_landlock();
	report->error = install_filter();
	report->seccomp = report->error == 0;
}
