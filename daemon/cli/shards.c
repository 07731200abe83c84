#include "daemon/cli/shards.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "consensus/books/shard.h"
#include "daemon/node/home.h"
#include "daemon/node/keys.h"
#include "proto/merkle.h"

/* Salt, header, rows of each. */
struct deal {
	uint32_t n;
	uint64_t rows;
	struct bytes_writer *shard; /* [n], owned */
	struct hash *leaf;          /* [n], owned */
};

static void
begin(struct deal *d, const char *header, size_t len)
{
	uint8_t salt[SHARD_SALT_LEN];

	for (uint32_t i = 0; i < d->n; i++) {
		keys_random(salt, sizeof(salt));
		bytes_put_raw(&d->shard[i], salt, sizeof(salt));
		bytes_put_raw(&d->shard[i], header, len);
	}
}

static int
read_rows(struct deal *d, FILE *f)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	bool first = true;

	while ((len = getline(&line, &cap, f)) > 0) {
		if (line[0] == '\n' || line[0] == '\r')
			continue;
		if (first)
			begin(d, line, (size_t)len);
		else
			bytes_put_raw(&d->shard[d->rows++ % d->n], line,
			    (size_t)len);
		/* The last line of a file may lack its end. */
		if (line[len - 1] != '\n')
			bytes_put_raw(&d->shard[(d->rows - 1) % d->n], "\n", 1);
		first = false;
	}
	free(line);
	return ferror(f) ? -EIO : 0;
}

static int
check(const struct deal *d, const char *csv, char *err)
{
	if (d->rows < d->n) {
		snprintf(err, SHARDS_ERR_LEN,
		    "%.300s: %" PRIu64 " rows do not fill %" PRIu32 " shards",
		    csv, d->rows, d->n);
		return -EINVAL;
	}
	for (uint32_t i = 0; i < d->n; i++) {
		if (d->shard[i].error != 0)
			return d->shard[i].error;
		if (d->shard[i].len <= SHARD_BYTES_MAX)
			continue;
		snprintf(err, SHARDS_ERR_LEN,
		    "%.300s: a shard would have %zu bytes, want at most %u: "
		    "make more of them",
		    csv, d->shard[i].len, SHARD_BYTES_MAX);
		return -EINVAL;
	}
	return 0;
}

static int
write_one(const struct deal *d, uint32_t i, const char *dir)
{
	struct hash path[MERKLE_MAX_DEPTH];
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct body_shard x = {.index = i,
	    .data = d->shard[i].data,
	    .len = (uint32_t)d->shard[i].len};
	char name[HOME_PATH_LEN];
	int rc = 0;

	x.npath = (uint8_t)merkle_path(d->leaf, d->n, i, path);
	memcpy(x.path, path, x.npath * sizeof(path[0]));
	body_shard_put(&w, &x);
	if (w.error != 0)
		rc = w.error;
	else if (snprintf(name, sizeof(name), "%s/%04" PRIu32 ".shard", dir,
		     i) >= (int)sizeof(name))
		rc = -ENAMETOOLONG;
	if (rc == 0)
		rc = home_write_new(name, 0600, w.data, w.len);
	bytes_writer_close(&w);
	return rc;
}

static int
write_all(struct deal *d, const char *dir, struct hash *root)
{
	int rc = mkdir(dir, 0700) == 0 ? 0 : -errno;

	for (uint32_t i = 0; i < d->n; i++)
		d->leaf[i] = shard_leaf(d->shard[i].data, d->shard[i].len);
	*root = merkle_root_of(d->leaf, d->n);
	for (uint32_t i = 0; rc == 0 && i < d->n; i++)
		rc = write_one(d, i, dir);
	return rc;
}

int
shards_make(const char *csv, uint32_t n, const char *dir, struct hash *root,
    char err[static SHARDS_ERR_LEN])
{
	struct deal d = {.n = n};
	FILE *f = NULL;
	int rc = -ENOMEM;

	err[0] = '\0';
	d.shard = calloc(n, sizeof(*d.shard));
	d.leaf = calloc(n, sizeof(*d.leaf));
	for (uint32_t i = 0; d.shard && i < n; i++)
		d.shard[i] = BYTES_WRITER_INIT;
	if (d.shard && d.leaf) {
		f = fopen(csv, "re");
		rc = f ? read_rows(&d, f) : -errno;
	}
	if (rc == 0)
		rc = check(&d, csv, err);
	if (rc == 0)
		rc = write_all(&d, dir, root);
	if (rc < 0 && err[0] == '\0')
		snprintf(err, SHARDS_ERR_LEN, "%.300s: %s", f ? dir : csv,
		    strerror(-rc));
	if (f)
		(void)fclose(f);
	for (uint32_t i = 0; d.shard && i < n; i++)
		bytes_writer_close(&d.shard[i]);
	free(d.shard);
	free(d.leaf);
	return rc;
}
