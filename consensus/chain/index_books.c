/*
 * index_books.c - what members own, allowed and decided, as SQL tables: the
 * ledger is fed every block, and what changed in its books is written.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/books/journal.h"
#include "consensus/books/view.h"
#include "consensus/chain/index_state.h"
#include "consensus/ledger/ledger.h"
#include "proto/id.h"

/* Texts of a row: NULL where there is nothing. */
struct hex {
	char text[HASH_HEX_LEN];
};

static const char *
of_hash(const struct hash *h, struct hex *out)
{
	return hash_is_zero(h) ? NULL : hash_hex(h, out->text);
}

static const char *
of_key(const struct sign_public *k, struct hex *out)
{
	struct hash h;

	memcpy(h.b, k->b, sizeof(h.b));
	return of_hash(&h, out);
}

/* A height; 0: not yet, never. */
static const int64_t *
of_height(uint64_t height, int64_t *out)
{
	*out = (int64_t)height;
	return height > 0 ? out : NULL;
}

static int
put_account(struct index *x, const void *row)
{
	const struct account *a = row;
	struct hex key;

	return INDEX_RUN(x, SCHEMA_PUT_ACCOUNT, "ttii", of_key(&a->key, &key),
	    a->name, (int64_t)a->balance, (int64_t)a->nonce);
}

/* "vqc,linear" */
static void
task_names(uint32_t bits, char *out, size_t len)
{
	size_t n = 0;

	out[0] = '\0';
	for (uint8_t k = JOB_VQC; k <= JOB_VQE && n < len; k++)
		if (bits >> k & 1)
			n += (size_t)snprintf(out + n, len - n, "%s%s",
			    n > 0 ? "," : "", job_kind_name(k));
}

static void
circuit_hashes(const struct body_asset *t, char *out, size_t len)
{
	struct hex h;
	size_t n = 0;

	out[0] = '\0';
	for (uint8_t i = 0; i < t->ncircuits && n < len; i++)
		n += (size_t)snprintf(out + n, len - n, "%s%s", i ? "," : "",
		    hash_hex(&t->circuits[i], h.text));
}

static int64_t
epsilon_spent(const struct asset *a)
{
	uint32_t order;

	if (a->terms.privacy.eps_milli == 0 || a->privacy.steps == 0)
		return 0;
	return rdp_epsilon_nano(&a->privacy.spent, a->terms.privacy.delta_exp,
	    &order);
}

static int
put_asset(struct index *x, const void *row)
{
	const struct asset *a = row;
	const struct body_asset *t = &a->terms;
	char tasks[64], circuits[BODY_CIRCUITS * HASH_HEX_LEN];
	struct hex id, owner, root, schema, manifest, parent;
	int64_t withdrawn, erased;

	task_names(t->tasks, tasks, sizeof(tasks));
	circuit_hashes(t, circuits, sizeof(circuits));
	return INDEX_RUN(x, SCHEMA_PUT_ASSET, "tttittttttttiiiiiiiiiiooi",
	    of_hash(&a->id, &id), of_key(&a->owner, &owner), t->name,
	    (int64_t)t->rows, hash_hex(&t->root, root.text),
	    hash_hex(&t->schema, schema.text),
	    hash_hex(&t->manifest, manifest.text), of_hash(&t->parent, &parent),
	    t->purpose, t->licence, tasks, circuits, (int64_t)t->price,
	    (int64_t)t->credential, (int64_t)t->rounds, (int64_t)a->used,
	    (int64_t)t->privacy.eps_milli, (int64_t)t->privacy.delta_exp,
	    (int64_t)a->privacy.steps, epsilon_spent(a), (int64_t)a->registered,
	    (int64_t)t->expires, of_height(a->withdrawn, &withdrawn),
	    of_height(a->erased, &erased), (int64_t)a->banned);
}

static int
put_order(struct index *x, const void *row)
{
	static const char *const states[] = {"open", "queued", "running",
	    "done", "cancelled"};
	const struct order *o = row;
	struct hex id, buyer, policy, circuit, asset;
	int rc = INDEX_RUN(x, SCHEMA_PUT_ORDER,
	    "ttttttt"
	    "iiiii",
	    of_hash(&o->id, &id), of_key(&o->buyer, &buyer), states[o->state],
	    o->purpose, of_hash(&o->policy, &policy),
	    job_kind_name(o->wants.task), of_hash(&o->wants.circuit, &circuit),
	    (int64_t)o->wants.rounds, (int64_t)o->rounds, (int64_t)o->price,
	    (int64_t)o->escrow, (int64_t)o->paid);

	for (uint16_t i = 0; i < o->nassets && rc == 0; i++)
		rc = INDEX_RUN(x, SCHEMA_PUT_ORDER_ASSET, "tti", id.text,
		    hash_hex(&o->assets[i], asset.text),
		    (int64_t)o->accepted[i]);
	return rc;
}

static int
put_motion(struct index *x, const void *row)
{
	static const char *const options[] = {NULL, "yes", "no", "veto",
	    "abstain"};
	const struct motion *m = row;
	const struct decision *p = &m->p;
	struct hex text, payload;
	int64_t eta;
	int rc = INDEX_RUN(x, SCHEMA_PUT_PROPOSAL,
	    "ittttt"
	    "iiio",
	    (int64_t)p->id, proposal_terms(p->kind)->name,
	    proposal_state_name((enum proposal_state)p->state), m->title,
	    hash_hex(&m->text, text.text), hash_hex(&p->payload, payload.text),
	    (int64_t)p->proposer, (int64_t)p->submitted, (int64_t)p->end,
	    of_height(p->eta, &eta));

	for (uint16_t i = 0; i < p->nvoters && rc == 0; i++)
		rc = INDEX_RUN(x, SCHEMA_PUT_VOTE, "iitii", (int64_t)p->id,
		    (int64_t)i, options[p->votes[i]], (int64_t)p->seats[i],
		    (int64_t)p->tokens[i]);
	return rc;
}

static int
put_token(struct index *x, const void *row)
{
	const struct token *t = row;
	struct hex id, job, parent, owner, approved, user;
	char model[ID_TEXT_LEN];
	int64_t until;
	int rc = INDEX_RUN(x, SCHEMA_PUT_TOKEN, "ttttiiitttoii",
	    of_hash(&t->id, &id), hash_hex(&t->job, job.text),
	    of_hash(&t->parent, &parent), id_text(ID_MODEL, &t->model, model),
	    (int64_t)t->round_from, (int64_t)t->round_to, (int64_t)t->minted,
	    of_key(&t->owner, &owner), of_key(&t->approved, &approved),
	    of_key(&t->user, &user), of_height(t->user_until, &until),
	    (int64_t)t->royalty_ppm, (int64_t)t->withdrawn_data);

	for (uint16_t i = 0; i < t->nshares && rc == 0; i++)
		rc = INDEX_RUN(x, SCHEMA_PUT_SHARE, "tii", id.text,
		    (int64_t)t->shares[i].member, (int64_t)t->shares[i].ppm);
	return rc;
}

static int
put_credential(struct index *x, const void *row)
{
	const struct credential *c = row;
	struct hex id, issuer, subject;
	int64_t revoked;

	return INDEX_RUN(x, SCHEMA_PUT_CREDENTIAL, "tittiio",
	    hash_hex(&c->id, id.text), (int64_t)c->type,
	    of_key(&c->issuer, &issuer), of_key(&c->subject, &subject),
	    (int64_t)c->issued, (int64_t)c->expires,
	    of_height(c->revoked, &revoked));
}

static int
put_use(struct index *x, const void *row)
{
	const struct use *u = row;
	struct hex job, asset;

	return INDEX_RUN(x, SCHEMA_PUT_USE, "tti", hash_hex(&u->job, job.text),
	    hash_hex(&u->asset, asset.text), (int64_t)u->rounds);
}

static int (*const writers[BOOKS_TABLES])(struct index *, const void *) = {
    [BOOKS_ACCOUNTS] = put_account,
    [BOOKS_ASSETS] = put_asset,
    [BOOKS_ORDERS] = put_order,
    [BOOKS_MOTIONS] = put_motion,
    [BOOKS_TOKENS] = put_token,
    [BOOKS_CREDENTIALS] = put_credential,
    [BOOKS_USES] = put_use,
};

/* The same row before; NULL: it is new. Accounts are sorted by their keys, so
 * a new one moves others; all else is in the order in which it came. */
static const void *
row_before(const struct books *before, enum books_table t, const void *now,
    size_t i)
{
	const struct account *a = now;

	return t == BOOKS_ACCOUNTS ? books_account(before, &a->key)
				   : books_row_at(before, t, i);
}

/* What differs from `before`; NULL: everything. */
static int
put_changes(struct index *x, const struct books *before)
{
	const struct books *b = ledger_books(x->ledger);
	int rc = 0;

	for (enum books_table t = BOOKS_ACCOUNTS; t < BOOKS_TABLES; t++) {
		size_t size = books_row_size(b, t), i = 0;
		const void *row, *old;

		while (rc == 0 && (row = books_row_at(b, t, i)) != NULL) {
			old = before ? row_before(before, t, row, i) : NULL;
			if (!old || memcmp(row, old, size) != 0)
				rc = writers[t](x, row);
			i++;
		}
	}
	return rc;
}

static int
put_totals(struct index *x)
{
	struct books_totals t = books_totals(ledger_books(x->ledger));
	struct hex policy;
	int rc = INDEX_RUN(x, SCHEMA_PUT_META, "ti", "treasury",
	    (int64_t)t.treasury);

	if (rc == 0)
		rc = INDEX_RUN(x, SCHEMA_PUT_META, "ti", "minted",
		    (int64_t)t.minted);
	if (rc == 0)
		rc = INDEX_RUN(x, SCHEMA_PUT_META, "ti", "burned",
		    (int64_t)t.burned);
	if (rc == 0)
		rc = INDEX_RUN(x, SCHEMA_PUT_META, "tt", "policy",
		    of_hash(&t.policy, &policy));
	return rc;
}

static bool
of_round(enum books_cause c)
{
	return c == BOOKS_CAUSE_DATA_PRICE || c == BOOKS_CAUSE_SIGNED ||
	    c == BOOKS_CAUSE_DATA_REWARD || c == BOOKS_CAUSE_CONTRIBUTION ||
	    c == BOOKS_CAUSE_REMAINDER;
}

static int
put_entry(struct index *x, uint64_t height, size_t seq,
    const struct books_entry *e)
{
	int64_t number = (int64_t)e->number;
	struct hex key, tx, about;
	const char *account = of_key(&e->account, &key);
	int rc = INDEX_RUN(x, SCHEMA_PUT_ENTRY, "iitiitttoo", (int64_t)height,
	    (int64_t)seq, account ? account : "treasury", e->change,
	    (int64_t)e->balance, books_cause_name(e->cause),
	    of_hash(&e->tx, &tx), of_hash(&e->about, &about),
	    of_round(e->cause) ? &number : NULL,
	    e->cause == BOOKS_CAUSE_DECISION ? &number : NULL);

	if (rc == 0 && e->cause == BOOKS_CAUSE_CONTRIBUTION)
		rc = INDEX_RUN(x, SCHEMA_PUT_PAYOUT, "ititii", (int64_t)height,
		    about.text, number, account, e->value, e->change);
	return rc;
}

static void
hear(void *arg, const struct books_entry *e)
{
	struct index *x = arg;
	size_t max = x->entries_max ? 2 * x->entries_max : 64;
	struct books_entry *more;

	if (x->nentries == x->entries_max) {
		more = realloc(x->entries, max * sizeof(*more));
		if (!more) {
			x->entry_lost = true;
			return;
		}
		x->entries = more;
		x->entries_max = max;
	}
	x->entries[x->nentries++] = *e;
}

/* The chain is what the members agreed on: if this program's ledger refuses a
 * block of it, its tables stop there and say so; all others go on. */
static int
refuse(struct index *x, uint64_t height)
{
	x->refused = true;
	return INDEX_RUN(x, SCHEMA_PUT_META, "ti", "books_stopped",
	    (int64_t)height);
}

int
index_books_begin(struct index *x)
{
	int rc = x->ledger || x->refused ? 0 : ledger_new(x->f, &x->ledger);

	if (rc != -EINVAL)
		return rc;
	x->refused = true;
	return 0;
}

int
index_books_found(struct index *x)
{
	const struct account *a;
	const struct books *b;
	struct hex key;
	int rc = index_books_begin(x);

	if (rc < 0 || x->refused)
		return rc;
	b = ledger_books(x->ledger);
	for (size_t i = 0; rc == 0 && (a = books_account_at(b, i)) != NULL; i++)
		rc = INDEX_RUN(x, SCHEMA_PUT_ENTRY, "iitiitnnnn", (int64_t)0,
		    (int64_t)i, of_key(&a->key, &key), (int64_t)a->balance,
		    (int64_t)a->balance, "opening");
	if (rc == 0)
		rc = put_changes(x, NULL);
	return rc == 0 ? put_totals(x) : rc;
}

/* The ledger moves; what its books tell is kept. */
static int
move(struct index *x, const struct block *b)
{
	const struct books_journal ear = {hear, x}, nobody = {NULL, NULL};
	int rc;

	x->nentries = 0;
	x->entry_lost = false;
	books_watch(ledger_books(x->ledger), ear);
	rc = x->skim ? ledger_skim(x->ledger, b) : ledger_replay(x->ledger, b);
	books_watch(ledger_books(x->ledger), nobody);
	if (rc == -EBADMSG)
		return refuse(x, b->header.height);
	return rc == 0 && x->entry_lost ? -ENOMEM : rc;
}

int
index_books_open(struct index *x)
{
	books_free(x->before);
	x->before = NULL;
	if (x->refused)
		return 0;
	if (!x->ledger)
		return -EINVAL;
	return books_clone(ledger_books(x->ledger), &x->before);
}

int
index_books_apply(struct index *x, const struct block *b)
{
	int rc;

	if (x->refused)
		return 0;
	if (ledger_height(x->ledger) + 1 != b->header.height)
		return -EINVAL;
	rc = move(x, b);
	for (size_t i = 0; rc == 0 && !x->refused && i < x->nentries; i++)
		rc = put_entry(x, b->header.height, i, &x->entries[i]);
	return rc;
}

/* Who came later, left or changed keys; a seat is a row. */
static int
put_members(struct index *x)
{
	const struct hash *now = ledger_validators(x->ledger);
	const struct member *m;
	char id[ID_TEXT_LEN];
	int rc = 0;

	if (hash_equal(now, &x->seated))
		return 0;
	for (uint16_t i = 0; rc == 0 && i < ledger_nmembers(x->ledger); i++) {
		m = ledger_member(x->ledger, i);
		if (m->name[0] != '\0')
			rc = INDEX_RUN(x, SCHEMA_PUT_MEMBER, "itttii",
			    (int64_t)i, id_text(ID_NODE, &m->id, id), m->name,
			    m->address, (int64_t)m->power, (int64_t)m->weight);
	}
	if (rc == 0)
		x->seated = *now;
	return rc;
}

int
index_books_end(struct index *x)
{
	int rc;

	if (!x->before)
		return 0; /* refused before this transaction */
	rc = put_changes(x, x->before);
	if (rc == 0)
		rc = put_members(x);
	if (rc == 0)
		rc = put_totals(x);
	books_free(x->before);
	x->before = NULL;
	return rc;
}

int
index_books_replay(struct index *x, const struct block *b)
{
	int rc =
	    x->skim ? ledger_skim(x->ledger, b) : ledger_replay(x->ledger, b);

	return rc == -EBADMSG ? refuse(x, b->header.height) : rc;
}

bool
index_books_behind(const struct index *x)
{
	return !x->refused &&
	    (!x->ledger || ledger_height(x->ledger) < x->head);
}

void
index_adopt(struct index *x, struct ledger *l)
{
	if (x->ledger || ledger_height(l) != x->head) {
		ledger_free(l);
		return;
	}
	x->ledger = l;
}

const struct ledger *
index_ledger(const struct index *x)
{
	return x->refused || index_books_behind(x) ? NULL : x->ledger;
}

void
index_books_close(struct index *x)
{
	x->seated = (struct hash){{0}};
	ledger_free(x->ledger);
	x->ledger = NULL;
	books_free(x->before);
	x->before = NULL;
	x->refused = false;
	free(x->entries);
	x->entries = NULL;
	x->nentries = x->entries_max = 0;
}
