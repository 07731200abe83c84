/* The home directory: paths, the lock between processes, secret files. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/node/home.h"

static char dir[64];

static int
make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/test_home.XXXXXX");
	return mkdtemp(dir) == NULL;
}

static int
remove_dir(void **state)
{
	static const char *const names[] = {"lock", "a", "b"};
	char path[128];
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	return rmdir(dir);
}

static void
test_paths(void **state)
{
	char out[32], small[8];

	(void)state;
	assert_int_equal(home_path("/h", "node.key", out, sizeof(out)), 0);
	assert_string_equal(out, "/h/node.key");
	assert_int_equal(home_path("/h", "/etc/x", out, sizeof(out)), 0);
	assert_string_equal(out, "/etc/x");
	assert_int_equal(home_path("/h", "node.key", small, sizeof(small)),
	    -ENAMETOOLONG);
	assert_int_equal(setenv("QMLNODE_HOME", "/q", 1), 0);
	assert_string_equal(home_default(out, sizeof(out)), "/q");
	assert_int_equal(unsetenv("QMLNODE_HOME"), 0);
	assert_int_equal(setenv("HOME", "/home/u", 1), 0);
	assert_string_equal(home_default(out, sizeof(out)), "/home/u/.qmlnode");
	assert_int_equal(unsetenv("HOME"), 0);
	assert_string_equal(home_default(out, sizeof(out)), "");
}

/* What another process gets: its exit status says so. */
static int
lock_elsewhere(pid_t *seen)
{
	int fd, pipefd[2], status;
	pid_t holder = 0, pid;

	assert_int_equal(pipe(pipefd), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		status = -home_lock(dir, &fd, &holder);
		if (write(pipefd[1], &holder, sizeof(holder)) < 0)
			_exit(255);
		_exit(status);
	}
	assert_int_equal(read(pipefd[0], seen, sizeof(*seen)), sizeof(*seen));
	close(pipefd[0]);
	close(pipefd[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return -WEXITSTATUS(status);
}

static void
test_lock(void **state)
{
	pid_t holder, seen;
	int fd;

	(void)state;
	assert_int_equal(home_lock(dir, &fd, &holder), 0);
	assert_int_equal(lock_elsewhere(&seen), -EAGAIN);
	assert_int_equal(seen, getpid());
	close(fd);
	assert_int_equal(lock_elsewhere(&seen), 0);
	assert_int_equal(home_lock("/nonexistent", &fd, &holder), -ENOENT);
	assert_int_equal(fd, -1);
}

static void
test_secret(void **state)
{
	uint8_t in[32] = {1, 2, 3}, out[32];
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/a", dir);
	assert_int_equal(home_read_secret(path, out, 32), -ENOENT);
	assert_int_equal(home_write_new(path, 0600, in, 32), 0);
	assert_int_equal(home_write_new(path, 0600, in, 32), -EEXIST);
	assert_int_equal(home_read_secret(path, out, 32), 0);
	assert_memory_equal(in, out, 32);
	assert_int_equal(home_read_secret(path, out, 31), -EINVAL);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(home_read_secret(path, out, 32), -EPERM);
	assert_int_equal(chmod(path, 0604), 0);
	assert_int_equal(home_read_secret(path, out, 32), -EPERM);
	assert_int_equal(home_read_secret(dir, out, 32), -EINVAL);
	assert_int_equal(home_write_new("/nonexistent/x", 0600, in, 1),
	    -ENOENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_paths),
	    cmocka_unit_test(test_lock),
	    cmocka_unit_test(test_secret),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
