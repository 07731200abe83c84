/* Versions of a model as tokens: the verbs of ERC-721, the time-limited user
 * of ERC-4907, royalties as in ERC-2981, paid out by largest remainder. */
#include <assert.h>
#include <errno.h>

#include "consensus/books/state.h"
#include "consensus/market/payout.h"

static struct token *
find(const struct books *b, const struct hash *id)
{
	struct token *rows = BOOKS_ROWS(struct token, b->tokens);

	for (size_t i = 0; i < b->tokens.n; i++)
		if (hash_equal(&rows[i].id, id))
			return &rows[i];
	return NULL;
}

static struct hash
token_id(const struct books_mint *m)
{
	uint8_t buf[3 * HASH_LEN + 16];
	struct bytes_writer w = bytes_writer_over(buf, sizeof(buf));

	bytes_put_hash(&w, &m->job);
	bytes_put_hash(&w, &m->model);
	bytes_put_hash(&w, &m->parent);
	bytes_put_u64(&w, m->round_from);
	bytes_put_u64(&w, m->round_to);
	assert(w.error == 0);
	return hash_bytes("qml.token", w.data, w.len);
}

/* Who earned what in this job, in millionths; equally if nobody did. */
static void
fill_shares(const struct books *b, struct token *t)
{
	int64_t weights[BOOKS_MEMBERS_MAX];
	uint64_t parts[BOOKS_MEMBERS_MAX];
	bool any = false;

	for (uint16_t i = 0; i < b->nmembers; i++)
		any = any || b->earned[i] > 0;
	for (uint16_t i = 0; i < b->nmembers; i++)
		weights[i] = any ? b->earned[i] : b->active[i];
	(void)payout_split(BALLOTS_PPM, weights, b->nmembers, parts);
	for (uint16_t i = 0; i < b->nmembers; i++)
		if (parts[i])
			t->shares[t->nshares++] =
			    (struct share){i, (uint32_t)parts[i]};
}

static bool
trained_on_withdrawn(const struct books *b, const struct hash *job)
{
	const struct use *uses = BOOKS_ROWS(struct use, b->uses);

	for (size_t i = 0; i < b->uses.n; i++) {
		const struct asset *a = asset_find(b, &uses[i].asset);

		if (hash_equal(&uses[i].job, job) && a &&
		    (a->withdrawn || a->erased))
			return true;
	}
	return false;
}

int
books_mint(struct books *b, const struct books_mint *m)
{
	struct hash id = token_id(m);
	struct token *t;
	int rc;

	if (find(b, &id))
		return -EEXIST;
	rc = table_reserve(&b->tokens);
	if (rc < 0)
		return rc;
	t = table_insert(&b->tokens, b->tokens.n);
	t->id = id;
	t->job = m->job;
	t->parent = m->parent;
	t->model = m->model;
	t->round_from = m->round_from;
	t->round_to = m->round_to;
	t->minted = m->height;
	t->royalty_ppm = m->royalty_ppm;
	/* Who ordered the job owns its model; the founders' first job has no
	 * buyer: the first member keeps it for all until a vote says else. */
	t->owner = order_running(b) ? order_running(b)->buyer : b->members[0];
	t->withdrawn_data = trained_on_withdrawn(b, &m->job);
	fill_shares(b, t);
	return 0;
}

struct hash
books_version_of(const struct books *b, const struct hash *model)
{
	const struct token *rows = BOOKS_ROWS(struct token, b->tokens);

	for (size_t i = b->tokens.n; i > 0 && !hash_is_zero(model); i--)
		if (hash_equal(&rows[i - 1].model, model))
			return rows[i - 1].id;
	return (struct hash){{0}};
}

static enum books_verdict
check_transfer(const struct books *b, const struct step *s)
{
	const struct token *t = find(b, &s->u.model.token);

	if (!t)
		return BOOKS_UNKNOWN;
	if (key_zero(&s->u.model.to))
		return BOOKS_BODY;
	if (!key_equal(&t->owner, &s->t->sender) &&
	    !key_equal(&t->approved, &s->t->sender))
		return BOOKS_NOT_OWNER;
	return BOOKS_OK;
}

static void
commit_transfer(struct books *b, struct step *s)
{
	struct token *t = find(b, &s->u.model.token);

	t->owner = s->u.model.to;
	t->approved = (struct sign_public){{0}};
}

static enum books_verdict
check_approve(const struct books *b, const struct step *s)
{
	const struct token *t = find(b, &s->u.model.token);

	if (!t)
		return BOOKS_UNKNOWN;
	return key_equal(&t->owner, &s->t->sender) ? BOOKS_OK : BOOKS_NOT_OWNER;
}

static void
commit_approve(struct books *b, struct step *s)
{
	find(b, &s->u.model.token)->approved = s->u.model.to;
}

/* The user pays, so the user sends it; what the owner asks is agreed on
 * outside: the owner approves the user first. */
static enum books_verdict
check_lease(const struct books *b, const struct step *s)
{
	const struct token *t = find(b, &s->u.model.token);

	if (!t)
		return BOOKS_UNKNOWN;
	if (s->u.model.expires <= s->height || key_zero(&s->u.model.to))
		return BOOKS_BODY;
	if (!key_equal(&t->owner, &s->t->sender) &&
	    !key_equal(&t->approved, &s->t->sender))
		return BOOKS_NOT_OWNER;
	if (t->user_until >= s->height && !key_zero(&t->user))
		return BOOKS_STATE;
	return s->u.model.price <= step_funds(b, s) ? BOOKS_OK : BOOKS_FUNDS;
}

/* The royalty to those who made the model, the rest to its owner. */
static void
pay_lease(struct books *b, const struct token *t, uint64_t price)
{
	__extension__ typedef unsigned __int128 wide;
	int64_t weights[BOOKS_MEMBERS_MAX];
	uint64_t parts[BOOKS_MEMBERS_MAX];
	const struct note share = {BOOKS_CAUSE_ROYALTY, &t->id, 0, 0};
	const struct note rest = {BOOKS_CAUSE_LEASE, &t->id, 0, 0};
	uint64_t royalty =
	    (uint64_t)((wide)price * t->royalty_ppm / BALLOTS_PPM);
	uint64_t given;

	for (uint16_t i = 0; i < t->nshares; i++)
		weights[i] = t->shares[i].ppm;
	given = payout_split(royalty, weights, t->nshares, parts);
	for (uint16_t i = 0; i < t->nshares; i++) {
		const struct sign_public *key =
		    &b->members[t->shares[i].member];

		account_add(b, account_get(b, key), parts[i], &share);
	}
	account_add(b, account_get(b, &t->owner), price - given, &rest);
}

static void
commit_lease(struct books *b, struct step *s)
{
	struct token *t = find(b, &s->u.model.token);
	const struct note why = {BOOKS_CAUSE_LEASE, &t->id, 0, 0};

	account_take(b, account_find(b, &s->t->sender), s->u.model.price, &why);
	pay_lease(b, t, s->u.model.price);
	t->user = s->u.model.to;
	t->user_until = s->u.model.expires;
	if (key_equal(&t->approved, &s->t->sender))
		t->approved = (struct sign_public){{0}};
}

void
models_end_block(struct books *b, uint64_t height)
{
	struct token *rows = BOOKS_ROWS(struct token, b->tokens);

	for (size_t i = 0; i < b->tokens.n; i++) {
		if (rows[i].user_until == 0 || rows[i].user_until > height)
			continue;
		rows[i].user = (struct sign_public){{0}};
		rows[i].user_until = 0;
	}
}

const struct kind_row kind_model_transfer = {check_transfer, commit_transfer};
const struct kind_row kind_model_approve = {check_approve, commit_approve};
const struct kind_row kind_model_lease = {check_lease, commit_lease};
