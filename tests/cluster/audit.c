/*
 * audit.c - when a run is over: every block of every disk once more, with
 * nothing remembered (I2, I13), and what the disks say beside what the nodes
 * have in mind (I16).
 *
 * One ledger goes up the chain and all disks with it: who stores the same
 * bytes as the one before has stored what was checked there. A certificate is
 * everybody's own, so each is looked at.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/cluster/members.h"
#include "tests/cluster/state.h"

/* The block at this height that was found to be valid first. */
struct valid {
	struct block *block;
	uint8_t *data;
	size_t len; /* without the certificate */
};

static void
take_away(struct valid *v)
{
	block_free(v->block);
	free(v->data);
	*v = (struct valid){.block = NULL};
}

static bool
is_same(const struct valid *v, const uint8_t *data, size_t len)
{
	return v->block != NULL && len >= v->len &&
	    memcmp(data, v->data, v->len) == 0;
}

/* The block of a record; takes data where it is the first one. */
static int
check_block(const struct ledger *l, uint8_t **data, struct bytes_reader *r,
    struct valid *v)
{
	struct block *b;
	int rc = 0;

	if (is_same(v, *data, r->len)) {
		r->pos = v->len;
		return 0;
	}
	b = block_get_full(r, ANSWER_DIM_MAX);
	if (b == NULL || ledger_check(l, b) != LEDGER_OK) {
		rc = -EBADMSG;
	} else if (v->block == NULL) {
		*v = (struct valid){b, *data, r->pos};
		*data = NULL;
		return 0;
	}
	block_free(b);
	return rc;
}

static int
check_record(struct world *w, uint16_t slot, const struct ledger *l,
    struct valid *v)
{
	const uint64_t height = ledger_height(l) + 1;
	struct bytes_reader r;
	struct commit c;
	uint8_t *data = NULL;
	uint32_t len;
	int rc =
	    segments_read(&w->nodes[slot].store.segments, height, &data, &len);

	if (rc < 0)
		return rc;
	r = bytes_reader_of(data, len);
	rc = check_block(l, &data, &r, v);
	if (rc == 0) {
		commit_get(&r, &c);
		if (!bytes_reader_done(&r) || !members_certified(w, &c) ||
		    ledger_check_commit(l, &c, height, &v->block->id) !=
			LEDGER_OK)
			rc = -EBADMSG;
	}
	free(data);
	return rc;
}

static uint64_t
disk_head(const struct world *w, uint16_t slot)
{
	return w->nodes[slot].up ? segments_head(&w->nodes[slot].store.segments)
				 : 0;
}

/* The next height, on all disks that have it. False: none has, or one of them
 * is not valid. */
static bool
climb(struct world *w, struct ledger *l)
{
	const uint64_t height = ledger_height(l) + 1;
	struct valid v = {.block = NULL};
	bool good = true;

	for (uint16_t i = 0; i < w->nslots && good; i++) {
		if (disk_head(w, i) < height)
			continue;
		world_count(w, COUNT_CHECK_AUDIT);
		good = check_record(w, i, l, &v) == 0;
		if (!good)
			world_fail(w,
			    "node %u: block %" PRIu64
			    " of the disk is not valid (I13)",
			    i, height);
	}
	good = good && v.block != NULL;
	if (good && ledger_apply(l, v.block) < 0) {
		world_fail(w, "block %" PRIu64 " does not apply (I13)", height);
		good = false;
	}
	take_away(&v);
	return good;
}

/* A block may be on the disk and its step still to come. */
static void
compare(struct world *w, const struct ledger *l)
{
	struct hash a[LEDGER_LEAVES], b[LEDGER_LEAVES];

	ledger_leaves(l, b);
	for (uint16_t i = 0; i < w->nslots; i++) {
		const struct ledger *mine;

		if (!w->nodes[i].up)
			continue;
		mine = replica_ledger(w->nodes[i].replica);
		if (ledger_height(mine) != ledger_height(l))
			continue;
		world_count(w, COUNT_CHECK_REPLAY);
		ledger_leaves(mine, a);
		if (memcmp(a, b, sizeof(a)) != 0 ||
		    memcmp(ledger_model(mine), ledger_model(l),
			WORLD_DIM * sizeof(int64_t)) != 0)
			world_fail(w, "node %u: disk and memory differ (I16)",
			    i);
	}
}

void
audit_disks(struct world *w)
{
	struct ledger *l;

	for (uint16_t i = 0; i < w->nslots; i++)
		if (w->nodes[i].up &&
		    disk_head(w, i) <
			ledger_height(replica_ledger(w->nodes[i].replica)))
			world_fail(w, "node %u: disk behind memory (I16)", i);
	if (ledger_new(&w->fed, &l) < 0)
		return;
	do {
		compare(w, l);
	} while (climb(w, l));
	ledger_free(l);
}
