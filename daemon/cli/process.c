#define _GNU_SOURCE /* pipe2 */

#include "daemon/cli/process.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROCESS_POLL_MS 10

int
process_beside(const char *name, char *out, size_t len)
{
	ssize_t n = readlink("/proc/self/exe", out, len - 1);
	char *slash;

	if (n < 0)
		return -errno;
	out[n] = '\0';
	slash = strrchr(out, '/');
	if (slash == NULL || (size_t)(slash + 1 - out) + strlen(name) >= len)
		return -ENAMETOOLONG;
	memcpy(slash + 1, name, strlen(name) + 1);
	return 0;
}

static int
status_of(int wait_status)
{
	if (WIFEXITED(wait_status))
		return WEXITSTATUS(wait_status);
	return 128 + WTERMSIG(wait_status);
}

static int
read_all(int fd, char **out)
{
	size_t len = 0, cap = 0;
	char *buf = NULL, *p;
	ssize_t n;

	for (;;) {
		if (cap - len < 4096) {
			cap = 2 * cap + 8192;
			p = realloc(buf, cap);
			if (p == NULL) {
				free(buf);
				return -ENOMEM;
			}
			buf = p;
		}
		n = read(fd, buf + len, cap - len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	buf[len] = '\0';
	*out = buf;
	return 0;
}

/* What the child said on stderr matters only when it failed. */
static void
tell(FILE *said)
{
	char line[512];

	rewind(said);
	while (fgets(line, sizeof(line), said) != NULL)
		fputs(line, stderr);
}

int
process_capture(char *const argv[], char **out)
{
	FILE *said = tmpfile();
	int fds[2], rc, status = 0;
	pid_t pid;

	if (said == NULL || pipe2(fds, O_CLOEXEC) < 0) {
		rc = -errno;
		if (said != NULL)
			fclose(said);
		return rc;
	}
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		dup2(fileno(said), STDERR_FILENO);
		execv(argv[0], argv);
		_exit(127);
	}
	rc = pid < 0 ? -errno : 0;
	close(fds[1]);
	if (rc == 0)
		rc = read_all(fds[0], out);
	close(fds[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (rc == 0)
		rc = status_of(status);
	if (rc != 0)
		tell(said);
	fclose(said);
	return rc;
}

int
process_start(char *const argv[], const char *log, pid_t *pid)
{
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int rc = 0;

	if (fd < 0 || null < 0)
		rc = -errno;
	if (rc == 0)
		*pid = fork();
	if (rc == 0 && *pid < 0)
		rc = -errno;
	if (rc == 0 && *pid == 0) {
		dup2(null, STDIN_FILENO);
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		execv(argv[0], argv);
		_exit(127);
	}
	if (fd >= 0)
		close(fd);
	if (null >= 0)
		close(null);
	return rc;
}

int
process_ended(pid_t pid, int *status)
{
	int st;

	if (waitpid(pid, &st, WNOHANG) != pid)
		return 0;
	*status = status_of(st);
	return 1;
}

int
process_stop(pid_t pid, int timeout_ms)
{
	const struct timespec nap = {0, PROCESS_POLL_MS * 1000000L};
	int status = 0;

	/* 0 would be everybody in our process group, and ourselves. */
	assert(pid > 0);
	kill(pid, SIGTERM);
	for (int waited = 0; !process_ended(pid, &status);
	     waited += PROCESS_POLL_MS) {
		if (waited >= timeout_ms &&
		    waited < timeout_ms + PROCESS_POLL_MS)
			kill(pid, SIGKILL);
		nanosleep(&nap, NULL);
	}
	return status;
}
