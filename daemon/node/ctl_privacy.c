/*
 * ctl_privacy.c - the method `privacy`: what of each data asset's budget is
 * spent, what is left, and how much of the running job that is.
 */
#include <stdio.h>
#include <string.h>

#include "consensus/books/view.h"
#include "consensus/ledger/txs.h"
#include "daemon/node/books_json.h"
#include "daemon/node/ctl_methods.h"

#define ASSETS_MAX 1000 /* told in one answer */

/* Rounds of the running job that are still to come, and what one costs. */
struct price {
	bool noisy;
	struct rdp_table cost; /* of a step */
	uint32_t steps;
	uint64_t rounds;
	struct rdp_kept kept;
};

static struct price
price_of(const struct ledger *l)
{
	const struct ledger_round *r = ledger_round(l);
	const struct privacy_claim c = job_claim(ledger_job(l));
	const struct rdp_step step = {c.q_ppb, c.sigma_milli};
	struct price p = {.noisy = c.mechanism != PRIVACY_NONE,
	    .steps = c.steps};

	if (p.noisy)
		rdp_step_cost(&step, &p.cost);
	if (!r->finished && ledger_job_round(l) < ledger_job(l)->rounds)
		p.rounds = ledger_job(l)->rounds - ledger_job_round(l);
	return p;
}

static void
put_job(struct jv *o, const struct ledger *l, const struct price *p)
{
	const struct job_privacy *x = &ledger_job(l)->privacy;
	struct jv *j = jv_object();

	jv_put_boolean(j, "noise", p->noisy);
	jv_put_number(j, "noise_multiplier", decimal_double(&x->noise));
	jv_put_number(j, "rate", decimal_double(&x->rate));
	jv_put_number(j, "clip", decimal_double(&x->clip));
	jv_put_integer(j, "min_rows", x->min_rows);
	jv_put_integer(j, "steps", p->steps);
	jv_put_integer(j, "rounds_left", (int64_t)p->rounds);
	jv_put(o, "job", j);
}

static double
spent_epsilon(const struct asset *a, struct rdp_kept *kept)
{
	uint32_t order;

	if (a->privacy.steps == 0)
		return 0;
	return (double)rdp_epsilon_kept(kept, &a->privacy.spent,
		   a->privacy.target.delta_exp, &order) *
	    1e-9;
}

/* -1: as many as there are, no budget is charged. */
static int64_t
rounds_left(const struct asset *a, const struct price *p)
{
	if (a->terms.privacy.eps_milli == 0)
		return -1;
	if (!p->noisy || p->rounds == 0)
		return 0;
	return (
	    int64_t)(budget_room(&a->privacy, &p->cost, p->rounds * p->steps) /
	    p->steps);
}

static struct jv *
asset_json(const struct node *n, const struct asset *a, struct price *p)
{
	const struct ledger *l = replica_ledger(n->replica);
	const double all = a->terms.privacy.eps_milli * 1e-3;
	const double spent = all > 0 ? spent_epsilon(a, &p->kept) : 0;
	const uint16_t nmembers = ledger_nmembers(l);
	uint16_t owner = 0;
	struct jv *o = jv_object();
	enum books_verdict v;

	while (owner < nmembers &&
	    memcmp(&ledger_member(l, owner)->sign, &a->owner,
		sizeof(a->owner)) != 0)
		owner++;
	v = owner < nmembers ? txs_consent(l, owner, &a->terms.root)
			     : BOOKS_NOT_MEMBER;
	books_json_hash(o, "id", &a->id);
	jv_put_string(o, "name", a->terms.name);
	jv_put_string(o, "owner",
	    owner < nmembers ? ledger_member(l, owner)->name : "");
	jv_put_boolean(o, "mine", owner == n->self);
	jv_put_number(o, "epsilon", all);
	jv_put_integer(o, "delta_exp", a->terms.privacy.delta_exp);
	jv_put_number(o, "spent", spent);
	jv_put_number(o, "left", all > spent ? all - spent : 0);
	jv_put_integer(o, "steps", (int64_t)a->privacy.steps);
	jv_put_integer(o, "rounds_left", rounds_left(a, p));
	jv_put_string(o, "use", books_verdict_name(v));
	jv_put_string(o, "why", v == BOOKS_OK ? "" : books_verdict_text(v));
	return o;
}

struct jv *
ctl_privacy(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	const struct ledger *l = replica_ledger(n->replica);
	const struct books *b = ledger_books(l);
	struct price p = price_of(l);
	struct jv *o = ctl_object("qml.privacy/1"), *list = jv_array();
	const struct asset *a;

	(void)params, (void)code, (void)err, (void)errlen;
	put_job(o, l, &p);
	for (size_t i = 0; i < ASSETS_MAX && (a = books_asset_at(b, i)); i++)
		jv_add(list, asset_json(n, a, &p));
	jv_put(o, "assets", list);
	return o;
}
