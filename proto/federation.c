#include "proto/federation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Least bytes of an encoded entry: bounds an allocation by what is there. */
#define MEMBER_BYTES_MIN (4 + 4 + 32 + 32 + 4 + 4)
#define COLUMN_BYTES_MIN (4 + 4 + 9 + 9)
#define LABEL_BYTES_MIN 4

void
federation_close(struct federation *f)
{
	free(f->members);
	free(f->columns);
	free(f->labels);
	free(f->refounded);
	job_close(&f->job);
	*f = FEDERATION_INIT;
}

static int
copy_array(void **to, const void *from, size_t n, size_t size)
{
	*to = NULL;
	if (n == 0)
		return 0;
	*to = calloc(n, size);
	if (*to == NULL)
		return -ENOMEM;
	memcpy(*to, from, n * size);
	return 0;
}

int
federation_copy(struct federation *to, const struct federation *from)
{
	void *members = NULL, *columns = NULL, *labels = NULL, *again = NULL;
	struct job job = {0};
	int rc;

	rc = copy_array(&members, from->members, from->nmembers,
	    sizeof(*from->members));
	if (rc == 0)
		rc = copy_array(&columns, from->columns, from->ncolumns,
		    sizeof(*from->columns));
	if (rc == 0)
		rc = copy_array(&labels, from->labels, from->nlabels,
		    sizeof(*from->labels));
	if (rc == 0)
		rc = copy_array(&again, from->refounded, from->nrefounded,
		    sizeof(*from->refounded));
	if (rc == 0)
		rc = job_copy(&job, &from->job);
	if (rc != 0) {
		free(members);
		free(columns);
		free(labels);
		free(again);
		*to = FEDERATION_INIT;
		return rc;
	}
	*to = *from;
	to->members = members;
	to->columns = columns;
	to->labels = labels;
	to->refounded = again;
	to->job = job;
	return 0;
}

struct hash
member_id(const struct sign_public *sign, const uint8_t network[static 32])
{
	struct hash_stream s;

	hash_begin(&s, "qml.member");
	hash_add(&s, sign->b, SIGN_PUBLIC_LEN);
	hash_add(&s, network, 32);
	return hash_end(&s);
}

static int
compare_members(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return hash_compare(&x->id, &y->id);
}

void
federation_sort(struct federation *f)
{
	size_t i;

	for (i = 0; i < f->nmembers; i++)
		f->members[i].id =
		    member_id(&f->members[i].sign, f->members[i].network);
	if (f->nmembers > 1)
		qsort(f->members, f->nmembers, sizeof(*f->members),
		    compare_members);
}

int
federation_find(const struct federation *f, const struct hash *id)
{
	size_t lo = 0, hi = f->nmembers, mid;
	int c;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		c = hash_compare(&f->members[mid].id, id);
		if (c == 0)
			return (int)mid;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return -1;
}

static void
put_timing(struct bytes_writer *w, const struct timing *t)
{
	bytes_put_u32(w, t->collect);
	bytes_put_u32(w, t->straggler);
	bytes_put_u32(w, t->heartbeat);
	bytes_put_u32(w, t->propose);
	bytes_put_u32(w, t->prevote);
	bytes_put_u32(w, t->precommit);
	bytes_put_u32(w, t->round_step);
	bytes_put_u32(w, t->timeout_max);
	bytes_put_u32(w, t->precision);
	bytes_put_u32(w, t->delay);
	bytes_put_u32(w, t->interval);
}

static void
get_timing(struct bytes_reader *r, struct timing *t)
{
	t->collect = bytes_get_u32(r);
	t->straggler = bytes_get_u32(r);
	t->heartbeat = bytes_get_u32(r);
	t->propose = bytes_get_u32(r);
	t->prevote = bytes_get_u32(r);
	t->precommit = bytes_get_u32(r);
	t->round_step = bytes_get_u32(r);
	t->timeout_max = bytes_get_u32(r);
	t->precision = bytes_get_u32(r);
	t->delay = bytes_get_u32(r);
	t->interval = bytes_get_u32(r);
}

/* The ids are not written: they follow from the keys. */
void
federation_put(struct bytes_writer *w, const struct federation *f)
{
	size_t i;

	bytes_put_u16(w, f->version);
	bytes_put_string(w, f->name);
	bytes_put_u64(w, f->founded_ms);
	bytes_put_u8(w, f->shared_key);
	bytes_put_u16(w, f->nmembers);
	for (i = 0; i < f->nmembers; i++) {
		const struct member *m = &f->members[i];

		bytes_put_string(w, m->name);
		bytes_put_string(w, m->address);
		bytes_put_raw(w, m->sign.b, SIGN_PUBLIC_LEN);
		bytes_put_raw(w, m->network, sizeof(m->network));
		bytes_put_u32(w, m->power);
		bytes_put_u32(w, m->weight);
	}
	bytes_put_u16(w, f->ncolumns);
	for (i = 0; i < f->ncolumns; i++) {
		bytes_put_string(w, f->columns[i].name);
		bytes_put_string(w, f->columns[i].unit);
		decimal_put(w, &f->columns[i].lo);
		decimal_put(w, &f->columns[i].hi);
	}
	bytes_put_string(w, f->label);
	bytes_put_u16(w, f->nlabels);
	for (i = 0; i < f->nlabels; i++)
		bytes_put_string(w, f->labels[i]);
	decimal_put(w, &f->label_lo);
	decimal_put(w, &f->label_hi);
	bytes_put_u8(w, f->missing);
	put_timing(w, &f->timing);
	bytes_put_u16(w, f->answers_min);
	job_put(w, &f->job);
	economy_put(w, &f->economy);
}

/* A counted array of at most max entries, each at least least bytes. NULL for
 * none; NULL and r bad when there is no room or no memory. */
static void *
get_array(struct bytes_reader *r, uint16_t *n, size_t max, size_t least,
    size_t size)
{
	void *array;
	uint16_t count = bytes_get_u16(r);

	*n = 0;
	if (count == 0 || r->bad)
		return NULL;
	if (count > max || bytes_reader_left(r) / least < count) {
		bytes_reader_fail(r);
		return NULL;
	}
	array = calloc(count, size);
	if (array == NULL) {
		bytes_reader_fail_nomem(r);
		return NULL;
	}
	*n = count;
	return array;
}

static void
get_members(struct bytes_reader *r, struct federation *f)
{
	struct member *m;
	size_t i;

	f->members = get_array(r, &f->nmembers, FEDERATION_MAX_MEMBERS,
	    MEMBER_BYTES_MIN, sizeof(*f->members));
	for (i = 0; i < f->nmembers; i++) {
		m = &f->members[i];
		bytes_get_string(r, m->name, sizeof(m->name));
		bytes_get_string(r, m->address, sizeof(m->address));
		bytes_get_raw(r, m->sign.b, SIGN_PUBLIC_LEN);
		bytes_get_raw(r, m->network, sizeof(m->network));
		m->power = bytes_get_u32(r);
		m->weight = bytes_get_u32(r);
		m->id = member_id(&m->sign, m->network);
	}
}

static void
get_schema(struct bytes_reader *r, struct federation *f)
{
	struct column *c;
	size_t i;

	f->columns = get_array(r, &f->ncolumns, FEDERATION_MAX_COLUMNS,
	    COLUMN_BYTES_MIN, sizeof(*f->columns));
	for (i = 0; i < f->ncolumns; i++) {
		c = &f->columns[i];
		bytes_get_string(r, c->name, sizeof(c->name));
		bytes_get_string(r, c->unit, sizeof(c->unit));
		decimal_get(r, &c->lo);
		decimal_get(r, &c->hi);
	}
	bytes_get_string(r, f->label, sizeof(f->label));
	f->labels = get_array(r, &f->nlabels, FEDERATION_MAX_LABELS,
	    LABEL_BYTES_MIN, sizeof(*f->labels));
	for (i = 0; i < f->nlabels; i++)
		bytes_get_string(r, f->labels[i], sizeof(f->labels[i]));
	decimal_get(r, &f->label_lo);
	decimal_get(r, &f->label_hi);
	f->missing = bytes_get_u8(r);
}

void
federation_get(struct bytes_reader *r, struct federation *out)
{
	char err[256];
	uint8_t shared;
	int rc;

	*out = FEDERATION_INIT;
	out->version = bytes_get_u16(r);
	bytes_get_string(r, out->name, sizeof(out->name));
	out->founded_ms = bytes_get_u64(r);
	shared = bytes_get_u8(r);
	out->shared_key = shared == 1;
	if (shared > 1)
		bytes_reader_fail(r);
	get_members(r, out);
	if (!r->bad)
		get_schema(r, out);
	get_timing(r, &out->timing);
	out->answers_min = bytes_get_u16(r);
	job_get(r, &out->job);
	economy_get(r, &out->economy);
	rc = r->bad ? -EINVAL : federation_check(out, err, sizeof(err));
	if (rc == -ENOMEM)
		bytes_reader_fail_nomem(r);
	else if (rc < 0)
		bytes_reader_fail(r);
	if (rc < 0)
		federation_close(out);
}

int
federation_id(const struct federation *f, struct hash *out)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	int rc;

	federation_put(&w, f);
	rc = w.error;
	if (rc == 0)
		*out = hash_bytes("qml.federation", w.data, w.len);
	bytes_writer_close(&w);
	return rc;
}

int
federation_id_now(const struct federation *f, struct hash *out)
{
	if (f->nrefounded == 0)
		return federation_id(f, out);
	*out = refound_id(&f->refounded[f->nrefounded - 1]);
	return 0;
}

int
federation_refound(struct federation *f, const struct refound *r)
{
	struct refound *more;
	struct hash id;
	int rc = federation_id_now(f, &id);

	if (rc < 0)
		return rc;
	if (f->nrefounded == REFOUND_MAX || !hash_equal(&id, &r->federation) ||
	    (f->nrefounded > 0 &&
		r->height < f->refounded[f->nrefounded - 1].height))
		return -EINVAL;
	more = realloc(f->refounded, (f->nrefounded + 1u) * sizeof(*more));
	if (more == NULL)
		return -ENOMEM;
	f->refounded = more;
	f->refounded[f->nrefounded++] = *r;
	return 0;
}

int
federation_refound_all(struct federation *f, const uint8_t *data, size_t len)
{
	struct bytes_reader r = bytes_reader_of(data, len);
	struct refound one;
	int rc = 0;

	while (rc == 0 && bytes_reader_left(&r) > 0) {
		refound_get(&r, &one);
		if (r.bad || !refound_complete(&one))
			return -EBADMSG;
		rc = federation_refound(f, &one);
	}
	return rc == -EINVAL ? -EBADMSG : rc;
}
