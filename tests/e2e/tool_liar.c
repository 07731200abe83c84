/*
 * tool_liar.c - qmlnode with a liar between it and its links.
 *
 * The daemon's own modules, linked with some calls wrapped: it has a real key
 * and makes the real handshake, and what it sends is changed on its way out,
 * differently for each receiver. LIAR in the environment lists the ways:
 * votes, proposals, aggregate, answers, attests (two stories, each signed),
 * forge (in others' names), replay, flood, half (cut records), or all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/cli.h"
#include "daemon/node/node.h"
#include "proto/sign.h"
#include "proto/wire.h"

#define REPLAYS 64

static struct {
	const struct node_options *opt;
	const char *ways;
	uint64_t turn;
	struct {
		enum link_class cls;
		uint8_t *data;
		size_t len;
	} past[REPLAYS];
} liar;

void __real_peers_send(struct peers *p, uint16_t i, enum link_class cls,
    uint8_t *data, size_t len);
void __real_peers_broadcast(struct peers *p, enum link_class cls, uint8_t *data,
    size_t len);
void __real_stream_send(struct stream *s, const uint8_t *buf, size_t len);
int __real_node_run(const struct node_options *opt);
void __wrap_peers_send(struct peers *p, uint16_t i, enum link_class cls,
    uint8_t *data, size_t len);
void __wrap_peers_broadcast(struct peers *p, enum link_class cls, uint8_t *data,
    size_t len);
void __wrap_stream_send(struct stream *s, const uint8_t *buf, size_t len);
int __wrap_node_run(const struct node_options *opt);
int __real_replica_new(const struct replica_config *cfg, struct replica **out);
int __wrap_replica_new(const struct replica_config *cfg, struct replica **out);

static bool
does(const char *way)
{
	return liar.ways != NULL &&
	    (strcmp(liar.ways, "all") == 0 || strstr(liar.ways, way) != NULL);
}

/* One of n, the same in every run. */
static bool
now_and_then(uint64_t n)
{
	return ++liar.turn * UINT64_C(0x9e3779b97f4a7c15) >> 33 <
	    (1u << 31) / n;
}

static void
send_one(struct peers *p, uint16_t to, enum link_class cls,
    const struct wire_msg *m)
{
	uint8_t *data;
	size_t len;

	if (wire_encode(m, &data, &len) == 0)
		__real_peers_send(p, to, cls, data, len);
}

/* Half of the members hear one story, half the other; some hear both, for
 * where nobody does there is nothing to see. */
static void
two_stories(struct peers *p, enum link_class cls, const struct wire_msg *a,
    const struct wire_msg *b)
{
	const bool both = now_and_then(2);

	for (uint16_t i = 0; i < liar.opt->federation->nmembers; i++) {
		if (i == liar.opt->self)
			continue;
		send_one(p, i, cls, i % 2 == 0 ? a : b);
		if (both)
			send_one(p, i, cls, i % 2 == 0 ? b : a);
	}
}

static bool
lie_vote(struct peers *p, const struct wire_msg *m)
{
	struct wire_msg other = *m;

	if (!does("votes") || !now_and_then(2))
		return false;
	other.u.vote.block.b[5] ^= 1;
	vote_sign(&other.u.vote, liar.opt->key, &liar.opt->id);
	two_stories(p, LINK_VOTE, m, &other);
	return true;
}

/* The same block with an aggregate that is off, well sealed and signed; to
 * all, or to half of them. */
static bool
lie_proposal(struct peers *p, struct wire_msg *m)
{
	struct wire_msg truth = *m, other = *m;
	const struct header kept = m->u.proposal.block->header;
	struct block *b = m->u.proposal.block;
	const struct hash id = b->id;
	uint8_t *data = NULL;
	size_t len = 0;

	if (!(does("aggregate") || does("proposals")) || !now_and_then(2))
		return false;
	if (wire_encode(&truth, &data, &len) < 0)
		return false;
	b->header.aggregate.b[0] ^= 1;
	b->header.model.b[0] ^= 1;
	b->header.state_root.b[0] ^= 1;
	b->id = header_id(&b->header);
	other.u.proposal.head.block = b->id;
	proposal_sign(&other.u.proposal.head, liar.opt->key, &liar.opt->id);
	for (uint16_t i = 0; i < liar.opt->federation->nmembers; i++) {
		uint8_t *copy;

		if (i == liar.opt->self)
			continue;
		if (does("aggregate") || i % 2 == 0) {
			send_one(p, i, LINK_VOTE, &other);
			continue;
		}
		copy = malloc(len);
		if (copy != NULL)
			memcpy(copy, data, len);
		if (copy != NULL)
			__real_peers_send(p, i, LINK_VOTE, copy, len);
	}
	b->header = kept;
	b->id = id;
	free(data);
	return true;
}

static bool
lie_answer(struct peers *p, struct wire_msg *m)
{
	struct wire_msg other = {.type = WIRE_ANSWER};

	if (!does("answers") || !now_and_then(2))
		return false;
	other.u.answer = answer_copy(m->u.answer);
	if (other.u.answer == NULL)
		return false;
	other.u.answer->loss_after_q24++;
	answer_sign(other.u.answer, liar.opt->key, &liar.opt->id);
	two_stories(p, LINK_DATA, m, &other);
	answer_unref(other.u.answer);
	return true;
}

static bool
lie_attest(struct peers *p, struct wire_msg *m)
{
	struct wire_msg other = {.type = WIRE_ATTEST};
	struct attest a = *m->u.attest;

	if (!does("attests") || a.nheld < 2 || !now_and_then(2))
		return false;
	a.nheld--;
	attest_sign(&a, liar.opt->key, &liar.opt->id);
	other.u.attest = &a;
	two_stories(p, LINK_DATA, m, &other);
	return true;
}

/* A vote in the name of each other member, with our signature. */
static void
forge(struct peers *p, const struct vote *v)
{
	struct wire_msg m = {.type = WIRE_VOTE};

	for (uint16_t i = 0; i < liar.opt->federation->nmembers; i++) {
		if (i == liar.opt->self)
			continue;
		m.u.vote = *v;
		m.u.vote.validator = i;
		m.u.vote.block.b[3] ^= 1;
		vote_sign(&m.u.vote, liar.opt->key, &liar.opt->id);
		for (uint16_t to = 0; to < liar.opt->federation->nmembers; to++)
			if (to != liar.opt->self)
				send_one(p, to, LINK_VOTE, &m);
	}
}

/* All of it is well formed, and most is well signed. */
static void
flood(struct peers *p)
{
	struct wire_msg vote = {.type = WIRE_VOTE};
	struct wire_msg blocks = {.type = WIRE_BLOCK_REQ};
	struct wire_msg ids = {.type = WIRE_ANSWER_REQ};
	struct wire_msg status = {.type = WIRE_STATUS};

	blocks.u.range.from = 1;
	blocks.u.range.count = WIRE_BLOCKS_MAX;
	ids.u.ids.n = 64;
	status.u.status.polka_round = status.u.status.round = VOTE_NO_ROUND;
	for (unsigned k = 0; k < 100; k++) {
		uint16_t to = (uint16_t)(k % liar.opt->federation->nmembers);

		if (to == liar.opt->self)
			continue;
		vote.u.vote = (struct vote){.type = VOTE_PREVOTE,
		    .height = liar.turn % 64 + 1,
		    .round = k,
		    .validator = liar.opt->self};
		vote_sign(&vote.u.vote, liar.opt->key, &liar.opt->id);
		send_one(p, to, LINK_VOTE, &vote);
		send_one(p, to, LINK_SYNC, &blocks);
		send_one(p, to, LINK_DATA, &ids);
		send_one(p, to, LINK_STATUS, &status);
	}
}

static void
replay(struct peers *p)
{
	for (unsigned k = 0; k < REPLAYS; k++) {
		uint8_t *copy;

		if (liar.past[k].data == NULL)
			continue;
		copy = malloc(liar.past[k].len);
		if (copy == NULL)
			continue;
		memcpy(copy, liar.past[k].data, liar.past[k].len);
		__real_peers_broadcast(p, liar.past[k].cls, copy,
		    liar.past[k].len);
	}
}

static void
remember(enum link_class cls, const uint8_t *data, size_t len)
{
	unsigned k = (unsigned)(liar.turn++ % REPLAYS);

	free(liar.past[k].data);
	liar.past[k].data = malloc(len);
	if (liar.past[k].data == NULL)
		return;
	memcpy(liar.past[k].data, data, len);
	liar.past[k].cls = cls;
	liar.past[k].len = len;
}

/* True: the receivers have been told something else. */
static bool
lie(struct peers *p, struct wire_msg *m)
{
	const uint16_t self = liar.opt->self;

	if (m->type == WIRE_VOTE && does("forge") && now_and_then(20))
		forge(p, &m->u.vote);
	if (m->type == WIRE_STATUS && does("flood") && now_and_then(2))
		flood(p);
	if (m->type == WIRE_STATUS && does("replay"))
		replay(p);
	if (m->type == WIRE_VOTE && m->u.vote.validator == self)
		return lie_vote(p, m);
	if (m->type == WIRE_PROPOSAL && m->u.proposal.head.proposer == self)
		return lie_proposal(p, m);
	if (m->type == WIRE_ANSWER && m->u.answer->member == self)
		return lie_answer(p, m);
	if (m->type == WIRE_ATTEST && m->u.attest->validator == self)
		return lie_attest(p, m);
	return false;
}

void
__wrap_peers_broadcast(struct peers *p, enum link_class cls, uint8_t *data,
    size_t len)
{
	struct wire_msg m;
	bool lied;

	if (wire_decode(data, len, ANSWER_DIM_MAX, &m) != WIRE_OK) {
		__real_peers_broadcast(p, cls, data, len);
		return;
	}
	remember(cls, data, len);
	lied = lie(p, &m);
	wire_msg_close(&m);
	if (lied)
		free(data);
	else
		__real_peers_broadcast(p, cls, data, len);
}

/* Repairs would tell everybody the same in the end. */
void
__wrap_peers_send(struct peers *p, uint16_t i, enum link_class cls,
    uint8_t *data, size_t len)
{
	if (does("replay"))
		remember(cls, data, len);
	__real_peers_send(p, i, cls, data, len);
}

/* A record that is cut, and the next one behind it. */
void
__wrap_stream_send(struct stream *s, const uint8_t *buf, size_t len)
{
	if (does("half") && len > 200 && now_and_then(50))
		len /= 2;
	__real_stream_send(s, buf, len);
}

int
__wrap_node_run(const struct node_options *opt)
{
	static struct node_options mine;

	mine = *opt;
	if (federation_id(opt->federation, &mine.id) < 0)
		return 1;
	liar.opt = &mine; /* id: the federation's here, for signatures */
	liar.ways = getenv("LIAR");
	fprintf(stderr, "tool_liar: %s\n",
	    liar.ways != NULL ? liar.ways : "honest");
	return __real_node_run(opt);
}

/* Its other story comes back to it by way of the others: an honest node would
 * take its key for stolen, and fall silent. */
int
__wrap_replica_new(const struct replica_config *cfg, struct replica **out)
{
	struct replica_config mine = *cfg;

	mine.reckless = true;
	return __real_replica_new(&mine, out);
}

int
main(int argc, char **argv)
{
	if (sign_setup() != 0)
		return 1;
	return cli_dispatch(&cli_qmlnode, argc, argv);
}
