#include "consensus/replica/passage.h"

#include "consensus/replica/queue.h"

void
passage_keep(struct replica *r)
{
	struct replica_action store = {.store = REPLICA_STORE_PASSAGE};
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct vote v[BFT_MAX_VALIDATORS];
	uint16_t n;

	if (r->bft.round <= 0 ||
	    (r->passage_height == r->bft.height &&
		r->passage_round >= r->bft.round))
		return;
	/* None: they were lost before this was kept. */
	n = bft_passage(&r->bft, v);
	if (n == 0)
		return;
	for (uint16_t i = 0; i < n; i++)
		vote_put(&w, &v[i]);
	if (bytes_writer_take(&w, &store.data, &store.len) < 0) {
		queue_notice(r, REPLICA_HALT, r->self,
		    "out of memory while writing the votes behind a round");
		return;
	}
	store.id = hash_bytes("qml.passage", store.data, store.len);
	r->passage_height = r->bft.height;
	r->passage_round = r->bft.round;
	(void)queue_store(r, &store, NULL);
}

void
passage_show(struct replica *r, uint16_t peer, int32_t round)
{
	struct wire_msg m = {.type = WIRE_VOTE};
	struct vote v[BFT_MAX_VALIDATORS];
	const uint16_t n = bft_passage(&r->bft, v);

	for (uint16_t i = 0; i < n; i++) {
		/* Of its own round it says which ones it has. */
		if ((int64_t)v[i].round == round)
			continue;
		m.u.vote = v[i];
		queue_send(r, peer, REPLICA_CLASS_VOTE, &m);
	}
}
