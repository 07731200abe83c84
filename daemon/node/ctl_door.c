#define _GNU_SOURCE /* struct ucred, SO_PEERCRED */

#include "daemon/node/ctl_door.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define GROUPS_MAX 256 /* one in more groups than that may only look */

/* The kernel's word on who is at the other end. */
bool
ctl_door_may_write(int fd, const char *path)
{
	gid_t groups[GROUPS_MAX];
	socklen_t len = sizeof(struct ucred);
	struct ucred cred;
	struct stat st;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return false;
	if (cred.uid == 0 || cred.uid == geteuid())
		return true;
	if (stat(path, &st) < 0)
		return false;
	if (cred.gid == st.st_gid)
		return true;
	len = sizeof(groups);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0)
		return false;
	for (size_t i = 0; i < len / sizeof(groups[0]); i++)
		if (groups[i] == st.st_gid)
			return true;
	return false;
}

/* A socket that nobody answers at was left by a crash. Connecting would not
 * tell it from a plain file, which is somebody's. */
int
ctl_door_clear(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct stat st;
	int fd, rc = 0;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	memcpy(a.sun_path, path, strlen(path) + 1);
	/* EAGAIN: it lives, and its backlog is full. */
	if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0 ||
	    errno == EAGAIN)
		rc = -EADDRINUSE;
	else if (errno == ECONNREFUSED)
		rc = unlink(path) < 0 ? -errno : 0;
	else if (errno != ENOENT)
		rc = -errno;
	close(fd);
	return rc;
}
