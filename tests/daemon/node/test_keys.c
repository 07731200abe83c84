/* node.key: made once, read back, refused when others may read it. */
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
#include <unistd.h>

#include <cmocka.h>

#include "daemon/node/keys.h"
#include "proto/id.h"
#include "proto/noise.h"

static char dir[64], path[128];

static int
make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/test_keys.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/node.key", dir);
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static size_t
read_file(char *text, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, text, size - 1);
	assert_true(n > 0);
	text[n] = '\0';
	close(fd);
	return (size_t)n;
}

static void
write_file(const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
}

static void
test_round_trip(void **state)
{
	char err[KEYS_ERR_LEN], text[2048], id[ID_TEXT_LEN];
	struct keys k, again;
	uint8_t pub[32];
	struct stat st;

	(void)state;
	assert_int_equal(keys_load(&k, path, err, sizeof(err)), -ENOENT);
	assert_non_null(strstr(err, "qmlnode init"));
	assert_int_equal(keys_create(path), 0);
	assert_int_equal(keys_create(path), -EEXIST);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(keys_load(&k, path, err, sizeof(err)), 0);
	noise_public(k.network, pub);
	assert_memory_equal(pub, k.network_public, 32);
	read_file(text, sizeof(text));
	assert_non_null(strstr(text, id_text(ID_NODE, &k.id, id)));
	assert_int_equal(keys_load(&again, path, err, sizeof(err)), 0);
	assert_memory_equal(k.network, again.network, 32);
	assert_memory_equal(&k.sign_public, &again.sign_public, 32);
	keys_close(&k);
	keys_close(&again);
	keys_close(&again);
}

static void
test_permissions(void **state)
{
	static const mode_t modes[] = {0640, 0604, 0644, 0660, 0610};
	char err[KEYS_ERR_LEN], want[512];
	struct keys k;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_int_equal(chmod(path, modes[i]), 0);
		assert_int_equal(keys_load(&k, path, err, sizeof(err)), -EPERM);
		assert_null(k.sign);
		snprintf(want, sizeof(want),
		    "%s can be read by others (mode %04o)\n  chmod 600 %s",
		    path, (unsigned)modes[i], path);
		assert_string_equal(err, want);
	}
	assert_int_equal(chmod(path, 0400), 0);
	assert_int_equal(keys_load(&k, path, err, sizeof(err)), 0);
	keys_close(&k);
	assert_int_equal(chmod(path, 0600), 0);
}

/* Any changed or missing character of a secret is found. */
static void
test_damage(void **state)
{
	char err[KEYS_ERR_LEN], text[2048], bad[2048];
	char *lines[] = {"\nversion: ", "\nid: ", "\nsign: ", "\nnetwork: "};
	size_t i, at, n = read_file(text, sizeof(text));
	struct keys k;

	(void)state;
	at = (size_t)(strstr(text, lines[0]) + 1 - text);
	for (i = at; i < n; i++) {
		memcpy(bad, text, n);
		bad[i] = bad[i] == '3' ? '4' : '3';
		write_file(bad, n);
		assert_int_equal(keys_load(&k, path, err, sizeof(err)),
		    -EINVAL);
		assert_null(k.sign);
		assert_null(k.network);
	}
	for (i = at; i < n - 1; i++) {
		write_file(text, i);
		assert_int_equal(keys_load(&k, path, err, sizeof(err)),
		    -EINVAL);
	}
	/* Each line twice, and one that is unknown. */
	for (i = 0; i < 4; i++) {
		memcpy(bad, text, n + 1);
		snprintf(bad + n, sizeof(bad) - n, "%.*s",
		    (int)strcspn(strstr(text, lines[i]) + 1, "\n") + 1,
		    strstr(text, lines[i]) + 1);
		write_file(bad, strlen(bad));
		assert_int_equal(keys_load(&k, path, err, sizeof(err)),
		    -EINVAL);
	}
	memcpy(bad, text, n);
	memcpy(bad + n, "more: 1\n", 8);
	write_file(bad, n + 8);
	assert_int_equal(keys_load(&k, path, err, sizeof(err)), -EINVAL);
	/* The text itself never comes out in a message. */
	assert_null(strstr(err, strstr(text, "\nsign: ") + 7));
	write_file(text, n);
	assert_int_equal(keys_load(&k, path, err, sizeof(err)), 0);
	keys_close(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_permissions),
	    cmocka_unit_test(test_damage),
	};

	if (sign_setup() != 0)
		return 1;
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
