#include "daemon/node/ctl_methods.h"

#include <math.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/log.h"
#include "daemon/node/start.h"
#include "proto/q24.h"

/* Ratios and losses are for people; nothing reads them back. */
static double
ratio(uint64_t part, uint64_t whole)
{
	return whole > 0 ? (double)part / (double)whole : 0;
}

static void
put_control(struct jv *o, const struct node_round *r)
{
	jv_put_number(o, "control_loss", q24_to_double(r->control_loss_q24));
	jv_put_number(o, "control_accuracy",
	    ratio(r->control_correct, r->rows));
	if (r->valid_rows == 0)
		return;
	jv_put_number(o, "valid_control_loss",
	    q24_to_double(r->valid_control_loss_q24));
	jv_put_number(o, "valid_control_accuracy",
	    ratio(r->valid_control_correct, r->valid_rows));
}

/* What trained with noise says no losses: they are 0, and shown as null. */
static void
put_losses(struct jv *o, const int64_t q24[static 2], uint64_t correct,
    uint64_t rows)
{
	bool said = rows == 0 || q24[0] != 0 || q24[1] != 0 || correct > 0;

	jv_put_number(o, "loss_before", said ? q24_to_double(q24[0]) : NAN);
	jv_put_number(o, "loss_after", said ? q24_to_double(q24[1]) : NAN);
	jv_put_number(o, "local_accuracy", said ? ratio(correct, rows) : NAN);
}

/* The main task and the control arm side by side; a qpca's loss is the share
 * of the rows' length that is lost, a vqe's is an energy. */
static void
put_round(struct jv *o, const struct node_round *r, const struct job *j)
{
	/* An old round read from the chain does not say which job it was. */
	uint8_t task = r->task != 0 ? r->task : j->main.kind;
	uint8_t control = r->task != 0 ? r->control : j->control.kind;

	jv_put_integer(o, "round", (int64_t)r->round);
	jv_put_integer(o, "height", (int64_t)r->height);
	jv_put_string(o, "kind",
	    r->kind == BLOCK_AGGREGATE ? "aggregate" : "skip");
	jv_put_integer(o, "time_ms", (int64_t)r->time_ms);
	jv_put_integer(o, "duration_ms", (int64_t)r->duration_ms);
	jv_put_integer(o, "updates", r->nupdates);
	jv_put_integer(o, "answers", r->nparts);
	jv_put_integer(o, "rows", (int64_t)r->rows);
	put_losses(o, (const int64_t[2]){r->loss_before_q24, r->loss_after_q24},
	    r->correct, r->rows);
	if (r->valid_rows > 0) {
		jv_put_integer(o, "valid_rows", (int64_t)r->valid_rows);
		jv_put_number(o, "valid_loss",
		    q24_to_double(r->valid_loss_q24));
		jv_put_number(o, "valid_accuracy",
		    ratio(r->valid_correct, r->valid_rows));
	}
	if (control != 0 && r->rows > 0)
		put_control(o, r);
	if (task == JOB_VQE)
		jv_put_number(o, "energy", q24_to_double(r->loss_before_q24));
	if (task == JOB_QPCA)
		jv_put_number(o, "captured",
		    1 - q24_to_double(r->loss_after_q24));
}

struct jv *
ctl_kept_round_json(const struct node *n, const struct node_round *r)
{
	struct jv *o = jv_object();

	put_round(o, r, ledger_job(replica_ledger(n->replica)));
	return o;
}

static const char *
reason_text(uint8_t reason)
{
	static const char *const texts[] = {"", "no data", "trainer failed",
	    "declined", "numeric"};

	return reason < sizeof(texts) / sizeof(texts[0]) ? texts[reason] : "?";
}

struct jv *
ctl_round_json(const struct node *n, const struct ledger_round_summary *s)
{
	const struct federation *f = n->roster;
	struct jv *o = ctl_object("qml.round/1"), *parts = jv_array();
	struct node_round r;

	r = node_round_of(s);
	put_round(o, &r, ledger_job(replica_ledger(n->replica)));
	for (uint16_t i = 0; i < s->nparts; i++) {
		const struct ledger_part *p = &s->part[i];
		struct jv *j = jv_object();

		jv_put_string(j, "member", f->members[p->member].name);
		jv_put_boolean(j, "update", p->kind == ANSWER_UPDATE);
		jv_put_string(j, "reason", reason_text(p->reason));
		jv_put_integer(j, "rows", p->rows);
		put_losses(j,
		    (const int64_t[2]){p->loss_before_q24, p->loss_after_q24},
		    p->correct, p->rows);
		jv_put_boolean(j, "replayable",
		    (p->flags & ANSWER_REPLAYABLE) != 0);
		jv_put_boolean(j, "confined",
		    (p->flags & ANSWER_CONFINED) != 0);
		jv_put_boolean(j, "state_lost",
		    (p->flags & ANSWER_STATE_LOST) != 0);
		jv_put_boolean(j, "late", p->late);
		jv_add(parts, j);
	}
	jv_put(o, "parts", parts);
	return o;
}

/* A whole number under key; false: absent, or something else. */
static bool
get_number(const struct jv *params, const char *key, uint64_t *out)
{
	int64_t v = jv_int(jv_get(params, key), -1);

	*out = (uint64_t)v;
	return v >= 0;
}

bool
ctl_ask_round(const struct jv *params, struct past_question *q, char *err,
    size_t errlen)
{
	q->what = PAST_ROUND;
	if (get_number(params, "n", &q->number))
		return true;
	snprintf(err, errlen, "n: want the number of a round, 0 or more");
	return false;
}

bool
ctl_ask_block(const struct jv *params, struct past_question *q, char *err,
    size_t errlen)
{
	q->what = PAST_BLOCK;
	if (strcmp(jv_text(jv_get(params, "height"), ""), "head") == 0) {
		q->number = PAST_HEAD;
		return true;
	}
	if (get_number(params, "height", &q->number))
		return true;
	snprintf(err, errlen, "height: want a number, 0 or more, or \"head\"");
	return false;
}

struct jv *
ctl_tell_round(struct node *n, const struct past_answer *a, CTL_ERR_ARGS)
{
	const struct ledger_round *lr =
	    ledger_round(replica_ledger(n->replica));
	struct ledger_round_summary *s;
	struct jv *o;

	*code = CTL_NOT_FOUND;
	if (a->err == -ENOENT && a->question.number >= lr->number) {
		snprintf(err, errlen, "round %" PRIu64 " %s",
		    a->question.number,
		    lr->finished                           ? "never was"
			: a->question.number == lr->number ? "is still open"
							   : "is to come");
		return NULL;
	}
	if (a->err < 0) {
		*code = a->err == -ENOENT ? CTL_NOT_FOUND : CTL_INTERNAL;
		snprintf(err, errlen, "round %" PRIu64 " cannot be read: %s",
		    a->question.number, log_why(a->err));
		return NULL;
	}
	s = malloc(sizeof(*s));
	*code = CTL_INTERNAL;
	if (s == NULL)
		return NULL;
	summary_of_block(s, a->decided.block, a->opened_ms,
	    hash_is_zero(&a->model) ? NULL : &a->model);
	o = ctl_round_json(n, s);
	free(s);
	return o;
}

static void
put_hash(struct jv *o, const char *key, const struct hash *h)
{
	char hex[HASH_HEX_LEN];

	jv_put_string(o, key, hash_hex(h, hex));
}

static struct jv *
answers_json(const struct federation *f, const struct block *b)
{
	struct jv *list = jv_array();

	for (uint16_t i = 0; i < b->header.nanswers; i++) {
		const struct answer *a = b->answers[i];
		struct jv *j = jv_object();

		put_hash(j, "id", &b->answer_ids[i]);
		jv_put_string(j, "member", f->members[a->member].name);
		jv_put_boolean(j, "update", a->kind == ANSWER_UPDATE);
		jv_put_integer(j, "parameters", a->dim);
		jv_add(list, j);
	}
	return list;
}

static struct jv *
attests_json(const struct federation *f, const struct block *b)
{
	struct jv *list = jv_array();

	for (uint16_t i = 0; i < b->header.nattests; i++) {
		const struct attest *a = &b->attests[i];
		struct jv *j = jv_object(), *held = jv_array();

		jv_put_string(j, "member", f->members[a->validator].name);
		for (uint16_t k = 0; k < a->nheld; k++)
			jv_add(held, jv_string(f->members[a->member[k]].name));
		jv_put(j, "held", held);
		jv_add(list, j);
	}
	return list;
}

/* What the signers had together, if the members have it still: what they had
 * at another time is in the blocks between. */
static void
put_power(struct jv *o, const struct node *n, const struct wire_decided *d)
{
	const struct ledger *l = replica_ledger(n->replica);
	const uint32_t *powers = ledger_powers(l);
	const bool same =
	    hash_equal(&d->block->header.validators, ledger_validators(l));
	uint64_t power = 0, total = 0;

	for (uint16_t i = 0; same && i < ledger_nmembers(l); i++)
		total += powers[i];
	for (uint16_t i = 0; same && i < d->commit.nsigs; i++)
		power += powers[d->commit.validators[i]];
	jv_put(o, "power", same ? jv_integer((int64_t)power) : jv_null());
	jv_put(o, "total_power", same ? jv_integer((int64_t)total) : jv_null());
}

static struct jv *
certificate_json(const struct node *n, const struct wire_decided *d)
{
	const struct commit *c = &d->commit;
	struct jv *o = jv_object(), *signers = jv_array();

	for (uint16_t i = 0; i < c->nsigs; i++)
		jv_add(signers,
		    jv_string(n->roster->members[c->validators[i]].name));
	jv_put_integer(o, "view", c->round);
	jv_put(o, "signers", signers);
	put_power(o, n, d);
	return o;
}

static void
put_header(struct jv *o, const struct federation *f, const struct header *h)
{
	static const char *const kinds[] = {"ordinary", "aggregate", "skip"};

	jv_put_string(o, "kind", kinds[h->kind]);
	jv_put_integer(o, "time_ms", (int64_t)h->time_ms);
	ctl_put_id(o, "prev", h->height == 1 ? ID_FEDERATION : ID_BLOCK,
	    &h->prev);
	jv_put_string(o, "proposer", f->members[h->proposer].name);
	jv_put_integer(o, "view", h->round);
	jv_put_integer(o, "round", (int64_t)h->fl_round);
	ctl_put_id(o, "model", ID_MODEL, &h->model);
	put_hash(o, "aggregate", &h->aggregate);
	put_hash(o, "answers_root", &h->answers_root);
	put_hash(o, "attests_root", &h->attests_root);
	put_hash(o, "history_root", &h->history_root);
	put_hash(o, "validators", &h->validators);
	put_hash(o, "state_root", &h->state_root);
	jv_put_integer(o, "body_bytes", h->body_bytes);
}

struct jv *
ctl_tell_block(struct node *n, const struct past_answer *a, CTL_ERR_ARGS)
{
	const struct federation *f = n->roster;
	const struct block *b = a->decided.block;
	struct jv *o;

	if (a->err < 0) {
		*code = a->err == -ENOENT ? CTL_NOT_FOUND : CTL_INTERNAL;
		snprintf(err, errlen,
		    a->err == -ENOENT ? "there is no block %" PRIu64
					" yet; the head is %" PRIu64
				      : "block %" PRIu64 " is damaged; the "
					"head is %" PRIu64,
		    a->question.number, a->head);
		return NULL;
	}
	o = ctl_object("qml.block/1");
	jv_put_integer(o, "height", (int64_t)a->question.number);
	ctl_put_id(o, "federation", ID_FEDERATION, &n->federation_id);
	if (b == NULL) {
		jv_put_string(o, "kind", "founding");
		jv_put_integer(o, "time_ms", (int64_t)f->founded_ms);
		jv_put_integer(o, "members", n->opt->federation->nmembers);
		return o;
	}
	ctl_put_id(o, "id", ID_BLOCK, &b->id);
	put_header(o, f, &b->header);
	jv_put(o, "answers", answers_json(f, b));
	jv_put(o, "attests", attests_json(f, b));
	jv_put(o, "certificate", certificate_json(n, &a->decided));
	return o;
}
