#include "consensus/replica/queue.h"

#include <stdlib.h>
#include <string.h>

#include "consensus/replica/agree.h"
#include "consensus/replica/round.h"

/* Room for one more element of size in a growing ring that was unrolled. */
static bool
grow(void **array, size_t *cap, size_t need, size_t size)
{
	size_t ncap = *cap != 0 ? *cap : 64;
	void *p;

	while (ncap < need)
		ncap *= 2;
	if (ncap == *cap)
		return true;
	p = realloc(*array, ncap * size);
	if (p == NULL)
		return false;
	*array = p;
	*cap = ncap;
	return true;
}

struct replica_action *
queue_add(struct replica *r, enum replica_action_type type)
{
	struct replica_action *a;

	if (r->qhead == r->qlen)
		r->qhead = r->qlen = 0;
	if (!grow((void **)&r->queue, &r->qcap, r->qlen + 1,
		sizeof(*r->queue))) {
		r->counts.dropped++;
		return NULL;
	}
	a = &r->queue[r->qlen++];
	*a = (struct replica_action){.type = type};
	return a;
}

void
queue_send(struct replica *r, uint16_t peer, enum replica_class class,
    const struct wire_msg *m)
{
	struct replica_action *a;
	uint8_t *data;
	size_t len;

	if (!r->started || (peer != REPLICA_ALL && !r->peers[peer].up))
		return;
	if (wire_encode(m, &data, &len) < 0) {
		r->counts.dropped++;
		return;
	}
	a = queue_add(r, REPLICA_SEND);
	if (a == NULL) {
		free(data);
		return;
	}
	a->peer = peer;
	a->class = class;
	a->data = data;
	a->len = len;
}

void
queue_notice(struct replica *r, enum replica_action_type type, uint16_t peer,
    const char *text)
{
	struct replica_action *a = queue_add(r, type);

	if (type == REPLICA_HALT)
		r->halted = true;
	if (a == NULL)
		return;
	a->peer = peer;
	a->text = text;
}

/*
 * Takes what *store owns. A store that cannot be queued would break the order
 * on which every later promise rests, so it ends the replica's voting.
 */
uint64_t
queue_store(struct replica *r, const struct replica_action *store,
    const struct replica_pending *wait)
{
	struct replica_action *a = NULL;
	struct replica_action copy = *store;

	if (r->phead == r->plen)
		r->phead = r->plen = 0;
	if (grow((void **)&r->pending, &r->pcap, r->plen + 1,
		sizeof(*r->pending)))
		a = queue_add(r, REPLICA_STORE);
	if (a == NULL) {
		replica_action_close(&copy);
		if (wait != NULL)
			free(wait->attest);
		queue_notice(r, REPLICA_HALT, r->self,
		    "out of memory while queueing a write");
		return 0;
	}
	*a = copy;
	a->type = REPLICA_STORE;
	a->seq = ++r->store_seq;
	r->pending[r->plen] = wait != NULL
	    ? *wait
	    : (struct replica_pending){.wait = WAIT_NOTHING};
	r->pending[r->plen++].seq = a->seq;
	return r->store_seq;
}

void
queue_stored(struct replica *r, uint64_t seq)
{
	struct replica_pending p;

	while (r->phead < r->plen && r->pending[r->phead].seq <= seq) {
		p = r->pending[r->phead++];
		switch (p.wait) {
		case WAIT_NOTHING:
			break;
		case WAIT_BFT:
			agree_persisted(r, p.bft_seq);
			break;
		case WAIT_ANSWER:
			round_answer_stored(r, p.fl_round);
			break;
		case WAIT_ATTEST:
			round_attest_stored(r, p.attest);
			break;
		case WAIT_BLOCK:
			agree_block_stored(r);
			break;
		}
	}
}

bool
replica_next(struct replica *r, struct replica_action *out)
{
	if (r->qhead == r->qlen)
		return false;
	*out = r->queue[r->qhead++];
	return true;
}

void
replica_action_close(struct replica_action *a)
{
	free(a->data);
	free(a->commit);
	a->data = NULL;
	a->commit = NULL;
}
