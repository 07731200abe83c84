/*
 * The CSV reader: whatever the bytes, records come out the same whether the
 * bytes arrive at once or one by one, and every field is bounded text.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "daemon/trainer/csv.h"
#include "proto/hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct seen {
	struct hash_stream stream;
	uint64_t last_line;
};

static int
on_record(void *arg, const struct csv_record *r)
{
	struct seen *s = arg;
	double v = 0;
	size_t i, n;

	assert(r->nfields >= 1 && r->nfields <= CSV_FIELDS_MAX);
	assert(r->line > s->last_line);
	s->last_line = r->line;
	for (i = 0; i < r->nfields; i++) {
		n = strlen(r->fields[i]);
		assert(n <= CSV_FIELD_BYTES_MAX);
		hash_add(&s->stream, r->fields[i], n + 1);
		if (csv_parse_number(r->fields[i], &v) == CSV_NUMBER_OK)
			assert(v - v == 0); /* finite */
	}
	return 0;
}

static enum csv_verdict
read_all(const uint8_t *data, size_t len, size_t piece, struct hash *out)
{
	struct seen s = {.last_line = 0};
	enum csv_verdict v;
	struct csv c;
	size_t n;

	hash_begin(&s.stream, "fuzz");
	if (csv_init(&c, on_record, &s) < 0)
		return CSV_STOPPED;
	for (; len > 0; data += n, len -= n) {
		n = len < piece ? len : piece;
		csv_feed(&c, data, n);
	}
	v = csv_end(&c);
	assert(csv_verdict_text(v) != NULL);
	csv_close(&c);
	*out = hash_end(&s.stream);
	return v;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct hash whole, pieces;
	enum csv_verdict a = read_all(data, len, len + 1, &whole);
	enum csv_verdict b = read_all(data, len, 1, &pieces);

	assert(a == b);
	assert(hash_equal(&whole, &pieces));
	return 0;
}
