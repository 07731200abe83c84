/*
 * preload_faults.c - a bad disk and a wrong clock, for LD_PRELOAD under a
 * daemon.
 *
 * FAULTS is a folder; while a file of one of these names is in it:
 *
 *   clock  CLOCK_REALTIME is off by the milliseconds written in it
 *   slow   a sync of a file below FAULTS_HOME takes as many milliseconds more
 *   write, sync, read  the call fails with EIO for files below FAULTS_HOME
 *          whose path holds the text in it; empty: all of them
 *
 * A failed sync drops what was unsynced in no way: that is what makes a second
 * try dangerous, and preload_powercut.c is there to show it. Reads and writes
 * of other files, and children, are as ever.
 */
#define _GNU_SOURCE /* syscall */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define PATH_LEN 1024

static char folder[PATH_LEN], home[PATH_LEN];

/* The text of a file of the folder; false: it is not there. */
static bool
fault(const char *name, char *text, size_t size)
{
	char path[PATH_LEN + 16];
	ssize_t n;
	int fd;

	if (folder[0] == '\0')
		return false;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY, 0);
	if (fd < 0)
		return false;
	n = syscall(SYS_read, fd, text, size - 1);
	syscall(SYS_close, fd);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return true;
}

/* A file below home whose path holds text. */
static bool
is_below(int fd, const char *text)
{
	char link[64], path[PATH_LEN];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return false;
	path[n] = '\0';
	return strncmp(path, home, strlen(home)) == 0 &&
	    path[strlen(home)] == '/' && strstr(path, text) != NULL;
}

static bool
fails(const char *call, int fd)
{
	char text[PATH_LEN];

	if (!fault(call, text, sizeof(text)) || !is_below(fd, text))
		return false;
	errno = EIO;
	return true;
}

/* --- the disk ------------------------------------------------------------- */

ssize_t
pwrite(int fd, const void *buf, size_t len, off_t at)
{
	return fails("write", fd) ? -1
				  : syscall(SYS_pwrite64, fd, buf, len, at);
}

ssize_t
pread(int fd, void *buf, size_t len, off_t at)
{
	return fails("read", fd) ? -1 : syscall(SYS_pread64, fd, buf, len, at);
}

ssize_t
write(int fd, const void *buf, size_t len)
{
	return fails("write", fd) ? -1 : syscall(SYS_write, fd, buf, len);
}

static int
sync_call(int fd, long number)
{
	char text[PATH_LEN];
	long ms;

	if (fault("slow", text, sizeof(text)) && is_below(fd, "")) {
		ms = strtol(text, NULL, 10);
		syscall(SYS_nanosleep,
		    &(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
	}
	return fails("sync", fd) ? -1 : (int)syscall(number, fd);
}

int
fdatasync(int fd)
{
	return sync_call(fd, SYS_fdatasync);
}

int
fsync(int fd)
{
	return sync_call(fd, SYS_fsync);
}

/* Debian's libraries call these by their long names, too. */
ssize_t
pwrite64(int fd, const void *buf, size_t len, off64_t at)
{
	return pwrite(fd, buf, len, at);
}

ssize_t
pread64(int fd, void *buf, size_t len, off64_t at)
{
	return pread(fd, buf, len, at);
}

/* --- the clock ------------------------------------------------------------ */

static long long
off_ms(void)
{
	char text[PATH_LEN];

	return fault("clock", text, sizeof(text)) ? strtoll(text, NULL, 10) : 0;
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	int rc = (int)syscall(SYS_clock_gettime, id, ts);
	long long ns;

	if (rc != 0 || (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE))
		return rc;
	ns = ts->tv_sec * 1000000000LL + ts->tv_nsec + off_ms() * 1000000;
	ts->tv_sec = ns / 1000000000;
	ts->tv_nsec = ns % 1000000000;
	return 0;
}

int
gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec ts;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &ts);
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}

time_t
time(time_t *out)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	if (out != NULL)
		*out = ts.tv_sec;
	return ts.tv_sec;
}

static __attribute__((constructor)) void
begin(void)
{
	const char *f = getenv("FAULTS"), *h = getenv("FAULTS_HOME");

	if (f == NULL || h == NULL || strlen(f) >= PATH_LEN ||
	    strlen(h) >= PATH_LEN)
		return;
	memcpy(folder, f, strlen(f) + 1);
	memcpy(home, h, strlen(h) + 1);
	unsetenv("LD_PRELOAD"); /* the trainer has its own troubles */
}
