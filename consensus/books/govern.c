#include <assert.h>
#include <string.h>

#include "consensus/books/state.h"
#include "consensus/votes/payload.h"

static struct motion *
find(const struct books *b, uint64_t id)
{
	struct motion *rows = BOOKS_ROWS(struct motion, b->motions);

	return id >= 1 && id <= b->motions.n ? &rows[id - 1] : NULL;
}

/* Who has none open may always have one: a member that takes all the places,
 * again and again, could never be voted out. */
static bool
is_full(const struct books *b, uint16_t proposer)
{
	const struct motion *rows = BOOKS_ROWS(struct motion, b->motions);
	unsigned all = 0, own = 0;

	for (size_t i = 0; i < b->motions.n; i++) {
		if (rows[i].p.state != PROPOSAL_OPEN &&
		    rows[i].p.state != PROPOSAL_QUEUED)
			continue;
		all++;
		own += rows[i].p.proposer == proposer;
	}
	return all >= OPEN_PROPOSALS_MAX && own > 0;
}

/* The rest is the ledger's. */
static bool
carried_out_here(uint8_t kind)
{
	return kind == PROPOSAL_ASSET || kind == PROPOSAL_ETHICS ||
	    kind == PROPOSAL_TREASURY || kind == PROPOSAL_TEXT;
}

/* Checked when it is proposed and again when it takes effect: the state may
 * have moved in between. */
static enum books_verdict
payload_check(const struct books *b, uint8_t kind, const struct payload *x)
{
	if (kind == PROPOSAL_ASSET && !asset_find(b, &x->asset.asset))
		return BOOKS_UNKNOWN;
	if (kind == PROPOSAL_TREASURY && x->spend.amount > b->treasury)
		return BOOKS_FUNDS;
	return BOOKS_OK;
}

static enum books_verdict
check_propose(const struct books *b, const struct step *s)
{
	const struct body_propose *x = &s->u.propose;
	struct payload wish;

	if (member_of(b, &s->t->sender) == NO_MEMBER)
		return BOOKS_NOT_MEMBER;
	if (!proposal_terms(x->kind) || x->title[0] == '\0' ||
	    !payload_get(x->kind, x->payload, x->len, &wish))
		return BOOKS_BODY;
	if (is_full(b, member_of(b, &s->t->sender)))
		return BOOKS_LIMIT;
	return payload_check(b, x->kind, &wish);
}

static void
commit_propose(struct books *b, struct step *s)
{
	struct motion *m = table_insert(&b->motions, b->motions.n);
	const struct body_propose *x = &s->u.propose;

	m->p.id = b->motions.n;
	m->p.kind = x->kind;
	m->p.proposer = member_of(b, &s->t->sender);
	m->p.payload = hash_bytes("qml.payload", x->payload, x->len);
	m->p.nvoters = b->nmembers;
	for (uint16_t i = 0; i < b->nmembers; i++) {
		if (!b->active[i])
			continue;
		m->p.seats[i] = 1;
		m->p.tokens[i] = account_find(b, &b->members[i])->balance;
	}
	memcpy(m->title, x->title, sizeof(m->title));
	m->text = x->text;
	m->payload = s->blob;
	s->blob = NULL;
	if (x->len)
		memcpy(m->payload->data, x->payload, x->len);
	proposal_open(&m->p, &b->terms.calendar, s->height);
}

static enum books_verdict
check_vote(const struct books *b, const struct step *s)
{
	const struct motion *m = find(b, s->u.ballot.proposal);
	uint16_t voter = member_of(b, &s->t->sender);
	struct decision trial;

	if (!m)
		return BOOKS_UNKNOWN;
	if (voter == NO_MEMBER)
		return BOOKS_NOT_MEMBER;
	trial = m->p;
	if (!proposal_vote(&trial, &b->terms.calendar, voter,
		(enum vote_option)s->u.ballot.option, s->height))
		return BOOKS_VOTED;
	/* A vote may be replaced, but not given twice. */
	return m->p.votes[voter] == s->u.ballot.option ? BOOKS_VOTED_SO
						       : BOOKS_OK;
}

static void
commit_vote(struct books *b, struct step *s)
{
	bool ok = proposal_vote(&find(b, s->u.ballot.proposal)->p,
	    &b->terms.calendar, member_of(b, &s->t->sender),
	    (enum vote_option)s->u.ballot.option, s->height);

	assert(ok);
}

/* Room for one more account was made before: see books_end_block. */
static bool
carry_out(struct books *b, const struct motion *m)
{
	const struct note why = {.cause = BOOKS_CAUSE_DECISION,
	    .number = m->p.id};
	struct payload x;

	if (!payload_get(m->p.kind, m->payload->data, m->payload->len, &x) ||
	    payload_check(b, m->p.kind, &x) != BOOKS_OK)
		return false;
	switch (m->p.kind) {
	case PROPOSAL_ASSET:
		asset_find(b, &x.asset.asset)->banned = x.asset.ban;
		break;
	case PROPOSAL_ETHICS:
		b->policy = x.policy;
		break;
	case PROPOSAL_TREASURY:
		treasury_take(b, x.spend.amount, &why);
		account_add(b, account_get(b, &x.spend.to), x.spend.amount,
		    &why);
		break;
	default:
		break;
	}
	return true;
}

int
govern_end_block(struct books *b, uint64_t height)
{
	struct motion *rows = BOOKS_ROWS(struct motion, b->motions);

	for (size_t i = 0; i < b->motions.n; i++) {
		struct motion *m = &rows[i];
		int rc;

		if (!proposal_step(&m->p, &b->terms.calendar, height) ||
		    !carried_out_here(m->p.kind))
			continue;
		rc = table_reserve(&b->accounts);
		if (rc < 0)
			return rc;
		proposal_done(&m->p, carry_out(b, m));
	}
	return 0;
}

struct books_due
books_next_due(const struct books *b, uint64_t height)
{
	const struct motion *rows = BOOKS_ROWS(struct motion, b->motions);

	for (size_t i = 0; i < b->motions.n; i++) {
		const struct motion *m = &rows[i];

		if (m->p.state == PROPOSAL_QUEUED && height >= m->p.eta &&
		    !carried_out_here(m->p.kind))
			return (struct books_due){m->p.id, m->p.kind,
			    m->payload->data, m->payload->len};
	}
	return (struct books_due){0, 0, NULL, 0};
}

void
books_executed(struct books *b, uint64_t proposal, bool ok)
{
	struct motion *m = find(b, proposal);

	assert(m);
	proposal_done(&m->p, ok);
}

const struct kind_row kind_propose = {check_propose, commit_propose};
const struct kind_row kind_vote = {check_vote, commit_vote};
