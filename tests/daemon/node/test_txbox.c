/* Transactions that wait on the disk, and the rest of what a home holds. */
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

#include "consensus/replica/txpool.h"
#include "daemon/node/home.h"
#include "daemon/node/keys.h"
#include "daemon/node/txbox.h"

static char home[64];
static struct sign_key *key;
static const struct hash fed = {{1}};

static struct tx *
make(uint64_t nonce)
{
	struct tx *t = tx_new(4);

	assert_non_null(t);
	t->kind = TX_TRANSFER;
	t->nonce = nonce;
	memcpy(t->body, "body", 4);
	tx_sign(t, key, &fed);
	return t;
}

struct seen {
	size_t n;
	uint64_t nonces[TXBOX_MAX];
};

static void
see(void *arg, struct tx *t)
{
	struct seen *s = arg;

	assert_true(tx_verify(t, &fed));
	s->nonces[s->n++] = t->nonce;
	tx_unref(t);
}

static size_t
count(struct seen *s)
{
	s->n = 0;
	txbox_load(home, see, s);
	return s->n;
}

static void
put(const char *name, const void *data, size_t len)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", home, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	fclose(f);
}

static void
kept_until_dropped(void **state)
{
	struct tx *a = make(7), *b = make(3);
	struct block *block = block_new(0, 0, 1);
	const struct sign_public other = {{1}};
	struct sign_public pk;
	struct seen s;

	(void)state;
	assert_int_equal(count(&s), 0); /* there is no folder yet */
	assert_int_equal(txbox_keep(home, a), 0);
	assert_int_equal(txbox_keep(home, b), 0);
	assert_int_equal(txbox_keep(home, b), 0);
	assert_int_equal(count(&s), 2);
	assert_int_equal(s.nonces[0], 3);
	assert_int_equal(s.nonces[1], 7);
	txbox_drop(home, &a->id);
	txbox_drop(home, &a->id);
	assert_int_equal(count(&s), 1);
	assert_non_null(block);
	block->txs[0] = tx_ref(b);
	block->header.ntxs = 1;
	txbox_drop_block(home, block, &other);
	assert_int_equal(count(&s), 1);
	pk = sign_key_public(key);
	txbox_drop_block(home, block, &pk);
	assert_int_equal(count(&s), 0);
	block_free(block);
	tx_unref(a);
	tx_unref(b);
	assert_int_equal(txbox_keep("/nonexistent", a = make(1)), -ENOENT);
	tx_unref(a);
}

static void
see_all(void *arg, struct tx *t)
{
	bool *seen = arg;

	assert_true(t->nonce < 3 * TXBOX_MAX && !seen[t->nonce]);
	seen[t->nonce] = true;
	txbox_drop(home, &t->id);
	tx_unref(t);
}

/* More than one go reads: none stays behind the others for ever. */
static void
many(void **state)
{
	bool seen[3 * TXBOX_MAX] = {false};

	(void)state;
	for (uint64_t i = 0; i < 3 * TXBOX_MAX; i++) {
		struct tx *t = make(i);

		assert_int_equal(txbox_keep(home, t), 0);
		tx_unref(t);
	}
	txbox_load(home, see_all, seen);
	for (size_t i = 0; i < 3 * TXBOX_MAX; i++)
		assert_true(seen[i]);
}

/* What the pool refused while we ran has no file any more. */
static void
refused_ones_go(void **state)
{
	struct txpool *p = calloc(1, sizeof(*p));
	struct tx *t[3] = {make(1), make(2), make(3)};
	size_t seen = 0;
	struct seen s;

	(void)state;
	assert_non_null(p);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(txbox_keep(home, t[i]), 0);
	p->gone[p->ngone++] = (struct txpool_gone){t[0]->id, BOOKS_FUNDS};
	/* It only gave way in a full pool: nobody said no. */
	p->gone[p->ngone++] = (struct txpool_gone){t[1]->id, BOOKS_OK};
	txbox_drop_gone(home, p, &seen);
	assert_int_equal(count(&s), 2);
	assert_int_equal(s.nonces[0], 2);
	/* So many at once that the pool has forgotten ours; one waits still. */
	p->ngone += TXPOOL_GONE + 1;
	p->txs[p->n++] = t[2];
	for (size_t i = 0; i < TXPOOL_HEADS; i++)
		p->tx_first[i] = 1;
	txbox_drop_gone(home, p, &seen);
	assert_int_equal(seen, p->ngone);
	assert_int_equal(count(&s), 1);
	assert_int_equal(s.nonces[0], 3);
	txbox_drop(home, &t[2]->id);
	for (size_t i = 0; i < 3; i++)
		tx_unref(t[i]);
	free(p);
}

/* Half a transaction, one with more behind it, and a name that is none. */
static void
damaged_ones_go(void **state)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	char name[sizeof(TXBOX_DIR) + HASH_HEX_LEN], hex[HASH_HEX_LEN];
	char path[256];
	struct tx *t = make(1);
	struct seen s;

	(void)state;
	tx_put(&w, t);
	assert_int_equal(w.error, 0);
	snprintf(name, sizeof(name), TXBOX_DIR "/%s", hash_hex(&t->id, hex));
	put(name, w.data, w.len - 1);
	assert_int_equal(count(&s), 0);
	snprintf(path, sizeof(path), "%s/%s", home, name);
	assert_int_equal(access(path, F_OK), -1);
	bytes_put_u8(&w, 0);
	put(name, w.data, w.len);
	put(TXBOX_DIR "/readme", "x", 1);
	assert_int_equal(count(&s), 0);
	assert_int_equal(access(path, F_OK), -1);
	snprintf(path, sizeof(path), "%s/" TXBOX_DIR "/readme", home);
	assert_int_equal(unlink(path), 0);
	bytes_writer_close(&w);
	tx_unref(t);
}

/* Another process has the lock, and the file says who. */
static void
one_holder(void **state)
{
	int fd, other, up[2], down[2], status;
	char c = 0;
	pid_t holder, child;

	(void)state;
	assert_int_equal(pipe(up), 0);
	assert_int_equal(pipe(down), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(down[1]);
		c = home_lock(home, &fd, &holder) == 0;
		if (write(up[1], &c, 1) != 1 || read(down[0], &c, 1) < 0)
			_exit(1);
		_exit(0);
	}
	close(down[0]);
	assert_int_equal(read(up[0], &c, 1), 1);
	assert_int_equal(c, 1);
	assert_int_equal(home_lock(home, &other, &holder), -EAGAIN);
	assert_int_equal(holder, child);
	assert_int_equal(other, -1);
	close(down[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(home_lock(home, &other, &holder), 0);
	close(other);
	close(up[0]);
	close(up[1]);
	assert_int_equal(home_lock("/nonexistent", &other, &holder), -ENOENT);
	assert_true(home_has(home, HOME_LOCK));
	assert_false(home_has(home, "other"));
}

static void
new_files(void **state)
{
	char path[256], text[8];
	uint8_t secret[4];

	(void)state;
	snprintf(path, sizeof(path), "%s/new", home);
	assert_int_equal(home_write_new(path, 0600, "abcd", 4), 0);
	assert_int_equal(home_write_new(path, 0600, "abcd", 4), -EEXIST);
	assert_int_equal(home_read_secret(path, secret, 4), 0);
	assert_memory_equal(secret, "abcd", 4);
	assert_int_equal(home_read_secret(path, text, 8), -EINVAL);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(home_read_secret(path, secret, 4), -EPERM);
	unlink(path);
	assert_int_equal(home_read_secret(path, secret, 4), -ENOENT);
	assert_int_equal(home_write_new("/nonexistent/x", 0600, "", 0),
	    -ENOENT);
	assert_int_equal(home_sync_folder("/nonexistent/x"), -ENOENT);
	assert_int_equal(home_sync_folder("/x"), 0);
	assert_int_equal(home_sync_folder("x"), 0);
}

static int
setup(void **state)
{
	uint8_t seed[SIGN_SEED_LEN];

	(void)state;
	keys_random(seed, sizeof(seed));
	snprintf(home, sizeof(home), "/tmp/qml-home-XXXXXX");
	return mkdtemp(home) != NULL ? sign_key_new(seed, &key) : -1;
}

static int
teardown(void **state)
{
	char path[256];

	(void)state;
	sign_key_free(key);
	snprintf(path, sizeof(path), "%s/" TXBOX_DIR, home);
	rmdir(path);
	snprintf(path, sizeof(path), "%s/" HOME_LOCK, home);
	unlink(path);
	return rmdir(home);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(kept_until_dropped),
	    cmocka_unit_test(many),
	    cmocka_unit_test(refused_ones_go),
	    cmocka_unit_test(damaged_ones_go),
	    cmocka_unit_test(one_holder),
	    cmocka_unit_test(new_files),
	};

	if (sign_setup() < 0)
		return 1;
	return cmocka_run_group_tests(tests, setup, teardown);
}
