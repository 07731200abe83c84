#include "daemon/node/txbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "consensus/replica/txpool.h"
#include "daemon/node/home.h"

#define TXBOX_BYTES (TX_BODY_MAX + 1024)

static int
path_of(const char *home, const struct hash *id, char out[HOME_PATH_LEN])
{
	char name[sizeof(TXBOX_DIR) + HASH_HEX_LEN], hex[HASH_HEX_LEN];

	snprintf(name, sizeof(name), "%s/%s", TXBOX_DIR, hash_hex(id, hex));
	return home_path(home, name, out, HOME_PATH_LEN);
}

static int
write_all(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int
txbox_keep(const char *home, const struct tx *t)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	char path[HOME_PATH_LEN];
	int rc, fd;

	rc = home_path(home, TXBOX_DIR, path, sizeof(path));
	if (rc == 0 && mkdir(path, 0700) < 0 && errno != EEXIST)
		rc = -errno;
	if (rc == 0)
		rc = path_of(home, &t->id, path);
	if (rc < 0)
		return rc;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	tx_put(&w, t);
	rc = w.error != 0 ? w.error : write_all(fd, w.data, w.len);
	bytes_writer_close(&w);
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	return rc;
}

void
txbox_drop(const char *home, const struct hash *id)
{
	char path[HOME_PATH_LEN];

	if (path_of(home, id, path) == 0)
		(void)unlink(path);
}

void
txbox_drop_block(const char *home, const struct block *b,
    const struct sign_public *self)
{
	for (uint16_t i = 0; i < b->header.ntxs; i++)
		if (memcmp(b->txs[i]->sender.b, self->b, sizeof(self->b)) == 0)
			txbox_drop(home, &b->txs[i]->id);
}

/* Whatever waits nowhere. */
static void
drop_absent(const char *home, const struct txpool *p)
{
	char path[HOME_PATH_LEN];
	struct dirent *e;
	struct hash id;
	DIR *d = NULL;

	if (home_path(home, TXBOX_DIR, path, sizeof(path)) == 0)
		d = opendir(path);
	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL)
		if (hash_from_hex(e->d_name, &id) == 0 &&
		    txpool_find(p, &id) == NULL)
			txbox_drop(home, &id);
	(void)closedir(d);
}

void
txbox_drop_gone(const char *home, const struct txpool *p, size_t *seen)
{
	if (p->ngone > *seen + TXPOOL_GONE) { /* it has forgotten some */
		drop_absent(home, p);
		*seen = p->ngone;
	}
	for (; *seen < p->ngone; ++*seen) {
		const struct txpool_gone *g = &p->gone[*seen % TXPOOL_GONE];

		if (g->why != BOOKS_OK)
			txbox_drop(home, &g->id);
	}
}

/* NULL: not a transaction that was written as a whole. */
static struct tx *
read_tx(const char *path)
{
	uint8_t *data = malloc(TXBOX_BYTES);
	FILE *f = fopen(path, "rbe");
	struct tx *t = NULL;
	size_t len;

	if (data != NULL && f != NULL) {
		struct bytes_reader r;

		len = fread(data, 1, TXBOX_BYTES, f);
		r = bytes_reader_of(data, len);
		t = tx_get(&r);
		if (t != NULL && !bytes_reader_done(&r)) {
			tx_unref(t);
			t = NULL;
		}
	}
	if (f != NULL)
		(void)fclose(f);
	free(data);
	return t;
}

static int
by_nonce(const void *a, const void *b)
{
	const struct tx *const *x = a, *const *y = b;

	return ((*x)->nonce > (*y)->nonce) - ((*x)->nonce < (*y)->nonce);
}

/* The next ones of the folder, at most TXBOX_MAX. */
static size_t
read_some(const char *home, DIR *d, struct tx *txs[static TXBOX_MAX])
{
	char path[HOME_PATH_LEN];
	struct dirent *e;
	struct hash id;
	size_t n = 0;

	while (n < TXBOX_MAX && (e = readdir(d)) != NULL) {
		if (hash_from_hex(e->d_name, &id) < 0 ||
		    path_of(home, &id, path) < 0)
			continue;
		txs[n] = read_tx(path);
		if (txs[n] != NULL)
			n++;
		else
			(void)unlink(path);
	}
	return n;
}

void
txbox_load(const char *home, void (*each)(void *arg, struct tx *t), void *arg)
{
	struct tx *txs[TXBOX_MAX];
	char path[HOME_PATH_LEN];
	size_t n = TXBOX_MAX;
	DIR *d;

	if (home_path(home, TXBOX_DIR, path, sizeof(path)) < 0)
		return;
	d = opendir(path);
	if (d == NULL)
		return;
	/* All of them: what died with us, or was not read, must not stand in
	 * front of what waits. */
	while (n == TXBOX_MAX) {
		n = read_some(home, d, txs);
		qsort(txs, n, sizeof(txs[0]), by_nonce);
		for (size_t i = 0; i < n; i++)
			each(arg, txs[i]);
	}
	(void)closedir(d);
}
