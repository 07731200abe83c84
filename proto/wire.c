#include "proto/wire.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "proto/container.h"
#include "proto/qml.pb-c.h"

/* Which optional field of Peer a type carries. */
enum part {
	PART_STATUS = 1,
	PART_PROPOSAL = 2,
	PART_OBJECT = 4,
	PART_IDS = 8,
	PART_RANGE = 16,
	PART_DECIDED = 32,
	PART_NONCE = 64,
	PART_REASON = 128,
};

struct type_row {
	const char *name;
	unsigned part; /* enum part */
};

static const struct type_row types[] = {
    [WIRE_STATUS] = {"status", PART_STATUS},
    [WIRE_PROPOSAL] = {"proposal", PART_PROPOSAL},
    [WIRE_VOTE] = {"vote", PART_OBJECT},
    [WIRE_ANSWER] = {"answer", PART_OBJECT},
    [WIRE_ATTEST] = {"attest", PART_OBJECT},
    [WIRE_ANSWER_REQ] = {"answer_req", PART_IDS},
    [WIRE_BLOCK_REQ] = {"block_req", PART_RANGE},
    [WIRE_BLOCK] = {"block", PART_DECIDED},
    [WIRE_PING] = {"ping", PART_NONCE},
    [WIRE_PONG] = {"pong", PART_NONCE},
    [WIRE_BYE] = {"bye", PART_REASON},
    [WIRE_TX] = {"tx", PART_OBJECT},
    [WIRE_TX_IDS] = {"tx_ids", PART_IDS},
    [WIRE_TX_REQ] = {"tx_req", PART_IDS},
    [WIRE_EVIDENCE] = {"evidence", PART_OBJECT},
    [WIRE_FOUNDING] = {"founding", PART_OBJECT},
    [WIRE_JOIN] = {"join", PART_OBJECT},
    [WIRE_JOINED] = {"joined", PART_OBJECT},
};

#define NTYPES (sizeof(types) / sizeof(types[0]))

const char *
wire_type_name(enum wire_type t)
{
	if (t < WIRE_STATUS || (size_t)t >= NTYPES)
		return "unknown";
	return types[t].name;
}

/* A message being put together: the container borrows from the writers. */
struct envelope {
	Qml__Peer peer;
	Qml__Status status;
	Qml__Proposal proposal;
	Qml__Range range;
	Qml__Decided decided;
	struct bytes_writer first;
	struct bytes_writer second;
};

static ProtobufCBinaryData
borrow(const void *data, size_t len)
{
	return (ProtobufCBinaryData){.len = len, .data = (uint8_t *)data};
}

static ProtobufCBinaryData
written(const struct bytes_writer *w)
{
	return borrow(w->data, w->len);
}

static void
put_status(struct envelope *e, const struct wire_status *s)
{
	Qml__Status *p = &e->status;

	p->head = s->head;
	p->head_id = borrow(s->head_id.b, HASH_LEN);
	p->height = s->height;
	p->round = s->round;
	p->step = s->step;
	p->has_proposal = s->has_proposal != 0;
	p->prevotes = borrow(s->prevotes, WIRE_BITMAP_LEN);
	p->precommits = borrow(s->precommits, WIRE_BITMAP_LEN);
	p->fl_round = s->fl_round;
	p->answers = borrow(s->answers, WIRE_BITMAP_LEN);
	p->attests = borrow(s->attests, WIRE_BITMAP_LEN);
	p->wall_ms = s->wall_ms;
	p->polka_round = s->polka_round;
	p->polka = borrow(s->polka, WIRE_BITMAP_LEN);
	e->peer.status = p;
}

static void
put_proposal(struct envelope *e, const struct wire_proposal *p)
{
	proposal_put(&e->first, &p->head);
	block_put(&e->second, p->block);
	e->proposal.head = written(&e->first);
	e->proposal.block = written(&e->second);
	e->peer.proposal = &e->proposal;
}

static void
put_object(struct envelope *e, const struct wire_msg *m)
{
	if (m->type == WIRE_VOTE)
		vote_put(&e->first, &m->u.vote);
	else if (m->type == WIRE_ANSWER)
		answer_put(&e->first, m->u.answer);
	else if (m->type == WIRE_TX)
		tx_put(&e->first, m->u.tx);
	else if (m->type == WIRE_EVIDENCE)
		evidence_put(&e->first, m->u.evidence);
	else if (m->type == WIRE_FOUNDING)
		guest_founding_put(&e->first, &m->u.founding);
	else if (m->type == WIRE_JOIN)
		guest_join_put(&e->first, &m->u.join);
	else if (m->type == WIRE_JOINED)
		guest_joined_put(&e->first, &m->u.joined);
	else
		attest_put(&e->first, m->u.attest);
	e->peer.has_object = 1;
	e->peer.object = written(&e->first);
}

static void
put_ids(struct envelope *e, const struct wire_ids *ids)
{
	assert(ids->n <= VOTE_MAX_VALIDATORS);
	e->peer.has_ids = 1;
	e->peer.ids = borrow(ids->ids, ids->n * sizeof(ids->ids[0]));
}

static void
put_range(struct envelope *e, const struct wire_range *range)
{
	assert(range->count >= 1 && range->count <= WIRE_BLOCKS_MAX);
	e->range.from = range->from;
	e->range.count = range->count;
	e->peer.range = &e->range;
}

static void
put_decided(struct envelope *e, const struct wire_decided *d)
{
	block_put_full(&e->first, d->block);
	commit_put(&e->second, &d->commit);
	e->decided.block = written(&e->first);
	e->decided.commit = written(&e->second);
	e->peer.decided = &e->decided;
}

static void
envelope_put(struct envelope *e, const struct wire_msg *m)
{
	switch (m->type) {
	case WIRE_STATUS:
		put_status(e, &m->u.status);
		break;
	case WIRE_PROPOSAL:
		put_proposal(e, &m->u.proposal);
		break;
	case WIRE_VOTE:
	case WIRE_ANSWER:
	case WIRE_ATTEST:
	case WIRE_TX:
	case WIRE_EVIDENCE:
	case WIRE_FOUNDING:
	case WIRE_JOIN:
	case WIRE_JOINED:
		put_object(e, m);
		break;
	case WIRE_ANSWER_REQ:
	case WIRE_TX_IDS:
	case WIRE_TX_REQ:
		put_ids(e, &m->u.ids);
		break;
	case WIRE_BLOCK_REQ:
		put_range(e, &m->u.range);
		break;
	case WIRE_BLOCK:
		put_decided(e, &m->u.decided);
		break;
	case WIRE_PING:
	case WIRE_PONG:
		e->peer.has_nonce = 1;
		e->peer.nonce = m->u.nonce;
		break;
	case WIRE_BYE:
		e->peer.has_reason = 1;
		e->peer.reason = m->u.reason;
		break;
	}
}

int
wire_encode(const struct wire_msg *m, uint8_t **data, size_t *len)
{
	struct envelope e = {
	    .peer = QML__PEER__INIT,
	    .status = QML__STATUS__INIT,
	    .proposal = QML__PROPOSAL__INIT,
	    .range = QML__RANGE__INIT,
	    .decided = QML__DECIDED__INIT,
	};
	int rc;

	e.peer.type = m->type;
	envelope_put(&e, m);
	rc = e.first.error != 0 ? e.first.error : e.second.error;
	if (rc == 0)
		rc = container_pack(&e.peer.base, WIRE_MSG_MAX, data, len);
	bytes_writer_close(&e.first);
	bytes_writer_close(&e.second);
	return rc;
}

static bool
take(ProtobufCBinaryData from, void *to, size_t len)
{
	if (from.len != len)
		return false;
	memcpy(to, from.data, len);
	return true;
}

/* A bitmap has no bits beyond the last validator. */
static bool
take_bitmap(ProtobufCBinaryData from, uint8_t *to)
{
	unsigned spare = 8 * WIRE_BITMAP_LEN - VOTE_MAX_VALIDATORS;

	return take(from, to, WIRE_BITMAP_LEN) &&
	    to[WIRE_BITMAP_LEN - 1] >> (8 - spare) == 0;
}

static struct bytes_reader
reader_of(ProtobufCBinaryData b)
{
	return bytes_reader_of(b.data, b.len);
}

static enum wire_verdict
reader_verdict(const struct bytes_reader *r)
{
	if (bytes_reader_done(r))
		return WIRE_OK;
	return r->nomem ? WIRE_NO_MEMORY : WIRE_MALFORMED;
}

static enum wire_verdict
get_status(const Qml__Status *p, struct wire_status *out)
{
	if (!take(p->head_id, out->head_id.b, HASH_LEN) ||
	    !take_bitmap(p->prevotes, out->prevotes) ||
	    !take_bitmap(p->precommits, out->precommits) ||
	    !take_bitmap(p->answers, out->answers) ||
	    !take_bitmap(p->attests, out->attests) ||
	    !take_bitmap(p->polka, out->polka) ||
	    p->polka_round < VOTE_NO_ROUND || p->round < VOTE_NO_ROUND ||
	    p->step > UINT8_MAX)
		return WIRE_MALFORMED;
	out->head = p->head;
	out->height = p->height;
	out->round = p->round;
	out->step = (uint8_t)p->step;
	out->has_proposal = p->has_proposal ? 1 : 0;
	out->fl_round = p->fl_round;
	out->wall_ms = p->wall_ms;
	out->polka_round = p->polka_round;
	return WIRE_OK;
}

static enum wire_verdict
get_proposal(const Qml__Proposal *p, struct wire_proposal *out)
{
	struct bytes_reader r = reader_of(p->head);

	proposal_get(&r, &out->head);
	if (!bytes_reader_done(&r))
		return WIRE_MALFORMED;
	r = reader_of(p->block);
	out->block = block_get(&r);
	return reader_verdict(&r);
}

static enum wire_verdict
get_object(const Qml__Peer *p, uint32_t dim_max, struct wire_msg *out)
{
	struct bytes_reader r = reader_of(p->object);

	if (out->type == WIRE_VOTE) {
		vote_get(&r, &out->u.vote);
	} else if (out->type == WIRE_ANSWER) {
		out->u.answer = answer_get(&r, dim_max);
	} else if (out->type == WIRE_TX) {
		out->u.tx = tx_get(&r);
	} else if (out->type == WIRE_EVIDENCE) {
		out->u.evidence = evidence_get(&r);
	} else if (out->type == WIRE_FOUNDING) {
		guest_founding_get(&r, &out->u.founding);
	} else if (out->type == WIRE_JOIN) {
		guest_join_get(&r, &out->u.join);
	} else if (out->type == WIRE_JOINED) {
		guest_joined_get(&r, &out->u.joined);
	} else {
		out->u.attest = calloc(1, sizeof(*out->u.attest));
		if (out->u.attest == NULL)
			return WIRE_NO_MEMORY;
		attest_get(&r, out->u.attest);
	}
	return reader_verdict(&r);
}

static enum wire_verdict
get_ids(const Qml__Peer *p, struct wire_ids *out)
{
	size_t n = p->ids.len / HASH_LEN;

	if (n > VOTE_MAX_VALIDATORS)
		return WIRE_MALFORMED;
	out->n = (uint16_t)n;
	if (n > 0 && !take(p->ids, out->ids, n * HASH_LEN))
		return WIRE_MALFORMED;
	return p->ids.len % HASH_LEN == 0 ? WIRE_OK : WIRE_MALFORMED;
}

static enum wire_verdict
get_range(const Qml__Range *p, struct wire_range *out)
{
	if (p->count < 1 || p->count > WIRE_BLOCKS_MAX)
		return WIRE_MALFORMED;
	out->from = p->from;
	out->count = (uint16_t)p->count;
	return WIRE_OK;
}

static enum wire_verdict
get_decided(const Qml__Decided *p, uint32_t dim_max, struct wire_decided *out)
{
	struct bytes_reader r = reader_of(p->commit);

	commit_get(&r, &out->commit);
	if (!bytes_reader_done(&r))
		return WIRE_MALFORMED;
	r = reader_of(p->block);
	out->block = block_get_full(&r, dim_max);
	return reader_verdict(&r);
}

static unsigned
parts_of(const Qml__Peer *p)
{
	return (p->status != NULL ? PART_STATUS : 0u) |
	    (p->proposal != NULL ? PART_PROPOSAL : 0u) |
	    (p->has_object ? PART_OBJECT : 0u) | (p->has_ids ? PART_IDS : 0u) |
	    (p->range != NULL ? PART_RANGE : 0u) |
	    (p->decided != NULL ? PART_DECIDED : 0u) |
	    (p->has_nonce ? PART_NONCE : 0u) |
	    (p->has_reason ? PART_REASON : 0u);
}

static enum wire_verdict
peer_get(const Qml__Peer *p, uint32_t dim_max, struct wire_msg *out)
{
	out->type = (enum wire_type)p->type;
	switch (out->type) {
	case WIRE_STATUS:
		return get_status(p->status, &out->u.status);
	case WIRE_PROPOSAL:
		return get_proposal(p->proposal, &out->u.proposal);
	case WIRE_VOTE:
	case WIRE_ANSWER:
	case WIRE_ATTEST:
	case WIRE_TX:
	case WIRE_EVIDENCE:
	case WIRE_FOUNDING:
	case WIRE_JOIN:
	case WIRE_JOINED:
		return get_object(p, dim_max, out);
	case WIRE_ANSWER_REQ:
	case WIRE_TX_IDS:
	case WIRE_TX_REQ:
		return get_ids(p, &out->u.ids);
	case WIRE_BLOCK_REQ:
		return get_range(p->range, &out->u.range);
	case WIRE_BLOCK:
		return get_decided(p->decided, dim_max, &out->u.decided);
	case WIRE_PING:
	case WIRE_PONG:
		out->u.nonce = p->nonce;
		return WIRE_OK;
	case WIRE_BYE:
		out->u.reason = p->reason;
		return WIRE_OK;
	}
	return WIRE_UNKNOWN_TYPE;
}

/* Whatever has an owner lies in front of the large arrays, which the fields
 * beside them say the use of: zeroing those took longer than most messages. */
#define WIRE_OWNED 256

_Static_assert(offsetof(struct wire_msg, u.proposal.block) < WIRE_OWNED &&
	offsetof(struct wire_msg, u.founding.data) < WIRE_OWNED &&
	offsetof(struct wire_msg, u.decided.block) < WIRE_OWNED &&
	offsetof(struct wire_msg, u.ids.n) < WIRE_OWNED,
    "a pointer behind what is zeroed");

enum wire_verdict
wire_decode(const uint8_t *data, size_t len, uint32_t dim_max,
    struct wire_msg *out)
{
	struct ProtobufCMessage *m = NULL;
	const Qml__Peer *p;
	enum wire_verdict v;

	memset(out, 0, WIRE_OWNED);
	if (len > WIRE_MSG_MAX)
		return WIRE_TOO_LARGE;
	v = container_unpack(&qml__peer__descriptor, data, len, &m);
	if (v != WIRE_OK)
		return v;
	p = (const Qml__Peer *)(void *)m;
	if (p->type >= NTYPES)
		v = WIRE_UNKNOWN_TYPE;
	else if (p->type == 0 || parts_of(p) != types[p->type].part)
		v = WIRE_MALFORMED;
	else
		v = container_exact(m, data, len);
	if (v == WIRE_OK)
		v = peer_get(p, dim_max, out);
	if (v != WIRE_OK)
		wire_msg_close(out);
	container_free(m);
	return v;
}

void
wire_msg_close(struct wire_msg *m)
{
	if (m->type == WIRE_PROPOSAL)
		block_free(m->u.proposal.block);
	else if (m->type == WIRE_ANSWER)
		answer_unref(m->u.answer);
	else if (m->type == WIRE_TX)
		tx_unref(m->u.tx);
	else if (m->type == WIRE_EVIDENCE)
		evidence_unref(m->u.evidence);
	else if (m->type == WIRE_FOUNDING)
		guest_founding_close(&m->u.founding);
	else if (m->type == WIRE_ATTEST)
		free(m->u.attest);
	else if (m->type == WIRE_BLOCK)
		block_free(m->u.decided.block);
	memset(m, 0, WIRE_OWNED);
}
