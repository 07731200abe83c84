#include <assert.h>
#include <errno.h>
#include <string.h>

#include "consensus/books/state.h"
#include "consensus/books/view.h"

struct order *
order_find(const struct books *b, const struct hash *id)
{
	struct order *rows = BOOKS_ROWS(struct order, b->orders);

	for (size_t i = 0; i < b->orders.n; i++)
		if (hash_equal(&rows[i].id, id))
			return &rows[i];
	return NULL;
}

struct order *
order_running(const struct books *b)
{
	struct order *rows = BOOKS_ROWS(struct order, b->orders);

	for (size_t i = 0; i < b->orders.n; i++)
		if (rows[i].state == ORDER_RUNNING)
			return &rows[i];
	return NULL;
}

/* A member that has none open may always have one: nobody takes all the places
 * for good by orders that nobody accepts. */
static bool
is_full(const struct books *b, const struct sign_public *buyer)
{
	const struct order *rows = BOOKS_ROWS(struct order, b->orders);
	bool own = member_of(b, buyer) == NO_MEMBER;
	unsigned all = 0;

	for (size_t i = 0; i < b->orders.n; i++) {
		if (rows[i].state > ORDER_RUNNING)
			continue;
		all++;
		own = own || key_equal(&rows[i].buyer, buyer);
	}
	return all >= OPEN_ORDERS_MAX && own;
}

/* What the job asks is on the list of what the asset's owner allows. */
static enum books_verdict
check_allowed(const struct body_asset *terms, const struct books_job *job)
{
	if (job->task >= 32 || !(terms->tasks >> job->task & 1))
		return BOOKS_TASK_DENIED;
	if (terms->ncircuits == 0)
		return BOOKS_OK;
	for (uint8_t i = 0; i < terms->ncircuits; i++)
		if (hash_equal(&terms->circuits[i], &job->circuit))
			return BOOKS_OK;
	return BOOKS_CIRCUIT_DENIED;
}

static enum books_verdict
check_privacy(const struct books *b, const struct asset *a,
    const struct books_job *job, uint32_t rounds)
{
	uint64_t steps = (uint64_t)job->steps * rounds;

	if (a->terms.privacy.eps_milli == 0)
		return BOOKS_OK;
	if (!rdp_step_valid(&job->step))
		return BOOKS_PRIVACY;
	return budget_room(&a->privacy, step_cost(b, &job->step), steps) ==
		steps
	    ? BOOKS_OK
	    : BOOKS_PRIVACY;
}

enum books_verdict
asset_allows(const struct books *b, const struct asset *a,
    const struct books_job *job, uint32_t rounds)
{
	enum books_verdict v = check_allowed(&a->terms, job);

	return v == BOOKS_OK ? check_privacy(b, a, job, rounds) : v;
}

/* May this buyer's job run on this asset? All of its rounds must fit into what
 * is left of the budget: a job that would have to stop in the middle is refused
 * before it starts. */
static enum books_verdict
check_asset(const struct books *b, const struct asset *a, const struct order *o,
    uint64_t height)
{
	enum books_verdict v = asset_usable(a, height);

	if (v == BOOKS_OK)
		v = check_allowed(&a->terms, &o->wants);
	if (v != BOOKS_OK)
		return v;
	if (strcmp(a->terms.purpose, o->purpose) != 0)
		return BOOKS_PURPOSE;
	if (a->terms.rounds && o->wants.rounds > a->terms.rounds - a->used)
		return BOOKS_ASSET_USED_UP;
	if (a->terms.credential &&
	    !credential_held(b, &o->buyer, a->terms.credential, height))
		return BOOKS_CREDENTIAL;
	return check_privacy(b, a, &o->wants, o->wants.rounds);
}

/* Once for check and commit, which cannot fail: it takes memory, and a lack of
 * that says nothing about the order. */
enum books_verdict
order_read(const struct books *b, struct step *s)
{
	const struct body_order *x = &s->u.order;
	int rc = b->terms.job
	    ? b->terms.job(b->terms.job_arg, x->job, x->job_len, &s->wants)
	    : -EINVAL;

	if (rc == -ENOMEM)
		return BOOKS_NO_MEMORY;
	return rc == 0 && s->wants.rounds > 0 ? BOOKS_OK : BOOKS_BODY;
}

/* The order that a step asks for, without its job's bytes. */
static void
order_of(const struct step *s, struct order *out)
{
	const struct body_order *x = &s->u.order;

	*out = (struct order){.id = s->t->id,
	    .buyer = s->t->sender,
	    .policy = x->policy,
	    .price = x->price,
	    .escrow = x->escrow,
	    .nassets = x->nassets,
	    .wants = s->wants};
	memcpy(out->purpose, x->purpose, sizeof(out->purpose));
	memcpy(out->assets, x->assets, x->nassets * sizeof(x->assets[0]));
}

/* How many rounds of the job still fit into the asset. */
static uint64_t
rounds_left(const struct books *b, const struct asset *a,
    const struct books_job *job)
{
	uint64_t n = job->rounds;

	if (a->terms.rounds && n > a->terms.rounds - a->used)
		n = a->terms.rounds - a->used;
	if (a->terms.privacy.eps_milli == 0)
		return n;
	if (!rdp_step_valid(&job->step) || job->steps == 0)
		return 0;
	return budget_room(&a->privacy, step_cost(b, &job->step),
		   n * job->steps) /
	    job->steps;
}

const struct asset *
books_short_asset(const struct books *b, const struct tx *t, uint64_t height,
    uint64_t *rounds)
{
	struct bytes_reader r = bytes_reader_of(t->body, t->len);
	struct step s = {.t = t, .height = height};
	const struct asset *a;
	enum books_verdict v;
	struct order o;

	if (t->kind != TX_ORDER)
		return NULL;
	body_order_get(&r, &s.u.order);
	if (!bytes_reader_done(&r) || order_read(b, &s) != BOOKS_OK)
		return NULL;
	order_of(&s, &o);
	for (uint16_t i = 0; i < o.nassets; i++) {
		a = asset_find(b, &o.assets[i]);
		if (a == NULL)
			return NULL;
		v = check_asset(b, a, &o, height);
		if (v != BOOKS_PRIVACY && v != BOOKS_ASSET_USED_UP)
			continue;
		*rounds = rounds_left(b, a, &o.wants);
		return a;
	}
	return NULL;
}

/* Prices of all assets: what a round costs. */
static enum books_verdict
check_prices(const struct books *b, const struct order *o)
{
	uint64_t left = o->price;

	for (uint16_t i = 0; i < o->nassets; i++) {
		const struct asset *a = asset_find(b, &o->assets[i]);

		if (a->terms.price > left)
			return BOOKS_PRICE;
		left -= a->terms.price;
	}
	/* All rounds must be covered from the start. */
	if (o->price && o->escrow / o->price < o->wants.rounds)
		return BOOKS_PRICE;
	return BOOKS_OK;
}

bool
books_in_order(const struct books *b, const struct hash *order, uint16_t member)
{
	const struct order *o = order_find(b, order);

	for (uint16_t i = 0; o && i < o->nassets; i++) {
		const struct asset *a = asset_find(b, &o->assets[i]);

		if (key_equal(&a->owner, &b->members[member]))
			return true;
	}
	return false;
}

/* How many members own data that it asks for. */
static uint32_t
owners_of(const struct books *b, const struct order *o)
{
	uint32_t n = 0;

	for (uint16_t m = 0; m < b->nmembers; m++) {
		bool owns = false;

		for (uint16_t i = 0; i < o->nassets && !owns; i++)
			owns = key_equal(&asset_find(b, &o->assets[i])->owner,
			    &b->members[m]);
		n += owns;
	}
	return n;
}

static enum books_verdict
check_order(const struct books *b, const struct step *s)
{
	struct order o;

	order_of(s, &o);
	if (o.nassets == 0)
		return BOOKS_BODY;
	if (!hash_equal(&o.policy, &b->policy))
		return BOOKS_POLICY;
	if (is_full(b, &o.buyer))
		return BOOKS_LIMIT;
	for (uint16_t i = 0; i < o.nassets; i++) {
		const struct asset *a = asset_find(b, &o.assets[i]);
		enum books_verdict v;

		if (!a)
			return BOOKS_UNKNOWN;
		v = check_asset(b, a, &o, s->height);
		if (v != BOOKS_OK)
			return v;
	}
	if (owners_of(b, &o) < o.wants.members)
		return BOOKS_FEW_MEMBERS;
	if (o.escrow > step_funds(b, s))
		return BOOKS_FUNDS;
	return check_prices(b, &o);
}

/* Which of those that are over goes first; NULL: they are not too many. */
static struct order *
too_old(const struct books *b)
{
	struct order *rows = BOOKS_ROWS(struct order, b->orders);
	struct order *oldest = NULL, *idle = NULL;
	size_t n = 0;

	for (size_t i = 0; i < b->orders.n; i++) {
		if (rows[i].state <= ORDER_RUNNING)
			continue;
		n++;
		if (oldest == NULL)
			oldest = &rows[i];
		if (idle == NULL && rows[i].rounds == 0)
			idle = &rows[i];
	}
	if (n <= BOOKS_ORDERS_OVER_MAX)
		return NULL;
	return idle != NULL ? idle : oldest;
}

/* What is over has no escrow, and no round asks for it. */
static void
drop_old(struct books *b)
{
	struct order *rows = BOOKS_ROWS(struct order, b->orders);
	struct order *o;

	while ((o = too_old(b)) != NULL) {
		size_t at = (size_t)(o - rows);

		assert(o->escrow == 0);
		blob_unref(o->job);
		memmove(o, o + 1, (b->orders.n - at - 1) * sizeof(*o));
		b->orders.n--;
	}
}

static void
commit_order(struct books *b, struct step *s)
{
	struct order *o = table_insert(&b->orders, b->orders.n);
	const struct note why = {BOOKS_CAUSE_ESCROW, &o->id, 0, 0};

	order_of(s, o);
	o->state = ORDER_OPEN;
	o->job = s->blob;
	s->blob = NULL;
	memcpy(o->job->data, s->u.order.job, s->u.order.job_len);
	o->job_hash = hash_bytes("qml.job", o->job->data, o->job->len);
	account_take(b, account_find(b, &s->t->sender), o->escrow, &why);
	drop_old(b);
}

static enum books_verdict
check_accept(const struct books *b, const struct step *s)
{
	const struct order *o = order_find(b, &s->u.ref.id);
	bool mine = false;

	if (!o)
		return BOOKS_UNKNOWN;
	if (o->state != ORDER_OPEN)
		return BOOKS_STATE;
	for (uint16_t i = 0; i < o->nassets; i++) {
		const struct asset *a = asset_find(b, &o->assets[i]);
		enum books_verdict v;

		if (!key_equal(&a->owner, &s->t->sender) || o->accepted[i])
			continue;
		mine = true;
		v = check_asset(b, a, o, s->height);
		if (v != BOOKS_OK)
			return v;
	}
	return mine ? BOOKS_OK : BOOKS_NOT_OWNER;
}

static void
commit_accept(struct books *b, struct step *s)
{
	struct order *o = order_find(b, &s->u.ref.id);
	bool all = true;

	for (uint16_t i = 0; i < o->nassets; i++) {
		const struct asset *a = asset_find(b, &o->assets[i]);

		if (key_equal(&a->owner, &s->t->sender))
			o->accepted[i] = true;
		all = all && o->accepted[i];
	}
	if (all)
		o->state = ORDER_QUEUED;
}

static void
refund(struct books *b, struct order *o)
{
	const struct note why = {BOOKS_CAUSE_REFUND, &o->id, 0, 0};

	account_add(b, account_find(b, &o->buyer), o->escrow, &why);
	o->escrow = 0;
}

static enum books_verdict
check_cancel(const struct books *b, const struct step *s)
{
	const struct order *o = order_find(b, &s->u.ref.id);

	if (!o)
		return BOOKS_UNKNOWN;
	if (!key_equal(&o->buyer, &s->t->sender))
		return BOOKS_NOT_OWNER;
	return o->state < ORDER_RUNNING ||
		(o->state == ORDER_RUNNING && !o->ending)
	    ? BOOKS_OK
	    : BOOKS_STATE;
}

static void
commit_cancel(struct books *b, struct step *s)
{
	struct order *o = order_find(b, &s->u.ref.id);

	/* The round that this block may close is still paid for. */
	if (o->state == ORDER_RUNNING) {
		o->ending = true;
		return;
	}
	o->state = ORDER_CANCELLED;
	refund(b, o);
}

bool
books_next_job(const struct books *b, struct books_next_job *out)
{
	const struct order *rows = BOOKS_ROWS(struct order, b->orders);
	const struct order *o = order_running(b);

	for (size_t i = 0; !o && i < b->orders.n; i++)
		if (rows[i].state == ORDER_QUEUED)
			o = &rows[i];
	if (!o)
		return false;
	*out = (struct books_next_job){o->id, o->job->data, o->job->len};
	return true;
}

bool
books_valuing(const struct books *b)
{
	return b->terms.validation.shards > 0 && b->valuations.n > 0;
}

void
books_job_started(struct books *b, const struct hash *order)
{
	struct order *o = order_find(b, order);

	assert(o && o->state == ORDER_QUEUED && !order_running(b));
	o->state = ORDER_RUNNING;
	memset(b->earned, 0, sizeof(b->earned));
}

void
books_job_finished(struct books *b, const struct hash *order)
{
	struct order *o = order_find(b, order);

	assert(o && o->state == ORDER_RUNNING);
	o->state = o->ending ? ORDER_CANCELLED : ORDER_DONE;
	refund(b, o);
}

bool
books_job_ending(const struct books *b, const struct hash *order)
{
	const struct order *o = order_find(b, order);

	return o && o->ending;
}

bool
books_job_fits(const struct books *b, const struct hash *order, uint64_t height)
{
	const struct order *o = order_find(b, order);

	assert(o);
	if (!hash_equal(&o->policy, &b->policy))
		return false;
	for (uint16_t i = 0; i < o->nassets; i++)
		if (check_asset(b, asset_find(b, &o->assets[i]), o, height) !=
		    BOOKS_OK)
			return false;
	return true;
}

void
books_job_refused(struct books *b, const struct hash *order)
{
	struct order *o = order_find(b, order);

	assert(o && o->state == ORDER_QUEUED);
	o->state = ORDER_CANCELLED;
	refund(b, o);
}

const struct kind_row kind_order = {check_order, commit_order};
const struct kind_row kind_order_accept = {check_accept, commit_accept};
const struct kind_row kind_order_cancel = {check_cancel, commit_cancel};
