#include "daemon/trainer/asset.h"

#include <string.h>

#include "proto/merkle.h"

static void
add_u64(struct hash_stream *s, uint64_t v)
{
	uint8_t b[8];
	int i;

	for (i = 0; i < 8; i++)
		b[i] = (uint8_t)(v >> (56 - 8 * i));
	hash_add(s, b, sizeof(b));
}

static struct hash
row_leaf(const struct dataset *rows, size_t i, const uint8_t *salt)
{
	const double *x = rows->features + i * rows->d;
	uint8_t label[2];
	struct hash_stream s;
	struct hash row_salt;
	uint64_t bits;
	size_t c;

	hash_begin(&s, "qml.rowsalt");
	hash_add(&s, salt, ASSET_SALT_LEN);
	add_u64(&s, i);
	row_salt = hash_end(&s);
	hash_begin(&s, "qml.row");
	hash_add(&s, row_salt.b, HASH_LEN);
	for (c = 0; c < rows->d; c++) {
		memcpy(&bits, &x[c], sizeof(bits));
		add_u64(&s, bits);
	}
	label[0] = (uint8_t)(rows->labels[i] >> 8);
	label[1] = (uint8_t)rows->labels[i];
	hash_add(&s, label, sizeof(label));
	return hash_end(&s);
}

struct hash
asset_root(const struct dataset *rows,
    const uint8_t salt[static ASSET_SALT_LEN])
{
	struct merkle m = MERKLE_INIT;
	struct hash leaf;
	size_t i;

	for (i = 0; i < rows->n; i++) {
		leaf = row_leaf(rows, i, salt);
		merkle_append(&m, &leaf);
	}
	return merkle_root(&m);
}
