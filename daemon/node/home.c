#include "daemon/node/home.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

const char *
home_default(char *buf, size_t len)
{
	const char *set = getenv("QMLNODE_HOME"), *home = getenv("HOME");
	int n;

	if (set != NULL && set[0] != '\0')
		n = snprintf(buf, len, "%s", set);
	else if (home != NULL && home[0] != '\0')
		n = snprintf(buf, len, "%s/.qmlnode", home);
	else
		n = -1;
	if (n < 0 || (size_t)n >= len)
		buf[0] = '\0';
	return buf;
}

int
home_path(const char *home, const char *name, char *out, size_t len)
{
	int n;

	if (name[0] == '/')
		n = snprintf(out, len, "%s", name);
	else
		n = snprintf(out, len, "%s/%s", home, name);
	return n < 0 || (size_t)n >= len ? -ENAMETOOLONG : 0;
}

static pid_t
read_pid(int fd)
{
	char text[32] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	long pid;

	if (n <= 0)
		return 0;
	pid = strtol(text, NULL, 10);
	return pid > 0 && pid <= INT_MAX ? (pid_t)pid : 0;
}

/* The pid is there for people; a failure to write it is no reason to stop. */
static void
write_pid(int fd)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (n <= 0 || ftruncate(fd, 0) < 0 ||
	    pwrite(fd, text, (size_t)n, 0) != n)
		return;
}

/* An `init` that fails takes its lock away again: what was opened before that
 * is no longer the file that others lock. */
static bool
is_named(int fd, const char *path)
{
	struct stat ours, theirs;

	return fstat(fd, &ours) == 0 && stat(path, &theirs) == 0 &&
	    ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

int
home_lock(const char *home, int *fd, pid_t *holder)
{
	char path[HOME_PATH_LEN];
	int rc = home_path(home, HOME_LOCK, path, sizeof(path));

	*fd = -1;
	*holder = 0;
	if (rc != 0)
		return rc;
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (*fd < 0)
		return -errno;
	if (flock(*fd, LOCK_EX | LOCK_NB) < 0) {
		rc = errno == EWOULDBLOCK ? -EAGAIN : -errno;
		*holder = read_pid(*fd);
	} else if (!is_named(*fd, path)) {
		rc = -EAGAIN;
	}
	if (rc < 0) {
		close(*fd);
		*fd = -1;
		return rc;
	}
	write_pid(*fd);
	return 0;
}

int
home_read_secret(const char *path, void *out, size_t len)
{
	struct stat st;
	int rc = 0, fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		rc = -errno;
	else if ((st.st_mode & 077) != 0)
		rc = -EPERM;
	else if (!S_ISREG(st.st_mode) || st.st_size != (off_t)len)
		rc = -EINVAL;
	if (rc == 0) {
		n = read(fd, out, len);
		rc = n == (ssize_t)len ? 0 : n < 0 ? -errno : -EINVAL;
	}
	close(fd);
	return rc;
}

/* The directory entry must be durable too, or a crash loses the file. */
int
home_sync_folder(const char *path)
{
	char dir[HOME_PATH_LEN];
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 1 : (size_t)(slash - path);
	int fd, rc = 0;

	if (len >= sizeof(dir))
		return -ENAMETOOLONG;
	memcpy(dir, slash == NULL ? "." : path, len);
	dir[len] = '\0';
	fd = open(len == 0 ? "/" : dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fsync(fd) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

static int
write_all(int fd, const char *data, size_t len)
{
	ssize_t n;

	for (; len > 0; data += n, len -= (size_t)n) {
		n = write(fd, data, len);
		if (n < 0)
			return -errno;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

int
home_write_new(const char *path, unsigned mode, const void *data, size_t len)
{
	int rc, fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	if (fd < 0)
		return -errno;
	rc = write_all(fd, data, len);
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc == 0)
		rc = home_sync_folder(path);
	if (rc != 0)
		unlink(path); /* half a file of ours, made a moment ago */
	return rc;
}

bool
home_has(const char *home, const char *name)
{
	char path[HOME_PATH_LEN];

	return home_path(home, name, path, sizeof(path)) == 0 &&
	    access(path, F_OK) == 0;
}
