#include "daemon/cli/bundle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/bytes.h"

#define MAGIC_LEN (sizeof(BUNDLE_MAGIC) - 1)
#define PART_HEAD 5
/* No founding document and no block is shorter. Of nothing but empty parts a
 * list would be several times as large as the file. */
#define PART_LEN_MIN 64

void
bundle_close(struct bundle *b)
{
	free(b->data);
	free(b->parts);
	*b = BUNDLE_INIT;
}

bool
bundle_is(const char *path)
{
	char begin[MAGIC_LEN];
	FILE *f = fopen(path, "rb");
	bool is;

	if (!f)
		return false;
	is = fread(begin, 1, MAGIC_LEN, f) == MAGIC_LEN &&
	    memcmp(begin, BUNDLE_MAGIC, MAGIC_LEN) == 0;
	fclose(f);
	return is;
}

static int
add_part(struct bundle *b, struct bundle_part p)
{
	if ((b->nparts & (b->nparts - 1)) == 0) { /* full: 0, 1, 2, 4... */
		size_t cap = b->nparts ? 2 * b->nparts : 1;
		void *more = realloc(b->parts, cap * sizeof(*b->parts));

		if (!more)
			return -ENOMEM;
		b->parts = more;
	}
	b->parts[b->nparts++] = p;
	return 0;
}

/* Only the first part is the founding, the others are blocks. */
static bool
kind_fits(const struct bundle *b, uint8_t kind)
{
	if (b->nparts == 0)
		return kind == BUNDLE_FOUNDING;
	return kind == BUNDLE_BLOCK || kind == BUNDLE_HEADS;
}

/* Of the last part. */
static bool
add_more(struct bundle *b, const struct bundle_part *p)
{
	struct bundle_part *last = b->nparts ? &b->parts[b->nparts - 1] : NULL;

	if (!last || p->len == 0 || last->refound_len > 0)
		return false;
	if (p->kind == BUNDLE_REFOUND) {
		last->refound_at = p->at;
		last->refound_len = p->len;
		return true;
	}
	if (last->kind != BUNDLE_HEADS || last->seats_len > 0)
		return false;
	last->seats_at = p->at;
	last->seats_len = p->len;
	return true;
}

int
bundle_parse(struct bundle *b, uint8_t *data, size_t len)
{
	struct bytes_reader r;

	*b = (struct bundle){.data = data, .len = len};
	if (len < MAGIC_LEN || memcmp(data, BUNDLE_MAGIC, MAGIC_LEN) != 0)
		return 0;
	r = bytes_reader_of(data + MAGIC_LEN, len - MAGIC_LEN);
	b->sound = MAGIC_LEN;
	while (bytes_reader_left(&r) >= PART_HEAD) {
		struct bundle_part p = {.at = b->sound + PART_HEAD};
		bool more;

		p.kind = bytes_get_u8(&r);
		p.len = bytes_get_u32(&r);
		if (p.len > bytes_reader_left(&r) ||
		    (p.kind != BUNDLE_SEATS && p.len < PART_LEN_MIN))
			break;
		more = p.kind == BUNDLE_SEATS || p.kind == BUNDLE_REFOUND;
		if (more ? !add_more(b, &p) : !kind_fits(b, p.kind))
			break;
		(void)bytes_get_slice(&r, p.len);
		if (!more && add_part(b, p) < 0) {
			bundle_close(b);
			return -ENOMEM;
		}
		b->sound = p.at + p.len;
	}
	return 0;
}

static int
read_all(FILE *f, uint8_t **data, size_t *len)
{
	struct stat st;
	int rc = 0;

	if (fstat(fileno(f), &st) != 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if ((uint64_t)st.st_size > BUNDLE_BYTES_MAX)
		return -EFBIG;
	*data = malloc((size_t)st.st_size + 1);
	if (!*data)
		return -ENOMEM;
	*len = fread(*data, 1, (size_t)st.st_size, f);
	if (ferror(f))
		rc = -EIO;
	if (rc < 0) {
		free(*data);
		*data = NULL;
	}
	return rc;
}

int
bundle_open(struct bundle *b, const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t len = 0;
	int rc;

	*b = BUNDLE_INIT;
	if (!f)
		return -errno;
	rc = read_all(f, &data, &len);
	fclose(f);
	return rc < 0 ? rc : bundle_parse(b, data, len);
}

void
bundle_put(FILE *f, enum bundle_kind kind, const void *data, uint32_t len)
{
	uint8_t head[PART_HEAD];
	struct bytes_writer w = bytes_writer_over(head, sizeof(head));

	bytes_put_u8(&w, (uint8_t)kind);
	bytes_put_u32(&w, len);
	fwrite(head, 1, sizeof(head), f);
	fwrite(data, 1, len, f);
}
