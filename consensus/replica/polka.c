#include "consensus/replica/polka.h"

#include <stdlib.h>

#include "consensus/bft/quorum.h"
#include "consensus/replica/agree.h"
#include "consensus/replica/queue.h"

#define POLKA_ROUNDS (BFT_MAX_ROUNDS + 1) /* and what led to the last one */

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

/* Where a height had more rounds than there is room for, the newest count. */
static void
take(struct replica *r, const struct vote *v, size_t most)
{
	struct vote *oldest = r->votes;

	if (r->nvotes < most) {
		r->votes[r->nvotes++] = *v;
		return;
	}
	for (size_t i = 1; i < r->nvotes; i++)
		if (r->votes[i].round < oldest->round)
			oldest = &r->votes[i];
	if (oldest->round < v->round)
		*oldest = *v;
}

void
replica_load_votes(struct replica *r, const uint8_t *data, size_t len)
{
	struct bytes_reader rd = bytes_reader_of(data, len);
	const size_t most = (size_t)POLKA_ROUNDS * r->n;
	struct vote v;

	if (r->votes == NULL)
		r->votes = calloc(most, sizeof(*r->votes));
	r->load_failed |= r->votes == NULL;
	while (r->votes != NULL && bytes_reader_left(&rd) > 0) {
		vote_get(&rd, &v);
		if (rd.bad)
			return;
		if (v.height == ledger_height(r->ledger) + 1 &&
		    ledger_check_vote(r->ledger, &v) == LEDGER_OK)
			take(r, &v, most);
	}
}

void
polka_replay(struct replica *r)
{
	struct bft_event ev = {.type = BFT_EV_VOTE};

	for (size_t i = 0; i < r->nvotes; i++) {
		ev.vote = r->votes[i];
		agree_feed(r, &ev);
	}
	polka_clear(r);
}

void
polka_clear(struct replica *r)
{
	free(r->votes);
	r->votes = NULL;
	r->nvotes = 0;
}
