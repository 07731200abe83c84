/*
 * build.c - the proposer's side: is a block due, and which.
 */
#include <errno.h>
#include <stdlib.h>

#include "consensus/ledger/state.h"
#include "consensus/ledger/txs.h"

/* What the attestations at hand would close the round with. */
struct outlook {
	const struct attest *attests[FEDERATION_MAX_MEMBERS];
	struct included set;
	struct answer *answers[INCLUDED_MAX]; /* borrowed */
	const struct hash *missing;           /* an id of the set; NULL: none */
	struct closing close; /* if open && set.quorum && !missing */
	bool closable;
};

static bool
of_open_round(const struct ledger *l, const struct attest *a)
{
	return a->round == l->round.number &&
	    hash_equal(&a->job, &l->round.job);
}

static void
look(const struct ledger *l, const struct ledger_inputs *in,
    struct outlook *out)
{
	*out = (struct outlook){.closable = false};
	if (l->round.finished)
		return;
	for (uint16_t v = 0; v < l->seats->n; v++)
		if (in->attests[v] && of_open_round(l, in->attests[v]))
			out->attests[v] = in->attests[v];
	ledger_included(l, out->attests, &out->set);
	if (!out->set.quorum)
		return;
	for (uint16_t i = 0; i < out->set.n; i++) {
		out->answers[i] = in->find(in->arg, &out->set.id[i]);
		if (!out->answers[i]) {
			out->missing = &out->set.id[i];
			return;
		}
	}
	out->close = closing_of(l, out->answers, out->set.n);
	out->closable = true;
}

static uint64_t
close_time_ms(const struct ledger *l, const struct outlook *o)
{
	uint64_t earliest = closing_earliest_ms(l);

	if (!o->closable || ledger_paused(l))
		return UINT64_MAX;
	return o->close.from_ms > earliest ? o->close.from_ms : earliest;
}

bool
ledger_due(const struct ledger *l, const struct ledger_inputs *in,
    uint64_t *when_ms)
{
	struct outlook o;
	uint64_t beat = closing_heartbeat_ms(l);
	uint64_t earliest = closing_earliest_ms(l);
	uint64_t close;

	look(l, in, &o);
	close = close_time_ms(l, &o);
	*when_ms = close < beat ? close : beat;
	if (*when_ms > earliest && txs_waiting(l, in))
		*when_ms = earliest;
	return in->now_ms >= *when_ms;
}

static int
copy_last_commit(const struct ledger *l, const struct ledger_inputs *in,
    struct block *b)
{
	if (l->height == 0)
		return 0;
	if (!in->last_commit)
		return -EINVAL;
	b->last_commit = malloc(sizeof(*b->last_commit));
	if (!b->last_commit)
		return -ENOMEM;
	*b->last_commit = *in->last_commit;
	return 0;
}

static void
fill_header(const struct ledger *l, const struct ledger_inputs *in,
    struct header *h)
{
	h->app_version = ledger_version(l);
	h->federation = l->fid;
	h->height = l->height + 1;
	h->round = in->round;
	h->time_ms = in->now_ms;
	h->prev = l->head;
	h->history_size = h->height;
	h->history_root = merkle_root(&l->history);
	h->validators = l->validators;
	h->next_validators = l->next_validators;
	h->params = l->params_hash;
	h->fl_round = l->round.number;
	h->proposer = in->proposer;
}

static void
fill_body(struct block *b, const struct outlook *o)
{
	uint16_t n = 0;

	b->header.kind = o->close.kind;
	for (uint16_t v = 0; v < FEDERATION_MAX_MEMBERS; v++)
		if (o->attests[v])
			b->attests[n++] = *o->attests[v];
	for (uint16_t i = 0; i < o->set.n; i++) {
		b->answer_ids[i] = o->set.id[i];
		b->answers[i] = answer_ref(o->answers[i]);
	}
}

/* As many as fit, in order, one of each offence. */
static int
fill_evidence(const struct ledger *l, const struct ledger_inputs *in,
    struct block *b)
{
	struct evidence *list[BLOCK_EVIDENCE_MAX];
	uint16_t n = 0, k;

	for (size_t i = 0; i < in->nevidence && n < BLOCK_EVIDENCE_MAX; i++) {
		struct evidence *e = in->evidence[i];
		bool twice = false;

		for (k = 0; k < n; k++)
			twice |= evidence_compare(list[k], e) == 0;
		/* A key may have been given up twice since it came. */
		if (twice || !ledger_evidence_new(l, e) ||
		    !ledger_evidence_proves(l, e))
			continue;
		for (k = n++; k > 0 && evidence_compare(list[k - 1], e) > 0;
		     k--)
			list[k] = list[k - 1];
		list[k] = e;
	}
	return n > 0 ? block_add_evidence(b, list, n) : 0;
}

/* Results, seals, and then the same check that everybody else will run. */
static int
finish(const struct ledger *l, struct block *b)
{
	struct ledger_memory *mem = l->memory;
	enum ledger_verdict v;
	int rc;

	v = state_compute_next(l, b);
	if (v != LEDGER_OK)
		return v == LEDGER_NO_MEMORY ? -ENOMEM : -EBADMSG;
	b->header.aggregate = mem->aggregate;
	b->header.model = mem->next.base_model;
	b->header.state_root = state_root_next(l);
	rc = block_seal(b);
	if (rc < 0)
		return rc;
	v = ledger_check(l, b);
	if (v == LEDGER_NO_MEMORY)
		return -ENOMEM;
	return v == LEDGER_OK ? 0 : -EBADMSG;
}

/* The transactions that go into it; NULL: memory. */
static struct block *
new_body(const struct outlook *o, bool close, struct tx *const *txs,
    uint16_t ntxs)
{
	struct block *b = close ? block_new(o->set.nattests, o->set.n, ntxs)
				: block_new(0, 0, ntxs);

	for (uint16_t i = 0; b && i < ntxs; i++)
		b->txs[i] = tx_ref(txs[i]);
	if (b && close)
		fill_body(b, o);
	return b;
}

static int
new_block(const struct ledger *l, const struct ledger_inputs *in,
    const struct outlook *o, struct block **out)
{
	bool close = in->now_ms >= close_time_ms(l, o);
	struct tx *txs[BLOCK_TXS_MAX];
	struct block *b;
	uint16_t ntxs;
	int rc = txs_pick(l, in, txs, &ntxs);

	if (rc < 0)
		return rc;
	if (!close && ntxs == 0 && in->now_ms < closing_heartbeat_ms(l))
		return -EAGAIN;
	b = new_body(o, close, txs, ntxs);
	if (!b)
		return -ENOMEM;
	fill_header(l, in, &b->header);
	rc = copy_last_commit(l, in, b);
	if (rc == 0)
		rc = fill_evidence(l, in, b);
	if (rc == 0)
		rc = finish(l, b);
	if (rc < 0) {
		block_free(b);
		return rc;
	}
	*out = b;
	return 0;
}

int
ledger_build(const struct ledger *l, const struct ledger_inputs *in,
    struct block **out, struct hash *missing)
{
	struct outlook o;
	int rc = -EAGAIN;

	if (!ledger_version_known(l) ||
	    in->proposer != ledger_proposer(l, in->round))
		return -EINVAL;
	look(l, in, &o);
	if (in->now_ms >= closing_earliest_ms(l))
		rc = new_block(l, in, &o, out);
	if (rc != -EAGAIN || !o.missing)
		return rc;
	*missing = *o.missing;
	return -ENOENT;
}
