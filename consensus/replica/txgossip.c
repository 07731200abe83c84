#include "consensus/replica/txgossip.h"

#include <errno.h>

#include "consensus/replica/queue.h"
#include "consensus/replica/round.h"
#include "consensus/replica/sync.h"

#define TXGOSSIP_BYTES (256u << 10) /* to one peer, between two ticks */

int
txgossip_submit(struct replica *r, struct tx *t)
{
	struct wire_msg m = {.type = WIRE_TX};
	int rc = txpool_add(&r->txpool, r->ledger, t);

	m.u.tx = t;
	if (rc == 0)
		queue_send(r, REPLICA_ALL, REPLICA_CLASS_TX, &m);
	tx_unref(t);
	if (rc == 0)
		round_progress(r);
	return rc;
}

/* That it does not apply here says nothing about its sender: the books of
 * another node are a block ahead or behind. */
const char *
txgossip_recv(struct replica *r, struct tx *t)
{
	int rc = 0;

	if (!sync_active(r))
		rc = txpool_add(&r->txpool, r->ledger, t);
	tx_unref(t);
	if (rc == -EBADMSG)
		return "transaction with a bad signature";
	if (rc == 0)
		round_progress(r);
	else
		r->counts.stale++;
	return NULL;
}

void
txgossip_heard(struct replica *r, uint16_t peer, const struct wire_ids *ids)
{
	struct wire_msg m = {.type = WIRE_TX_REQ};

	if (sync_active(r) || r->txpool.nfit == TXPOOL_MAX)
		return;
	for (uint16_t i = 0; i < ids->n; i++)
		if (txpool_find(&r->txpool, &ids->ids[i]) == NULL &&
		    txpool_why(&r->txpool, &ids->ids[i]) == NULL)
			m.u.ids.ids[m.u.ids.n++] = ids->ids[i];
	if (m.u.ids.n > 0)
		queue_send(r, peer, REPLICA_CLASS_TX, &m);
}

/* An id is small and a transaction large, so a peer gets no more than this
 * for its asking; the next announcement begins where this one ended. */
void
txgossip_send(struct replica *r, uint16_t peer, const struct wire_ids *ids)
{
	struct wire_msg m = {.type = WIRE_TX};
	size_t *sent = &r->peers[peer].tx_bytes;

	for (uint16_t i = 0; i < ids->n && *sent < TXGOSSIP_BYTES; i++) {
		m.u.tx = txpool_find(&r->txpool, &ids->ids[i]);
		if (m.u.tx == NULL)
			continue;
		*sent += tx_len(m.u.tx);
		queue_send(r, peer, REPLICA_CLASS_TX, &m);
	}
}

void
txgossip_tick(struct replica *r)
{
	struct wire_msg m = {.type = WIRE_TX_IDS};
	const struct txpool *p = &r->txpool;

	for (uint16_t i = 0; i < r->n; i++)
		r->peers[i].tx_bytes = 0;
	while (m.u.ids.n < VOTE_MAX_VALIDATORS && m.u.ids.n < p->n)
		m.u.ids.ids[m.u.ids.n++] = p->txs[r->tx_at++ % p->n]->id;
	if (m.u.ids.n > 0)
		queue_send(r, REPLICA_ALL, REPLICA_CLASS_TX, &m);
}
