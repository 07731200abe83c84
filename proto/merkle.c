#include "proto/merkle.h"

#include <assert.h>

#define TAG_LEAF "qml.leaf"
#define TAG_NODE "qml.node"
#define TAG_EMPTY "qml.empty"

static struct hash
leaf_of(const struct hash *leaf)
{
	return hash_bytes(TAG_LEAF, leaf->b, HASH_LEN);
}

static struct hash
node_of(const struct hash *left, const struct hash *right)
{
	struct hash_stream s;

	hash_begin(&s, TAG_NODE);
	hash_add(&s, left->b, HASH_LEN);
	hash_add(&s, right->b, HASH_LEN);
	return hash_end(&s);
}

/*
 * full[k] is the root of the full subtree of 2^k leaves that bit k of size
 * stands for; appending is adding one in binary, a carry is a node.
 */
void
merkle_append(struct merkle *m, const struct hash *leaf)
{
	struct hash h = leaf_of(leaf);
	unsigned k;

	assert(m->size != UINT64_MAX);
	for (k = 0; (m->size >> k & 1) != 0; k++)
		h = node_of(&m->full[k], &h);
	m->full[k] = h;
	m->size++;
}

struct hash
merkle_root(const struct merkle *m)
{
	struct hash h = {{0}};
	bool any = false;
	unsigned k;

	if (m->size == 0)
		return hash_bytes(TAG_EMPTY, NULL, 0);
	/* Small subtrees are on the right: fold them from the right. */
	for (k = 0; k < MERKLE_MAX_DEPTH; k++) {
		if ((m->size >> k & 1) == 0)
			continue;
		h = any ? node_of(&m->full[k], &h) : m->full[k];
		any = true;
	}
	return h;
}

struct hash
merkle_root_of(const struct hash *leaves, size_t n)
{
	struct merkle m;
	size_t i;

	m.size = 0; /* what its bits do not name is never read */
	for (i = 0; i < n; i++)
		merkle_append(&m, &leaves[i]);
	return merkle_root(&m);
}

/* The largest power of two below n, n >= 2. */
static uint64_t
split_of(uint64_t n)
{
	uint64_t k = 1;

	while (k < n - k)
		k *= 2;
	return k;
}

size_t
merkle_path(const struct hash *leaves, size_t n, size_t i, struct hash *path)
{
	struct hash down[MERKLE_MAX_DEPTH];
	size_t depth = 0, k, split;

	assert(i < n);
	/* From the root down; the path is from the leaf up. */
	while (n > 1) {
		split = (size_t)split_of(n);
		if (i < split) {
			down[depth++] =
			    merkle_root_of(leaves + split, n - split);
			n = split;
		} else {
			down[depth++] = merkle_root_of(leaves, split);
			leaves += split;
			n -= split;
			i -= split;
		}
	}
	for (k = 0; k < depth; k++)
		path[k] = down[depth - 1 - k];
	return depth;
}

/* RFC 9162, 2.1.3.2: fn and sn are the leaf's and the last leaf's index in
 * the level that is reached. */
bool
merkle_verify(const struct hash *leaf, struct merkle_place at,
    const struct hash *path, size_t npath, const struct hash *root)
{
	struct hash h = leaf_of(leaf);
	uint64_t fn = at.i, sn;
	size_t k;

	if (at.i >= at.n)
		return false;
	sn = at.n - 1;
	for (k = 0; k < npath; k++) {
		if (sn == 0)
			return false;
		if ((fn & 1) != 0 || fn == sn) {
			h = node_of(&path[k], &h);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			h = node_of(&h, &path[k]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && hash_equal(&h, root);
}

size_t
merkle_growth(const struct hash *leaves, size_t m, size_t n, struct hash *path)
{
	struct hash down[MERKLE_MAX_DEPTH];
	size_t depth = 0, k, split;
	bool whole = true; /* the m leaves are a subtree of the larger tree */

	assert(m > 0 && m <= n);
	while (m < n) {
		split = (size_t)split_of(n);
		if (m <= split) {
			down[depth++] =
			    merkle_root_of(leaves + split, n - split);
			n = split;
		} else {
			down[depth++] = merkle_root_of(leaves, split);
			leaves += split;
			n -= split;
			m -= split;
			whole = false;
		}
	}
	if (!whole)
		down[depth++] = merkle_root_of(leaves, n);
	for (k = 0; k < depth; k++)
		path[k] = down[depth - 1 - k];
	return depth;
}

/* RFC 9162, 2.1.4.2: both roots are built from the same path. */
bool
merkle_grown(const struct merkle_sizes *s, const struct hash *path,
    size_t npath)
{
	uint64_t fn = s->m - 1, sn = s->n - 1;
	struct hash older, newer;
	size_t k = 0;

	if (s->m == 0 || s->m > s->n)
		return false;
	if (s->m == s->n)
		return npath == 0 && hash_equal(&s->roots[0], &s->roots[1]);
	while ((fn & 1) != 0) {
		fn >>= 1;
		sn >>= 1;
	}
	older = s->roots[0];
	if ((s->m & (s->m - 1)) != 0) {
		if (npath == 0)
			return false;
		older = path[k++];
	}
	for (newer = older; k < npath; k++) {
		if (sn == 0)
			return false;
		if ((fn & 1) != 0 || fn == sn) {
			older = node_of(&path[k], &older);
			newer = node_of(&path[k], &newer);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			newer = node_of(&newer, &path[k]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && hash_equal(&older, &s->roots[0]) &&
	    hash_equal(&newer, &s->roots[1]);
}
