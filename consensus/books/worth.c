/* What the updates of a closed round were worth, from what validators say. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "consensus/books/state.h"
#include "consensus/market/payout.h"
#include "consensus/market/shapley.h"

static struct valuation *
find(const struct books *b, const struct hash *job, uint64_t round)
{
	struct valuation *rows = BOOKS_ROWS(struct valuation, b->valuations);

	for (size_t i = 0; i < b->valuations.n; i++)
		if (rows[i].round == round && hash_equal(&rows[i].job, job))
			return &rows[i];
	return NULL;
}

/* All coalitions, or the values along every drawn order but those of nobody
 * and everybody, which come first. */
uint16_t
books_game_size(uint16_t players)
{
	if (players <= SHAPLEY_EXACT_MAX)
		return (uint16_t)(1u << players);
	return (uint16_t)(2 + shapley_permutations(players) * (players - 1u));
}

static enum books_verdict
check_worth(const struct books *b, const struct step *s)
{
	const struct body_worth *x = &s->u.worth;
	const struct valuation *v = find(b, &x->job, x->round);
	uint16_t member = member_of(b, &s->t->sender);

	if (member == NO_MEMBER)
		return BOOKS_NOT_MEMBER;
	if (!v)
		return BOOKS_UNKNOWN;
	if (v->said[member])
		return BOOKS_EXISTS;
	if (v->shard && !v->shown)
		return BOOKS_STATE; /* nobody can know yet */
	return x->n == books_game_size(v->n) ? BOOKS_OK : BOOKS_BODY;
}

static void
commit_worth(struct books *b, struct step *s)
{
	const struct body_worth *x = &s->u.worth;
	struct valuation *v = find(b, &x->job, x->round);

	memcpy(s->blob->data, x->utility, 8u * x->n);
	v->said[member_of(b, &s->t->sender)] = s->blob;
	s->blob = NULL;
	v->nsaid++;
}

/* The lower median of what was said: a minority of liars moves it at most to
 * what an honest validator said. */
static int64_t
median(const struct books *b, const struct valuation *v, uint16_t at)
{
	int64_t said[BOOKS_MEMBERS_MAX];
	uint16_t n = 0;

	for (uint16_t i = 0; i < b->nmembers; i++) {
		int64_t x;
		uint16_t k;

		if (!v->said[i])
			continue;
		x = body_utility(v->said[i]->data, at);
		for (k = n++; k > 0 && said[k - 1] > x; k--)
			said[k] = said[k - 1];
		said[k] = x;
	}
	assert(n > 0);
	return said[(n - 1) / 2];
}

static void
exact_values(const struct books *b, const struct valuation *v,
    struct settled *out)
{
	int64_t game[1 << SHAPLEY_EXACT_MAX];
	uint16_t size = books_game_size(v->n);

	assert(size > 0 && size <= 1 << SHAPLEY_EXACT_MAX);
	for (uint16_t i = 0; i < size; i++)
		game[i] = median(b, v, i);
	out->nobody = game[0];
	out->all = game[size - 1];
	shapley_exact(game, v->n, out->value);
}

/* The orders' seed: known to nobody before the round's block was. */
struct hash
books_game_seed(const struct hash *job, uint64_t round,
    const struct hash *aggregate)
{
	uint8_t buf[2 * HASH_LEN + 8];
	struct bytes_writer w = bytes_writer_over(buf, sizeof(buf));

	bytes_put_hash(&w, job);
	bytes_put_u64(&w, round);
	bytes_put_hash(&w, aggregate);
	assert(w.error == 0);
	return hash_bytes("qml.game", w.data, w.len);
}

static void
sampled_values(const struct books *b, const struct valuation *v,
    struct settled *out)
{
	int64_t along[BOOKS_MEMBERS_MAX + 1];
	uint8_t order[BOOKS_MEMBERS_MAX];
	uint16_t at = 2;

	along[0] = out->nobody = median(b, v, 0);
	along[v->n] = out->all = median(b, v, 1);
	for (uint32_t m = 0; m < shapley_permutations(v->n); m++) {
		shapley_order(&v->seed, m, v->n, order);
		for (uint16_t k = 1; k < v->n; k++)
			along[k] = median(b, v, at++);
		/* Never cut short: validators computed every prefix. */
		(void)shapley_add_order(order, v->n, along, -1, out->value);
	}
}

static void
pay(struct books *b, const struct valuation *v, struct settled *out)
{
	const struct note rest = {BOOKS_CAUSE_REMAINDER, &v->job, v->round, 0};
	uint64_t given;

	if (v->n <= SHAPLEY_EXACT_MAX)
		exact_values(b, v, out);
	else
		sampled_values(b, v, out);
	out->paid = true;
	given = payout_split(v->reward, out->value, v->n, out->part);
	treasury_add(b, v->reward - given, &rest);
	for (uint16_t i = 0; i < v->n; i++) {
		uint16_t member = v->members[i];
		const struct note why = {BOOKS_CAUSE_CONTRIBUTION, &v->job,
		    v->round, out->value[i]};

		account_add(b, account_find(b, &b->members[member]),
		    out->part[i], &why);
		b->earned[member] += (int64_t)out->part[i];
	}
}

/* Pays, or gives to the treasury, and keeps what came of it. */
static void
settle(struct books *b, const struct valuation *v, uint64_t height)
{
	struct settled *out = &b->settled[b->nsettled++ % SETTLED_KEPT];
	const struct note rest = {BOOKS_CAUSE_REMAINDER, &v->job, v->round, 0};

	*out = (struct settled){.job = v->job,
	    .round = v->round,
	    .height = height,
	    .reward = v->reward,
	    .shard = v->shard,
	    .n = v->n,
	    .nsaid = v->nsaid};
	memcpy(out->members, v->members, v->n * sizeof(*v->members));
	/* Without a quorum nobody knows: the treasury keeps it. */
	if (3u * v->nsaid > 2u * members_active(b))
		pay(b, v, out);
	else
		treasury_add(b, v->reward, &rest);
}

static void
drop(struct books *b, size_t at)
{
	struct valuation *rows = BOOKS_ROWS(struct valuation, b->valuations);

	for (uint16_t i = 0; i < b->nmembers; i++)
		blob_unref(rows[at].said[i]);
	memmove(&rows[at], &rows[at + 1],
	    (b->valuations.n - at - 1) * sizeof(*rows));
	b->valuations.n--;
}

void
worth_end_block(struct books *b, uint64_t height)
{
	size_t i = 0;

	while (i < b->valuations.n) {
		struct valuation *v =
		    &BOOKS_ROWS(struct valuation, b->valuations)[i];
		uint16_t all = members_active(b);

		if (v->nsaid < all && height < v->until) {
			i++;
			continue;
		}
		settle(b, v, height);
		drop(b, i);
	}
}

static uint64_t
part_of(uint64_t amount, uint32_t ppm)
{
	__extension__ typedef unsigned __int128 wide;

	return (uint64_t)((wide)amount * ppm / BALLOTS_PPM);
}

/* Equal parts to these members; what does not divide stays. */
static uint64_t
pay_equally(struct books *b, uint64_t amount, const uint16_t *who, uint16_t n,
    const struct note *why)
{
	uint64_t each = n ? amount / n : 0;

	for (uint16_t i = 0; i < n; i++)
		account_add(b, account_find(b, &b->members[who[i]]), each, why);
	return amount - each * n;
}

static void
use_asset(struct books *b, const struct books_closed *c,
    const struct books_use *u, const struct rdp_table *cost)
{
	struct asset *a = asset_of_root(b, &b->members[u->member], &u->asset);
	struct order *o = order_running(b);
	struct use *uses = BOOKS_ROWS(struct use, b->uses);
	struct note why = {.cause = BOOKS_CAUSE_DATA_PRICE, .number = c->round};

	if (!a)
		return;
	why.about = &a->id;
	a->used++;
	if (a->terms.privacy.eps_milli && cost)
		/* books_update() saw to it that there is room. */
		(void)!budget_charge(&a->privacy, cost, c->steps);
	if (o && o->escrow >= a->terms.price) {
		o->escrow -= a->terms.price;
		o->paid += a->terms.price;
		account_add(b, account_find(b, &a->owner), a->terms.price,
		    &why);
	}
	for (size_t i = 0; i < b->uses.n; i++) {
		if (hash_equal(&uses[i].job, &c->job) &&
		    hash_equal(&uses[i].asset, &a->id)) {
			uses[i].rounds++;
			return;
		}
	}
	uses = table_insert(&b->uses, b->uses.n);
	*uses = (struct use){c->job, a->id, 1};
}

/* Mints, pays who signed and whose data was used, and leaves the contributors'
 * part in the valuation. */
static void
reward(struct books *b, const struct books_closed *c, struct valuation *v)
{
	const struct books_shares *s = &b->terms.shares;
	uint64_t amount = payout_minted(b->terms.mint, b->terms.half_life,
	    b->rounds, b->terms.cap - b->minted);
	uint64_t signers = part_of(amount, s->signers);
	uint64_t assets = part_of(amount, s->assets);
	const struct note rest = {BOOKS_CAUSE_REMAINDER, &c->job, c->round, 0};
	const struct note signs = {BOOKS_CAUSE_SIGNED, &c->job, c->round, 0};
	const struct note data = {BOOKS_CAUSE_DATA_REWARD, &c->job, c->round,
	    0};
	uint64_t left;

	b->minted += amount;
	v->reward = part_of(amount, s->contributors);
	left = amount - v->reward - signers - assets;
	left += pay_equally(b, signers, c->signers, c->nsigners, &signs);
	left += pay_equally(b, assets, v->members, v->n, &data);
	treasury_add(b, left, &rest);
}

static int
reserve(struct books *b, const struct books_closed *c)
{
	int rc = table_reserve(&b->valuations);

	/* Room for a row is doubled at a time: as many as there are uses. */
	for (uint16_t i = 0; rc == 0 && b->uses.cap - b->uses.n < c->nuses;
	     i++) {
		size_t n = b->uses.n;

		b->uses.n = b->uses.cap;
		rc = table_reserve(&b->uses);
		b->uses.n = n;
	}
	return rc;
}

/* By lot, drawn from what nobody knew while the updates were made. */
static bool
is_drawn(const struct books_validation *terms, const struct valuation *v)
{
	uint64_t lot = 0;

	for (unsigned i = 0; i < 8; i++)
		lot = lot << 8 | v->seed.b[i];
	return terms->every <= 1 || lot % terms->every == 0;
}

/* Which rows the round is valued on. One that is not drawn, or for which no
 * shard is left, is not: its reward waits in the pot for the next that is. */
static void
take_shard(struct books *b, struct valuation *v)
{
	const struct books_validation *terms = &b->terms.validation;

	if (terms->shards == 0)
		return;
	v->reward += b->pot;
	b->pot = 0;
	if (b->shards_used == terms->shards) {
		v->until = 0;
	} else if (is_drawn(terms, v)) {
		v->shard = ++b->shards_used;
	} else {
		b->pot = v->reward;
		b->valuations.n--;
	}
}

int
books_close_round(struct books *b, const struct books_closed *c)
{
	const struct rdp_table *cost = NULL;
	struct valuation *v;
	struct order *o = order_running(b);
	int rc = reserve(b, c);

	if (rc < 0)
		return rc;
	if (c->step.q_ppb)
		cost = step_cost(b, &c->step);
	for (uint16_t i = 0; i < c->nuses; i++)
		use_asset(b, c, &c->uses[i], cost);
	if (o)
		o->rounds++;
	v = table_insert(&b->valuations, b->valuations.n);
	v->job = c->job;
	v->round = c->round;
	v->seed = books_game_seed(&c->job, c->round, &c->aggregate);
	v->until = c->height + b->terms.worth_blocks;
	v->n = c->nuses;
	for (uint16_t i = 0; i < c->nuses; i++)
		v->members[i] = c->uses[i].member;
	reward(b, c, v);
	b->rounds++;
	b->promises.n = 0;
	/* A round without updates has no one to be worth anything. */
	if (v->n == 0)
		v->until = c->height;
	else
		take_shard(b, v);
	return 0;
}

void
books_skip_round(struct books *b)
{
	b->promises.n = 0;
}

const struct kind_row kind_worth = {check_worth, commit_worth};
