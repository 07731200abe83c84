#define _GNU_SOURCE /* MAP_ANONYMOUS, syscall */
#include "daemon/trainer/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* Each attempt returns 0 when the kernel let it happen, else errno. */
static int
close_fd(int fd)
{
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* By number: nothing in this program links the socket calls themselves. */
static int
try_socket(int family, int type)
{
	return close_fd((int)syscall(SYS_socket, family, type, 0));
}

static int
try_tcp(void)
{
	return try_socket(AF_INET, SOCK_STREAM);
}

static int
try_udp(void)
{
	return try_socket(AF_INET, SOCK_DGRAM);
}

static int
try_unix(void)
{
	return try_socket(AF_UNIX, SOCK_STREAM);
}

static int
try_read_file(void)
{
	return close_fd(open("/etc/hostname", O_RDONLY));
}

static int
try_read_self(void)
{
	return close_fd(open("/proc/self/maps", O_RDONLY));
}

static int
try_write_file(void)
{
	char path[] = "/tmp/qmltrain-confine-XXXXXX";
	int fd = mkstemp(path);

	if (fd >= 0)
		unlink(path);
	return close_fd(fd);
}

static int
try_stat(void)
{
	struct stat st;

	return stat("/etc", &st) == 0 ? 0 : errno;
}

static int
try_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid < 0)
		return errno;
	waitpid(pid, NULL, 0);
	return 0;
}

static int
try_signal(void)
{
	return kill(getppid(), 0) == 0 ? 0 : errno;
}

static int
try_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return errno;
	munmap(p, 4096);
	return 0;
}

/* Only after confinement: where it succeeds the test is gone. */
static int
try_program(void)
{
	char *argv[] = {"true", NULL};

	execv("/bin/true", argv);
	return errno;
}

static const struct attempt {
	const char *name;
	int (*fn)(void);
} attempts[] = {
    {"open a TCP socket", try_tcp},
    {"open a UDP socket", try_udp},
    {"open a Unix socket", try_unix},
    {"read a file", try_read_file},
    {"read /proc/self", try_read_self},
    {"create a file", try_write_file},
    {"look at a path", try_stat},
    {"start a process", try_process},
    {"signal the parent", try_signal},
    {"map new code", try_code},
};

static void *
work(void *arg)
{
	*(int *)arg = 42;
	return NULL;
}

static int
threads_work(void)
{
	pthread_t t;
	int got = 0;

	if (pthread_create(&t, NULL, work, &got) != 0)
		return 0;
	pthread_join(t, NULL);
	return got == 42;
}

static int
report_refusal(const char *name, int error)
{
	printf("%s: %s%s%s\n", error ? "refused" : "ALLOWED", name,
	    error ? ": " : "", error ? strerror(error) : "");
	return error == 0;
}

int
confine_test(void)
{
	struct confine_report report;
	size_t i, n = sizeof(attempts) / sizeof(attempts[0]);
	int error, bad = 0;

	/* What fails without confinement as well proves nothing. */
	for (i = 0; i < n; i++) {
		error = attempts[i].fn();
		printf("before: %s: %s\n", attempts[i].name,
		    error ? strerror(error) : "possible");
		bad += error != 0;
	}
	fflush(stdout);
	confine_self(-1, &report);
	printf("confined: seccomp=%s landlock_abi=%d\n",
	    report.seccomp ? "yes" : "no", report.landlock_abi);
	if (!report.seccomp)
		printf("not confined: %s\n", strerror(-report.error));
	for (i = 0; i < n && report.seccomp; i++)
		bad += report_refusal(attempts[i].name, attempts[i].fn());
	if (report.seccomp)
		bad += report_refusal("start a program", try_program());
	printf("threads: %s\n", threads_work() ? "work" : "FAILED");
	fflush(stdout);
	_exit(bad || !report.seccomp); /* exit() would look for files */
}
