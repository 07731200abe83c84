#include "consensus/replica/polka.h"

#include <stdlib.h>

#include "consensus/bft/quorum.h"
#include "consensus/replica/agree.h"
#include "consensus/replica/queue.h"

/* Of each round, and what led to the last one. */
#define POLKA_VOTES ((BFT_MAX_ROUNDS + 1) * (size_t)BFT_MAX_VALIDATORS)

/* False: not a quorum, as when the votes were lost before this was kept. */
static bool
gather(const struct replica *r, const struct bft_mark *valid,
    struct bytes_writer *w)
{
	const struct bft_bits bits = bft_votes(&r->bft, (uint32_t)valid->round,
	    VOTE_PREVOTE, &valid->block);
	struct vote key = {.type = VOTE_PREVOTE,
	    .round = (uint32_t)valid->round};
	uint64_t power = 0, total = 0;
	struct vote v;

	for (uint16_t i = 0; i < r->n; i++) {
		key.validator = i;
		total += ledger_powers(r->ledger)[i];
		if (!bft_bits_has(&bits, i) ||
		    !bft_vote(&r->bft, &key, &valid->block, &v))
			continue;
		power += ledger_powers(r->ledger)[i];
		vote_put(w, &v);
	}
	return quorum_reached(power, total);
}

void
polka_keep(struct replica *r, const struct bft_mark *valid)
{
	struct replica_action store = {.store = REPLICA_STORE_POLKA};
	struct bytes_writer w = BYTES_WRITER_INIT;

	if (valid->round < 0 ||
	    (r->polka_height == r->bft.height &&
		r->polka_round == valid->round))
		return;
	if (!gather(r, valid, &w)) {
		bytes_writer_close(&w);
		return;
	}
	if (bytes_writer_take(&w, &store.data, &store.len) < 0) {
		queue_notice(r, REPLICA_HALT, r->self,
		    "out of memory while writing prevotes");
		return;
	}
	store.id = hash_bytes("qml.polka", store.data, store.len);
	r->polka_height = r->bft.height;
	r->polka_round = valid->round;
	(void)queue_store(r, &store, NULL);
}

static bool
is_older(const struct vote *a, const struct vote *b)
{
	return a->height != b->height ? a->height < b->height
				      : a->round < b->round;
}

/* Where a height had more rounds than there is room for, the newest count. */
static void
take(struct replica *r, const struct vote *v)
{
	struct vote *oldest = r->votes;

	if (r->nvotes < POLKA_VOTES) {
		r->votes[r->nvotes++] = *v;
		return;
	}
	for (size_t i = 1; i < r->nvotes; i++)
		if (is_older(&r->votes[i], oldest))
			oldest = &r->votes[i];
	if (is_older(oldest, v))
		*oldest = *v;
}

void
replica_load_votes(struct replica *r, const uint8_t *data, size_t len)
{
	struct bytes_reader rd = bytes_reader_of(data, len);
	struct vote v;

	if (r->votes == NULL)
		r->votes = calloc(POLKA_VOTES, sizeof(*r->votes));
	r->load_failed |= r->votes == NULL;
	while (r->votes != NULL && bytes_reader_left(&rd) > 0) {
		vote_get(&rd, &v);
		if (rd.bad)
			return;
		/* Of a later height if the chain lost blocks. */
		if (v.height > ledger_height(r->ledger))
			take(r, &v);
	}
}

void
polka_replay(struct replica *r)
{
	const uint64_t height = ledger_height(r->ledger) + 1;
	struct bft_event ev = {.type = BFT_EV_VOTE};
	size_t later = 0;

	for (size_t i = 0; i < r->nvotes; i++) {
		ev.vote = r->votes[i];
		if (ev.vote.height > height)
			r->votes[later++] = ev.vote;
		else if (ledger_check_vote(r->ledger, &ev.vote) == LEDGER_OK)
			agree_feed(r, &ev);
	}
	r->nvotes = later;
	if (later == 0)
		polka_clear(r);
}

void
polka_clear(struct replica *r)
{
	free(r->votes);
	r->votes = NULL;
	r->nvotes = 0;
}
