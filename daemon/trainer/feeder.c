#include "daemon/trainer/feeder.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAIT_STEP_MS 10

extern char **environ;

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int
spawn(struct feeder *c, char *const *words, int out, int err)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t usual;
	int rc;

	rc = posix_spawn_file_actions_init(&files);
	if (rc != 0)
		return -rc;
	rc = posix_spawnattr_init(&attr);
	if (rc != 0) {
		posix_spawn_file_actions_destroy(&files);
		return -rc;
	}
	rc = posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY,
	    0);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(&files, out, 1);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(&files, err, 2);
	/* The trainer ignores it; the command shall end with the trainer. */
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	if (rc == 0)
		rc = posix_spawnattr_setsigdefault(&attr, &usual);
	if (rc == 0)
		rc = posix_spawnattr_setflags(&attr,
		    POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
	if (rc == 0)
		rc = posix_spawnp(&c->pid, words[0], &files, &attr, words,
		    environ);
	if (rc != 0)
		c->pid = 0;
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return -rc;
}

static int
make_pipe(int ends[static 2])
{
	int i;

	if (pipe(ends) != 0)
		return -errno;
	for (i = 0; i < 2; i++) {
		if (fcntl(ends[i], F_SETFD, FD_CLOEXEC) != 0)
			return -errno;
	}
	return 0;
}

int
feeder_start(struct feeder *c, char *const *words, uint64_t time_ms)
{
	int out[2] = {-1, -1}, err[2] = {-1, -1}, rc;

	*c = (struct feeder)FEEDER_INIT;
	c->until_ms = now_ms() + time_ms;
	rc = make_pipe(out);
	if (rc == 0)
		rc = make_pipe(err);
	if (rc == 0 && fcntl(err[0], F_SETFL, O_NONBLOCK) != 0)
		rc = -errno;
	if (rc == 0)
		rc = spawn(c, words, out[1], err[1]);
	close_fd(&out[1]);
	close_fd(&err[1]);
	if (rc < 0) {
		close_fd(&out[0]);
		close_fd(&err[0]);
		return rc;
	}
	c->out = out[0];
	c->err = err[0];
	return 0;
}

/* One line of it: runs of blanks and line ends become one blank. */
static void
keep_byte(struct feeder *c, char byte)
{
	bool blank = (unsigned char)byte <= 0x20;

	if (blank && (c->ntail == 0 || c->tail[c->ntail - 1] == ' '))
		return;
	if (c->ntail == sizeof(c->tail) - 1)
		memmove(c->tail, c->tail + 1, --c->ntail);
	c->tail[c->ntail++] = blank ? ' ' : byte;
}

/* Keeps the end of what it says. */
static void
take_words(struct feeder *c)
{
	char buf[512];
	ssize_t n, i;

	while ((n = read(c->err, buf, sizeof(buf))) > 0) {
		for (i = 0; i < n; i++)
			keep_byte(c, buf[i]);
	}
	if (n == 0)
		close_fd(&c->err);
	if (n == 0 && c->ntail > 0 && c->tail[c->ntail - 1] == ' ')
		c->ntail--;
	c->tail[c->ntail] = '\0';
}

ssize_t
feeder_read(struct feeder *c, void *data, size_t len)
{
	struct pollfd p[2];
	uint64_t now;
	ssize_t n;
	int rc;

	for (;;) {
		now = now_ms();
		if (now >= c->until_ms)
			return -ETIMEDOUT;
		p[0] = (struct pollfd){.fd = c->out, .events = POLLIN};
		p[1] = (struct pollfd){.fd = c->err, .events = POLLIN};
		rc = poll(p, 2, (int)(c->until_ms - now));
		if (rc < 0 && errno != EINTR)
			return -errno;
		if (rc <= 0)
			continue;
		if (p[1].revents)
			take_words(c);
		if (!p[0].revents)
			continue;
		n = read(c->out, data, len);
		if (n >= 0)
			return n;
		if (errno != EINTR)
			return -errno;
	}
}

int
feeder_finish(struct feeder *c)
{
	struct timespec step = {.tv_nsec = WAIT_STEP_MS * 1000000};
	int status;
	pid_t pid;

	close_fd(&c->out);
	while ((pid = waitpid(c->pid, &status, WNOHANG)) == 0) {
		if (now_ms() >= c->until_ms)
			return -ETIMEDOUT;
		if (c->err >= 0)
			take_words(c);
		nanosleep(&step, NULL);
	}
	if (c->err >= 0)
		take_words(c);
	if (pid < 0)
		return -errno;
	c->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void
feeder_close(struct feeder *c)
{
	close_fd(&c->out);
	close_fd(&c->err);
	if (c->pid > 0) {
		kill(-c->pid, SIGKILL);
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	*c = (struct feeder)FEEDER_INIT;
}
