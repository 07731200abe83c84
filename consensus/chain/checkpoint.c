/*
 * checkpoint.c - the state of one height in a file of its own.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/chain/checkpoint.h"
#include "consensus/chain/verify.h"
#include "consensus/ledger/image.h"
#include "proto/bytes.h"
#include "proto/refound.h"

/* u32 magic, u16 version, u16 of the image, hash of the federation, image,
 * sum = H("qml.checkpoint", all before). */
#define MAGIC 0x514d4c43u /* "QMLC" */
#define VERSION 1
#define HEAD_LEN (8 + HASH_LEN)
#define DIGITS 12
#define SUFFIX ".state"

static int
file_name(uint64_t height, char out[static DISK_NAME_MAX])
{
	int n = snprintf(out, DISK_NAME_MAX, "%s/%0*" PRIu64 "%s",
	    CHECKPOINT_DIR, DIGITS, height, SUFFIX);

	return n < 0 || n >= DISK_NAME_MAX ? -ENAMETOOLONG : 0;
}

/* 0: not one of ours. */
static uint64_t
height_of(const char *name)
{
	uint64_t h = 0;
	size_t n = strspn(name, "0123456789");

	if (n < DIGITS || n > 18 || strcmp(name + n, SUFFIX) != 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		h = 10 * h + (uint64_t)(name[i] - '0');
	return h;
}

/* A re-founding that was learnt since may lie below the state. */
static int
federation_now(const struct federation *f, struct hash *out)
{
	struct hash_stream s;
	struct hash id;
	int rc = federation_id(f, &id);

	if (rc < 0)
		return rc;
	hash_begin(&s, "qml.checkpoint.f");
	hash_add(&s, id.b, HASH_LEN);
	for (uint16_t i = 0; i < f->nrefounded; i++) {
		id = refound_id(&f->refounded[i]);
		hash_add(&s, id.b, HASH_LEN);
	}
	*out = hash_end(&s);
	return 0;
}

static int
encode(const struct ledger *l, const struct hash *f, struct bytes_writer *w)
{
	struct hash sum;

	bytes_put_u32(w, MAGIC);
	bytes_put_u16(w, VERSION);
	bytes_put_u16(w, IMAGE_VERSION);
	bytes_put_hash(w, f);
	ledger_image(l, w);
	if (w->error < 0)
		return w->error;
	sum = hash_bytes("qml.checkpoint", w->data, w->len);
	bytes_put_hash(w, &sum);
	if (w->error == 0 && w->len > CHECKPOINT_BYTES)
		return -EMSGSIZE;
	return w->error;
}

int
checkpoint_decode(const struct federation *f, const void *data, size_t len,
    struct ledger **out)
{
	struct bytes_reader r = bytes_reader_of(data, len);
	struct hash due, sum, of;
	int rc = federation_now(f, &due);

	if (rc < 0)
		return rc;
	if (len < HEAD_LEN + HASH_LEN || bytes_get_u32(&r) != MAGIC ||
	    bytes_get_u16(&r) != VERSION || bytes_get_u16(&r) != IMAGE_VERSION)
		return -EBADMSG;
	of = bytes_get_hash(&r);
	len -= HASH_LEN;
	sum = hash_bytes("qml.checkpoint", data, len);
	if (!hash_equal(&of, &due) ||
	    memcmp(sum.b, (const uint8_t *)data + len, HASH_LEN) != 0)
		return -EBADMSG;
	return ledger_of_image(f, (const uint8_t *)data + HEAD_LEN,
	    len - HEAD_LEN, out);
}

/* Is it the state after a block of the chain? */
static int
check_place(struct segments *s, const struct ledger *l)
{
	const struct segments_entry *e = segments_find(s, ledger_height(l));
	const struct hash state = ledger_state(l);
	struct bytes_reader r;
	struct header h;
	struct hash id;
	uint8_t *data;
	uint32_t len;
	int rc;

	if (!e || ledger_height(l) == 0 || !hash_equal(&e->id, ledger_head(l)))
		return -EINVAL;
	rc = segments_read(s, ledger_height(l), &data, &len);
	if (rc < 0)
		return rc == -EBADMSG ? -EINVAL : rc;
	r = bytes_reader_of(data, len);
	header_get(&r, &h);
	free(data);
	if (r.bad)
		return -EINVAL;
	id = header_id(&h);
	return hash_equal(&id, &e->id) && hash_equal(&h.state_root, &state) &&
		h.time_ms == ledger_time_ms(l)
	    ? 0
	    : -EINVAL;
}

static int
read_file(struct disk *d, uint64_t height, uint8_t **data, size_t *len)
{
	char name[DISK_NAME_MAX];
	struct disk_file *f;
	uint64_t size = 0;
	int rc = file_name(height, name);

	*data = NULL;
	if (rc == 0)
		rc = disk_open(d, name, DISK_READ, &f);
	if (rc < 0)
		return rc;
	rc = disk_size(f, &size);
	if (rc == 0 && size > CHECKPOINT_BYTES)
		rc = -EBADMSG;
	if (rc == 0) {
		*len = (size_t)size;
		*data = malloc(*len + 1);
		rc = *data ? disk_read(f, *data, *len, 0) : -ENOMEM;
	}
	disk_close(f);
	if (rc < 0) {
		free(*data);
		*data = NULL;
	}
	return rc;
}

/* Heights by name, below a bound. */
struct look {
	uint64_t below, found;
};

static int
look_at(void *arg, const char *name)
{
	struct look *k = arg;
	uint64_t h = height_of(name);

	if (h < k->below && h > k->found)
		k->found = h;
	return 0;
}

/* The newest below; *found 0: none. */
static int
look(struct disk *d, uint64_t below, uint64_t *found)
{
	struct look k = {.below = below};
	int rc = disk_list(d, CHECKPOINT_DIR, look_at, &k);

	*found = k.found;
	return rc == -ENOENT ? 0 : rc;
}

static int
read_one(struct segments *s, const struct federation *f, uint64_t height,
    struct ledger **out)
{
	struct ledger *l = NULL;
	uint8_t *data;
	size_t len = 0;
	int rc = read_file(s->disk, height, &data, &len);

	if (rc == 0)
		rc = checkpoint_decode(f, data, len, &l);
	free(data);
	if (rc == 0 && ledger_height(l) != height)
		rc = -EBADMSG;
	if (rc == 0)
		rc = check_place(s, l);
	if (rc < 0) {
		ledger_free(l);
		return rc;
	}
	*out = l;
	return 0;
}

int
checkpoint_read(struct segments *s, const struct federation *f, uint64_t max,
    struct ledger **out, struct checkpoint_report *report)
{
	uint64_t height = max + 1;
	int rc;

	*out = NULL;
	*report = (struct checkpoint_report){.height = 0};
	for (;;) {
		rc = look(s->disk, height, &height);
		if (rc < 0 || height == 0)
			return rc;
		rc = read_one(s, f, height, out);
		if (rc == 0)
			report->height = height;
		if (rc == 0 || rc == -ENOMEM)
			return rc;
		report->passed++;
	}
}

/* A file with this name was of no use, or has been overtaken. */
static int
write_file(struct disk *d, const char *name, const struct bytes_writer *w)
{
	struct disk_file *f;
	int rc = disk_open(d, name, DISK_CREATE, &f), undo;

	if (rc == -EEXIST) {
		rc = disk_unlink(d, name);
		if (rc == 0)
			rc = disk_open(d, name, DISK_CREATE, &f);
	}
	if (rc < 0)
		return rc;
	rc = disk_write(f, w->data, w->len, 0);
	if (rc == 0)
		rc = disk_sync(f);
	disk_close(f);
	if (rc < 0) {
		undo = disk_unlink(d, name); /* not whole: of no use */
		(void)undo;
	}
	return rc;
}

/* Older than the newest at keep or below. */
static int
drop_older(struct disk *d, uint64_t keep)
{
	char name[DISK_NAME_MAX];
	uint64_t height;
	int rc = look(d, keep + 1, &height);

	while (rc == 0 && height > 0) {
		rc = look(d, height, &height);
		if (rc == 0 && height > 0)
			rc = file_name(height, name);
		if (rc == 0 && height > 0)
			rc = disk_unlink(d, name);
	}
	return rc;
}

int
checkpoint_write(struct segments *s, const struct federation *f,
    const struct ledger *l, uint64_t keep)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct disk *d = s->disk;
	char name[DISK_NAME_MAX];
	struct hash of;
	int rc = check_place(s, l);

	if (rc == 0)
		rc = federation_now(f, &of);
	if (rc == 0)
		rc = encode(l, &of, &w);
	if (rc == 0)
		rc = file_name(ledger_height(l), name);
	if (rc == 0)
		rc = disk_make_dir(d, CHECKPOINT_DIR);
	if (rc == 0)
		rc = disk_sync_dir(d, "");
	if (rc == 0)
		rc = write_file(d, name, &w);
	bytes_writer_close(&w);
	if (rc == 0)
		rc = disk_sync_dir(d, CHECKPOINT_DIR);
	return rc == 0 ? drop_older(d, keep) : rc;
}
