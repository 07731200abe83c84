#include "consensus/books/books.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/books/state.h"

static bool
shares_valid(const struct books_shares *s)
{
	return (uint64_t)s->contributors + s->signers + s->assets +
	    s->treasury ==
	    BALLOTS_PPM;
}

static void
tables_open(struct books *b)
{
	b->accounts.size = sizeof(struct account);
	b->assets.size = sizeof(struct asset);
	b->orders.size = sizeof(struct order);
	b->motions.size = sizeof(struct motion);
	b->tokens.size = sizeof(struct token);
	b->credentials.size = sizeof(struct credential);
	b->valuations.size = sizeof(struct valuation);
	b->uses.size = sizeof(struct use);
	b->promises.size = sizeof(struct promise);
}

int
books_new(const struct books_terms *terms, const struct books_founder *founders,
    uint16_t n, struct books **out)
{
	struct books *b;

	if (!shares_valid(&terms->shares) || terms->half_life == 0 ||
	    n > BOOKS_MEMBERS_MAX || terms->opening > terms->cap / (n + 1u))
		return -EINVAL;
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->terms = *terms;
	tables_open(b);
	b->memory = calloc(1, sizeof(*b->memory));
	if (!b->memory) {
		free(b);
		return -ENOMEM;
	}
	for (uint16_t i = 0; i < n; i++) {
		struct account *a;

		if (table_reserve(&b->accounts) < 0) {
			books_free(b);
			return -ENOMEM;
		}
		b->members[i] = founders[i].key;
		b->active[i] = true;
		a = account_get(b, &founders[i].key);
		a->balance = terms->opening;
		a->member = i;
		memcpy(a->name, founders[i].name, sizeof(a->name));
	}
	b->nmembers = n;
	b->minted = terms->opening * n;
	*out = b;
	return 0;
}

static int
table_clone(const struct table *from, struct table *to)
{
	*to = *from;
	/* Room for one more, which table_insert clears. */
	to->rows = calloc(from->n + 1, from->size);
	if (!to->rows)
		return -ENOMEM;
	if (from->n)
		memcpy(to->rows, from->rows, from->n * from->size);
	to->cap = from->n + 1;
	return 0;
}

/* All rows' blobs get one reference more, or one less. */
static void
blobs_each(struct books *b, bool more)
{
	struct order *orders = BOOKS_ROWS(struct order, b->orders);
	struct motion *motions = BOOKS_ROWS(struct motion, b->motions);
	struct valuation *open = BOOKS_ROWS(struct valuation, b->valuations);

	for (size_t i = 0; i < b->orders.n; i++)
		more ? (void)blob_ref(orders[i].job)
		     : blob_unref(orders[i].job);
	for (size_t i = 0; i < b->motions.n; i++)
		more ? (void)blob_ref(motions[i].payload)
		     : blob_unref(motions[i].payload);
	for (size_t i = 0; i < b->valuations.n; i++)
		for (uint16_t k = 0; k < b->nmembers; k++)
			more ? (void)blob_ref(open[i].said[k])
			     : blob_unref(open[i].said[k]);
}

static void
tables_free(struct books *b)
{
	free(b->accounts.rows);
	free(b->assets.rows);
	free(b->orders.rows);
	free(b->motions.rows);
	free(b->tokens.rows);
	free(b->credentials.rows);
	free(b->valuations.rows);
	free(b->uses.rows);
	free(b->promises.rows);
	free(b->memory);
	free(b);
}

int
books_clone(const struct books *from, struct books **out)
{
	struct books *b = malloc(sizeof(*b));
	int rc;

	if (!b)
		return -ENOMEM;
	*b = *from;
	b->accounts.rows = b->assets.rows = b->orders.rows = NULL;
	b->motions.rows = b->tokens.rows = b->credentials.rows = NULL;
	b->valuations.rows = b->uses.rows = b->promises.rows = NULL;
	b->memory = calloc(1, sizeof(*b->memory));
	rc = b->memory ? 0 : -ENOMEM;
	if (rc == 0)
		rc = table_clone(&from->accounts, &b->accounts);
	if (rc == 0)
		rc = table_clone(&from->assets, &b->assets);
	if (rc == 0)
		rc = table_clone(&from->orders, &b->orders);
	if (rc == 0)
		rc = table_clone(&from->motions, &b->motions);
	if (rc == 0)
		rc = table_clone(&from->tokens, &b->tokens);
	if (rc == 0)
		rc = table_clone(&from->credentials, &b->credentials);
	if (rc == 0)
		rc = table_clone(&from->valuations, &b->valuations);
	if (rc == 0)
		rc = table_clone(&from->uses, &b->uses);
	if (rc == 0)
		rc = table_clone(&from->promises, &b->promises);
	if (rc < 0) {
		tables_free(b);
		return rc;
	}
	*b->memory = *from->memory;
	blobs_each(b, true);
	*out = b;
	return 0;
}

const struct rdp_table *
step_cost(const struct books *b, const struct rdp_step *step)
{
	struct books_memory *m = b->memory;

	if (m->step.q_ppb != step->q_ppb ||
	    m->step.sigma_milli != step->sigma_milli) {
		rdp_step_cost(step, &m->cost);
		m->step = *step;
	}
	return &m->cost;
}

void
books_free(struct books *b)
{
	if (!b)
		return;
	blobs_each(b, false);
	tables_free(b);
}

static enum books_verdict
check_promise(const struct books *b, const struct step *s)
{
	const struct body_commit *x = &s->u.commit;
	uint16_t member = member_of(b, &s->t->sender);

	if (member == NO_MEMBER)
		return BOOKS_NOT_MEMBER;
	/* The second word is not heard: who could choose would copy. */
	if (books_promise(b, member, &x->job, x->round))
		return BOOKS_EXISTS;
	return b->promises.n < BOOKS_MEMBERS_MAX ? BOOKS_OK : BOOKS_LIMIT;
}

static void
commit_promise(struct books *b, struct step *s)
{
	struct promise *p = table_insert(&b->promises, b->promises.n);

	*p = (struct promise){s->u.commit.job, s->u.commit.round,
	    member_of(b, &s->t->sender), s->u.commit.commit, s->height};
}

const struct kind_row kind_commit = {check_promise, commit_promise};

const struct hash *
books_promise(const struct books *b, uint16_t member, const struct hash *job,
    uint64_t round)
{
	const struct promise *p = BOOKS_ROWS(struct promise, b->promises);

	for (size_t i = 0; i < b->promises.n; i++)
		if (p[i].member == member && p[i].round == round &&
		    hash_equal(&p[i].job, job))
			return &p[i].commit;
	return NULL;
}

static const struct kind_row *
kind_of(uint8_t kind)
{
	static const struct kind_row *const rows[TX_KINDS] = {
	    [TX_TRANSFER] = &kind_transfer,
	    [TX_ASSET_REGISTER] = &kind_asset_register,
	    [TX_ASSET_WITHDRAW] = &kind_asset_withdraw,
	    [TX_ASSET_ERASED] = &kind_asset_erased,
	    [TX_ORDER] = &kind_order,
	    [TX_ORDER_ACCEPT] = &kind_order_accept,
	    [TX_ORDER_CANCEL] = &kind_order_cancel,
	    [TX_COMMIT] = &kind_commit,
	    [TX_WORTH] = &kind_worth,
	    [TX_PROPOSE] = &kind_propose,
	    [TX_VOTE] = &kind_vote,
	    [TX_MODEL_TRANSFER] = &kind_model_transfer,
	    [TX_MODEL_APPROVE] = &kind_model_approve,
	    [TX_MODEL_LEASE] = &kind_model_lease,
	    [TX_CREDENTIAL] = &kind_credential,
	    [TX_REVOKE] = &kind_revoke,
	    [TX_SHARD] = &kind_shard,
	};

	return kind < TX_KINDS ? rows[kind] : NULL;
}

/* The body by its kind; false: malformed. */
static bool
step_open(struct step *s, const struct tx *t, uint64_t height)
{
	struct bytes_reader r = bytes_reader_of(t->body, t->len);

	*s = (struct step){.t = t, .height = height};
	switch (t->kind) {
	case TX_TRANSFER:
		body_transfer_get(&r, &s->u.transfer);
		break;
	case TX_ASSET_REGISTER:
		body_asset_get(&r, &s->u.asset);
		break;
	case TX_ORDER:
		body_order_get(&r, &s->u.order);
		break;
	case TX_COMMIT:
		body_commit_get(&r, &s->u.commit);
		break;
	case TX_WORTH:
		body_worth_get(&r, &s->u.worth);
		break;
	case TX_PROPOSE:
		body_propose_get(&r, &s->u.propose);
		break;
	case TX_VOTE:
		body_ballot_get(&r, &s->u.ballot);
		break;
	case TX_MODEL_TRANSFER:
	case TX_MODEL_APPROVE:
	case TX_MODEL_LEASE:
		body_model_get(&r, &s->u.model);
		break;
	case TX_SHARD:
		body_shard_get(&r, &s->u.shard);
		break;
	case TX_CREDENTIAL:
		body_credential_get(&r, &s->u.credential);
		break;
	default:
		body_ref_get(&r, &s->u.ref);
		break;
	}
	return bytes_reader_done(&r);
}

static enum books_verdict
check_step(const struct books *b, struct step *s)
{
	const struct tx *t = s->t;
	const struct account *from = account_find(b, &t->sender);
	enum books_verdict v = BOOKS_OK;

	if (s->height > t->expires)
		return BOOKS_EXPIRED;
	if (!from)
		return BOOKS_NOBODY;
	if (t->nonce != (tx_is_duty(t->kind) ? 0 : from->nonce))
		return BOOKS_NONCE;
	if (t->fee < b->terms.fee && !tx_is_duty(t->kind))
		return BOOKS_FEE;
	if (t->fee > from->balance)
		return BOOKS_FUNDS;
	if (t->kind == TX_ORDER)
		v = order_read(b, s);
	return v == BOOKS_OK ? kind_of(t->kind)->check(b, s) : v;
}

enum books_verdict
books_check(const struct books *b, const struct tx *t, uint64_t height)
{
	struct step s;

	if (!kind_of(t->kind) || !step_open(&s, t, height))
		return BOOKS_BODY;
	return check_step(b, &s);
}

/* Room for whatever one transaction may add, so that commits cannot fail. */
static int
reserve(struct books *b, struct step *s)
{
	uint32_t keep = 0;
	int rc = table_reserve(&b->accounts);

	/* A lease may pay several who had no account, at most its own two:
	 * members always have one. */
	if (rc == 0)
		rc = table_reserve(&b->assets);
	if (rc == 0)
		rc = table_reserve(&b->orders);
	if (rc == 0)
		rc = table_reserve(&b->motions);
	if (rc == 0)
		rc = table_reserve(&b->credentials);
	if (rc == 0)
		rc = table_reserve(&b->promises);
	if (rc < 0)
		return rc;
	if (s->t->kind == TX_ORDER)
		keep = s->u.order.job_len;
	else if (s->t->kind == TX_PROPOSE)
		keep = s->u.propose.len;
	else if (s->t->kind == TX_WORTH)
		keep = 8u * s->u.worth.n;
	else
		return 0;
	s->blob = blob_new(keep);
	return s->blob ? 0 : -ENOMEM;
}

int
books_apply(struct books *b, const struct tx *t, uint64_t height)
{
	const struct note why = {.cause = BOOKS_CAUSE_FEE};
	struct account *from;
	enum books_verdict v;
	struct step s;
	int rc;

	if (!kind_of(t->kind) || !step_open(&s, t, height))
		return BOOKS_BODY;
	v = check_step(b, &s);
	if (v != BOOKS_OK)
		return v == BOOKS_NO_MEMORY ? -ENOMEM : (int)v;
	rc = reserve(b, &s);
	if (rc < 0)
		return rc;
	/* The fee first: what a kind takes was checked against the rest. */
	from = account_find(b, &t->sender);
	from->nonce += !tx_is_duty(t->kind);
	b->memory->tx = t->id;
	account_take(b, from, t->fee, &why);
	b->burned += t->fee / 2;
	treasury_add(b, t->fee - t->fee / 2, &why);
	kind_of(t->kind)->commit(b, &s);
	b->memory->tx = (struct hash){{0}};
	blob_unref(s.blob);
	return BOOKS_OK;
}

void
books_bind(struct books *b, const void *job_arg)
{
	b->terms.job_arg = job_arg;
}

enum books_verdict
books_update(const struct books *b, uint16_t member, const struct hash *asset,
    const struct books_ask *ask)
{
	const struct order *o = order_running(b);
	const struct asset *a;
	enum books_verdict v;
	bool ordered = false;

	assert(member < b->nmembers);
	a = asset_of_root(b, &b->members[member], asset);
	if (!a)
		return b->terms.assets_needed || o ? BOOKS_UNKNOWN : BOOKS_OK;
	for (uint16_t i = 0; o && i < o->nassets; i++)
		ordered = ordered || hash_equal(&o->assets[i], &a->id);
	if (o && !ordered)
		return BOOKS_UNKNOWN;
	v = asset_usable(a, ask->height);
	return v == BOOKS_OK && ask->job ? asset_allows(b, a, ask->job, 1) : v;
}

int
books_end_block(struct books *b, uint64_t height)
{
	int rc = govern_end_block(b, height);

	if (rc < 0)
		return rc;
	worth_end_block(b, height);
	models_end_block(b, height);
	return 0;
}

bool
books_conserved(const struct books *b)
{
	const struct account *accounts =
	    BOOKS_ROWS(struct account, b->accounts);
	const struct order *orders = BOOKS_ROWS(struct order, b->orders);
	const struct valuation *open =
	    BOOKS_ROWS(struct valuation, b->valuations);
	uint64_t sum = b->treasury + b->pot;

	/* No sum can pass the cap, which is far from 2^64, without the
	 * comparison at the end failing: checked one by one. */
	for (size_t i = 0; i < b->accounts.n; i++) {
		if (accounts[i].balance > b->terms.cap)
			return false;
		sum += accounts[i].balance;
	}
	for (size_t i = 0; i < b->orders.n; i++)
		sum += orders[i].escrow;
	for (size_t i = 0; i < b->valuations.n; i++)
		sum += open[i].reward;
	return b->minted <= b->terms.cap && b->burned <= b->minted &&
	    sum == b->minted - b->burned;
}
