#include "daemon/cli/dossier.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/federation_draft.h"
#include "consensus/books/journal.h"
#include "daemon/cli/base64.h"
#include "daemon/node/books_json.h"
#include "daemon/node/jv.h"
#include "gen/version.h"
#include "proto/id.h"

#define INTEGER_MAX ((INT64_C(1) << 53) - 1) /* of canonical JSON */

/* What a member did, and what it was paid for. */
struct share_of {
	uint64_t proposed, signed_blocks, updates, refusals;
	int64_t pay[BOOKS_CAUSES];
};

/* Who was paid in a block, until it has passed. */
struct pending {
	int64_t member[FEDERATION_MAX_MEMBERS][BOOKS_CAUSES];
	int64_t treasury[BOOKS_CAUSES];
};

/* What is gathered on the way. */
struct gather {
	const struct audit *a;
	struct pending now;
	struct share_of member[FEDERATION_MAX_MEMBERS];
	struct sign_public key[FEDERATION_MAX_MEMBERS];
	uint16_t nmembers;
	int64_t treasury[BOOKS_CAUSES];
	struct jv *rounds, *jobs, *offences;
	struct hash job; /* of the last entry of jobs */
	uint64_t njobs;
	struct hash head, model, state_root; /* of the last block */
	uint64_t height, head_ms;
	uint64_t state_height; /* of the state at the end: updates may lack */
	struct jv *document;   /* without the checks, at the end */
};

static void
hear(void *arg, const struct books_entry *e)
{
	static const struct sign_public nobody;
	struct gather *g = arg;

	if (memcmp(&e->account, &nobody, sizeof(nobody)) == 0)
		g->now.treasury[e->cause] += e->change;
	for (uint16_t i = 0; i < g->nmembers; i++)
		if (memcmp(&e->account, &g->key[i], sizeof(e->account)) == 0)
			g->now.member[i][e->cause] += e->change;
}

static void
settle(struct gather *g)
{
	for (int c = 0; c < BOOKS_CAUSES; c++) {
		g->treasury[c] += g->now.treasury[c];
		for (uint16_t i = 0; i < g->nmembers; i++)
			g->member[i].pay[c] += g->now.member[i][c];
	}
	g->now = (struct pending){0};
}

static void
note_members(struct gather *g, const struct ledger *l)
{
	uint16_t n = ledger_nmembers(l);

	for (uint16_t i = 0; i < n; i++)
		g->key[i] = ledger_member(l, i)->sign;
	g->nmembers = n;
}

static void
note_job(struct gather *g, const struct ledger *l)
{
	const struct hash *id = ledger_job_id(l);

	if (g->njobs > 0 && hash_equal(id, &g->job))
		return;
	g->job = *id;
	g->njobs++;
	jv_add(g->jobs, dossier_job(ledger_job(l), id));
}

/* From the block, so that a bundle without payloads tells it as well. */
static void
note_round(struct gather *g, const struct block *b)
{
	struct ledger_round_summary sum, *s = &sum;
	struct jv *o = jv_object();

	summary_of_block(s, b, b->header.time_ms, NULL);
	jv_put_integer(o, "round", (int64_t)s->round);
	jv_put_integer(o, "job", (int64_t)g->njobs - 1);
	jv_put_integer(o, "height", (int64_t)s->height);
	jv_put_string(o, "kind",
	    s->kind == BLOCK_SKIP ? "skipped" : "aggregated");
	jv_put_integer(o, "time_ms", (int64_t)s->time_ms);
	jv_put_integer(o, "updates", s->nupdates);
	jv_put_integer(o, "answers", s->nparts);
	jv_put_integer(o, "rows", (int64_t)s->rows);
	jv_put_integer(o, "correct", (int64_t)s->correct);
	jv_put_integer(o, "loss_before_q24", s->loss_before_q24);
	jv_put_integer(o, "loss_after_q24", s->loss_after_q24);
	jv_put_integer(o, "control_correct", (int64_t)s->control_correct);
	jv_put_integer(o, "control_loss_q24", s->control_loss_q24);
	jv_put_integer(o, "valid_rows", (int64_t)s->valid_rows);
	jv_put_integer(o, "valid_correct", (int64_t)s->valid_correct);
	jv_put_integer(o, "valid_loss_q24", s->valid_loss_q24);
	jv_put_integer(o, "valid_control_correct",
	    (int64_t)s->valid_control_correct);
	jv_add(g->rounds, o);
	for (uint16_t i = 0; i < s->nparts; i++) {
		struct share_of *m = &g->member[s->part[i].member];

		if (s->part[i].kind == ANSWER_UPDATE)
			m->updates++;
		else
			m->refusals++;
	}
}

static void
note_offences(struct gather *g, const struct ledger *l, const struct block *b)
{
	for (uint16_t i = 0; i < b->header.nevidence; i++) {
		const struct evidence *e = b->evidence[i];
		const struct member *m = ledger_member(l, e->who);
		struct jv *o = jv_object();

		jv_put_string(o, "member", m ? m->name : "");
		jv_put_string(o, "kind", evidence_kind_name(e->kind));
		jv_put_integer(o, "at", (int64_t)e->at);
		jv_put_integer(o, "height", (int64_t)b->header.height);
		jv_add(g->offences, o);
	}
}

static void
see_block(void *arg, const struct ledger *l, const struct block *b,
    const struct commit *c)
{
	struct gather *g = arg;

	if (!b) {
		note_members(g, l);
		note_job(g, l);
		books_watch(ledger_books(l), (struct books_journal){hear, g});
		return;
	}
	settle(g);
	g->state_root = b->header.state_root;
	g->head = b->id;
	g->head_ms = b->header.time_ms;
	g->height = b->header.height;
	g->model = b->header.model;
	if (b->header.proposer < FEDERATION_MAX_MEMBERS)
		g->member[b->header.proposer].proposed++;
	for (uint16_t i = 0; i < c->nsigs; i++)
		g->member[c->validators[i]].signed_blocks++;
	if (b->header.kind != BLOCK_ORDINARY)
		note_round(g, b);
	note_offences(g, l, b);
	note_members(g, l);
	note_job(g, l);
}

static struct jv *
table(const struct books_look *at, const char *name)
{
	struct jv *rows = jv_array(), *row;

	for (size_t i = 0; (row = books_json_row(at, name, i)) != NULL; i++)
		jv_add(rows, row);
	return rows;
}

/* Assets with what was spent of their privacy. */
static struct jv *
assets(const struct books_look *at)
{
	struct jv *rows = jv_array(), *row;

	for (size_t i = 0; (row = books_json_row(at, "assets", i)) != NULL;
	     i++) {
		const struct asset *a = books_asset_at(at->books, i);
		uint32_t order;

		if (a->terms.privacy.eps_milli != 0)
			jv_put_integer(row, "epsilon_spent_nano",
			    rdp_epsilon_nano(&a->privacy.spent,
				a->terms.privacy.delta_exp, &order));
		jv_put_integer(row, "noisy_steps", (int64_t)a->privacy.steps);
		jv_add(rows, row);
	}
	return rows;
}

static struct jv *
pay_json(const int64_t pay[static BOOKS_CAUSES])
{
	struct jv *o = jv_object();

	for (int c = 0; c < BOOKS_CAUSES; c++)
		if (pay[c] != 0)
			jv_put_integer(o, books_cause_name((enum books_cause)c),
			    pay[c]);
	return o;
}

static struct jv *
contributions(const struct gather *g, const struct ledger *l)
{
	struct jv *list = jv_array();

	for (uint16_t i = 0; i < ledger_nmembers(l); i++) {
		const struct share_of *m = &g->member[i];
		struct jv *o = jv_object();

		jv_put_string(o, "member", ledger_member(l, i)->name);
		jv_put_integer(o, "blocks_proposed", (int64_t)m->proposed);
		jv_put_integer(o, "blocks_signed", (int64_t)m->signed_blocks);
		jv_put_integer(o, "updates", (int64_t)m->updates);
		jv_put_integer(o, "refusals", (int64_t)m->refusals);
		jv_put(o, "units", pay_json(m->pay));
		jv_add(list, o);
	}
	return list;
}

static struct jv *
tokens(const struct gather *g, const struct books *b)
{
	struct books_totals t = books_totals(b);
	struct jv *o = jv_object();

	jv_put_integer(o, "cap", (int64_t)t.cap);
	jv_put_integer(o, "minted", (int64_t)t.minted);
	jv_put_integer(o, "burned", (int64_t)t.burned);
	jv_put_integer(o, "treasury", (int64_t)t.treasury);
	jv_put_integer(o, "fee", (int64_t)t.fee);
	jv_put(o, "treasury_units", pay_json(g->treasury));
	books_json_hash(o, "policy", &t.policy);
	return o;
}

static struct jv *
chain_json(const struct gather *g, const struct ledger *l)
{
	char text[FEDERATION_TIME_LEN], id[ID_TEXT_LEN];
	const struct hash *model =
	    g->height ? &g->model : &ledger_round(l)->base_model;
	struct jv *o = jv_object();

	jv_put_integer(o, "blocks", (int64_t)g->height);
	jv_put_string(o, "head",
	    id_text(g->height ? ID_BLOCK : ID_FEDERATION,
		g->height ? &g->head : ledger_head(l), id));
	jv_put_string(o, "head_time",
	    federation_time_text(g->height ? g->head_ms : ledger_time_ms(l),
		text));
	books_json_hash(o, "state_root", &g->state_root);
	jv_put_string(o, "model", id_text(ID_MODEL, model, id));
	return o;
}

/* By its last name, which a state that stands still has not heard of. */
static struct jv *
federation_json(const struct audit *a, const struct ledger *l)
{
	const struct audit_refounded *x = &a->refounded;
	struct jv *o = dossier_federation(l), *r;
	char id[ID_TEXT_LEN];

	if (x->n == 0)
		return o;
	jv_put_string(o, "id", id_text(ID_FEDERATION, &x->id, id));
	r = jv_object();
	jv_put_integer(r, "times", x->n);
	jv_put_integer(r, "block", (int64_t)x->height);
	jv_put_string(r, "without", x->without);
	jv_put_string(r, "founded_as",
	    id_text(ID_FEDERATION, &a->federation, id));
	jv_put(o, "refounded", r);
	return o;
}

static void
see_end(void *arg, const struct ledger *l)
{
	struct gather *g = arg;
	const struct books_look at = {ledger_books(l), ledger_federation(l),
	    ledger_height(l)};
	struct jv *d = g->document;

	g->state_height = ledger_height(l);
	jv_put(d, "federation", federation_json(g->a, l));
	jv_put(d, "chain", chain_json(g, l));
	jv_put(d, "jobs", g->jobs);
	jv_put(d, "rounds", g->rounds);
	jv_put(d, "offences", g->offences);
	jv_put(d, "assets", assets(&at));
	jv_put(d, "uses", table(&at, "uses"));
	jv_put(d, "orders", table(&at, "orders"));
	jv_put(d, "contributions", contributions(g, l));
	jv_put(d, "tokens", tokens(g, at.books));
	jv_put(d, "accounts", table(&at, "accounts"));
	jv_put(d, "proposals", table(&at, "proposals"));
	jv_put(d, "versions", table(&at, "tokens"));
	jv_put(d, "credentials", table(&at, "credentials"));
	g->rounds = g->jobs = g->offences = NULL;
}

/* Heights that mean "never" are beyond what canonical JSON holds as a number:
 * they become texts. */
static struct jv *
canonical(const struct jv *v)
{
	struct jv *out;
	char text[32];

	if (jv_is_object(v)) {
		const char *key = NULL;

		out = jv_object();
		while ((key = jv_next_key(v, key)) != NULL)
			jv_put(out, key, canonical(jv_get(v, key)));
		return out;
	}
	if (jv_is_array(v)) {
		out = jv_array();
		for (size_t i = 0; i < jv_len(v); i++)
			jv_add(out, canonical(jv_at(v, i)));
		return out;
	}
	if (!jv_is_number(v) ||
	    (jv_int(v, 0) <= INTEGER_MAX && jv_int(v, 0) >= -INTEGER_MAX))
		return jv_copy(v);
	snprintf(text, sizeof(text), "%" PRId64, jv_int(v, 0));
	return jv_string(text);
}

/* The chain as others' tools count it: see tlog.h. */
static struct jv *
log_json(const struct tlog *l)
{
	struct tlog_hash root = tlog_root(l, l->n);
	char text[BASE64_LEN(SHA256_LEN)];
	struct jv *o = jv_object();

	jv_put_string(o, "origin", l->origin);
	jv_put_integer(o, "size", (int64_t)l->n);
	jv_put_string(o, "root", base64_text(root.b, SHA256_LEN, text));
	return o;
}

static struct jv *
counts_of(const struct audit *a)
{
	struct jv *o = jv_object();

	for (uint8_t k = 1; k < TX_KINDS; k++)
		if (a->txs[k] != 0)
			jv_put_integer(o, tx_kind_name(k), (int64_t)a->txs[k]);
	return o;
}

static void
put_verdict(struct jv *d, const struct audit *a, const struct gather *g, int rc)
{
	struct jv *o = jv_object();

	jv_put_string(o, "chain", rc == 0 ? "proved" : "failed");
	if (a->light) {
		jv_put_boolean(o, "light", true);
		jv_put_integer(o, "state_of_block", (int64_t)g->state_height);
	}
	if (rc < 0) {
		jv_put_string(o, "check", check_code(a->fault.check));
		jv_put_integer(o, "block", (int64_t)a->fault.height);
		jv_put_string(o, "why", a->fault.why);
	}
	jv_put(d, "verdict", o);
}

int
dossier_make(struct audit *a, const struct audit_order *o, uint64_t now_ms,
    struct jv **out)
{
	struct gather *g = calloc(1, sizeof(*g));
	struct audit_watch watch = {see_block, see_end, g, NULL};
	char text[FEDERATION_TIME_LEN];
	int rc;

	*out = NULL;
	if (!g)
		return -ENOMEM;
	g->a = a;
	g->document = jv_object();
	g->rounds = jv_array();
	g->jobs = jv_array();
	g->offences = jv_array();
	jv_put_string(g->document, "schema", "qml.dossier/1");
	jv_put_string(g->document, "made_by", "qmlnode " QML_VERSION);
	jv_put_string(g->document, "build", QML_BUILD_ID);
	jv_put_string(g->document, "made", federation_time_text(now_ms, text));
	rc = audit_watch(a, o, &watch);
	if ((rc == 0 || rc == -EBADMSG) && a->founded) {
		put_verdict(g->document, a, g, rc);
		jv_put(g->document, "transactions", counts_of(a));
		jv_put(g->document, "log", log_json(o->log));
		jv_put(g->document, "checks", dossier_checks(&a->checks));
		jv_put(g->document, "cannot_be_known", dossier_blind());
		*out = canonical(g->document);
		if (!*out)
			rc = -ENOMEM;
	}
	jv_free(g->document);
	jv_free(g->rounds);
	jv_free(g->jobs);
	jv_free(g->offences);
	free(g);
	return rc;
}
