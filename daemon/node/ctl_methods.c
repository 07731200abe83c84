#include "daemon/node/ctl_methods.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/bft/quorum.h"
#include "consensus/bft/view.h"
#include "gen/version.h"
#include "proto/id.h"
#include "proto/q24.h"

#define CTL_ERR_ARGS enum ctl_error *code, char *err, size_t errlen

/* Ratios and losses are for people; nothing reads them back. */
static double
ratio(uint64_t part, uint64_t whole)
{
	return whole > 0 ? (double)part / (double)whole : 0;
}

static void
put_id(struct jv *o, const char *key, enum id_kind kind, const struct hash *h)
{
	char text[ID_TEXT_LEN];

	jv_put_string(o, key, id_text(kind, h, text));
}

static const struct ledger *
ledger(const struct node *n)
{
	return replica_ledger(n->replica);
}

static int
compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static struct jv *
latency_json(const struct node *n)
{
	size_t k = n->nlatencies < NODE_LATENCIES_KEPT ? (size_t)n->nlatencies
						       : NODE_LATENCIES_KEPT;
	uint32_t *v = malloc((k + 1) * sizeof(*v));
	struct jv *o = jv_object();

	jv_put_integer(o, "rounds", (int64_t)k);
	if (v != NULL && k > 0) {
		memcpy(v, n->latency_us, k * sizeof(*v));
		qsort(v, k, sizeof(*v), compare_u32);
		jv_put_number(o, "p50_ms", v[k / 2] / 1000.0);
		jv_put_number(o, "p99_ms", v[k * 99 / 100] / 1000.0);
	}
	free(v);
	return o;
}

/* Resident pages of this process, in bytes. */
static int64_t
resident_bytes(void)
{
	size_t rss = 0;

	return uv_resident_set_memory(&rss) == 0 ? (int64_t)rss : -1;
}

static void
add_missing(const struct node *n, struct jv *o)
{
	const struct federation *f = n->opt->federation;
	struct jv *answers = jv_array(), *attests = jv_array();

	for (uint16_t i = 0; i < f->nmembers; i++) {
		if (!replica_holds_answer(n->replica, i))
			jv_add(answers, jv_string(f->members[i].name));
		if (!replica_holds_attest(n->replica, i))
			jv_add(attests, jv_string(f->members[i].name));
	}
	jv_put(o, "answers_missing", answers);
	jv_put(o, "attests_missing", attests);
}

static struct jv *
agreement_json(const struct node *n)
{
	static const char *const steps[] = {"propose", "prevote", "precommit"};
	struct jv *o = jv_object();
	struct bft_status s;

	bft_status(replica_bft(n->replica), &s);
	jv_put_integer(o, "height", (int64_t)s.height);
	jv_put_integer(o, "round", s.round);
	jv_put_string(o, "step", s.round < 0 ? "wait" : steps[s.step]);
	jv_put_string(o, "proposer",
	    n->opt->federation->members[s.proposer].name);
	jv_put_boolean(o, "has_proposal", s.have_proposal);
	jv_put_integer(o, "prevote_power", (int64_t)s.prevote_power);
	jv_put_integer(o, "precommit_power", (int64_t)s.precommit_power);
	jv_put_integer(o, "total_power", (int64_t)s.total_power);
	return o;
}

static struct jv *
round_json(const struct node *n)
{
	const struct ledger_round *lr = ledger_round(ledger(n));
	struct replica_progress p = replica_progress(n->replica);
	struct jv *o = jv_object();

	jv_put_integer(o, "number", (int64_t)lr->number);
	jv_put_integer(o, "of", n->opt->federation->job.rounds);
	jv_put_boolean(o, "finished", lr->finished);
	jv_put_integer(o, "opened_ms", (int64_t)lr->opened_ms);
	jv_put_integer(o, "collect_at_ms", (int64_t)lr->collect_at_ms);
	jv_put_integer(o, "answers", p.answers);
	jv_put_integer(o, "attests", p.attests);
	jv_put_boolean(o, "answered", p.answered);
	jv_put_boolean(o, "training", p.training);
	jv_put_integer(o, "aggregated", (int64_t)lr->aggregated);
	jv_put_integer(o, "skipped", (int64_t)lr->skipped);
	if (!lr->finished)
		add_missing(n, o);
	return o;
}

static struct jv *
trainer_json(const struct node *n)
{
	static const char *const names[] = {[TRAINER_NONE] = "none",
	    [TRAINER_STARTING] = "starting",
	    [TRAINER_IDLE] = "idle",
	    [TRAINER_BUSY] = "training",
	    [TRAINER_REFUSED] = "refused",
	    [TRAINER_WAITING] = "restarting"};
	struct jv *o = jv_object();

	if (n->trainer == NULL) {
		jv_put_string(o, "state", "none");
		return o;
	}
	jv_put_string(o, "state", names[trainer_state(n->trainer)]);
	jv_put_string(o, "problem", trainer_text(n->trainer));
	jv_put_integer(o, "rows", trainer_ready(n->trainer)->rows);
	jv_put_boolean(o, "confined", trainer_ready(n->trainer)->confined);
	return o;
}

static struct jv *
counts_json(const struct node *n)
{
	struct replica_counts c = replica_counts(n->replica);
	struct jv *o = jv_object();

	jv_put_integer(o, "bad_messages", (int64_t)c.bad_messages);
	jv_put_integer(o, "stale", (int64_t)c.stale);
	jv_put_integer(o, "equivocations", (int64_t)c.equivocations);
	jv_put_integer(o, "synced", (int64_t)c.synced);
	jv_put_integer(o, "dropped", (int64_t)c.dropped);
	jv_put_integer(o, "storage_queue", (int64_t)storage_depth(n->storage));
	jv_put_integer(o, "resident_bytes", resident_bytes());
	return o;
}

static uint16_t
count_up(const struct node *n)
{
	uint16_t up = 0;

	for (uint16_t i = 0; i < n->opt->federation->nmembers; i++)
		up = (uint16_t)(up +
		    (i == n->opt->self || peers_up(n->peers, i)));
	return up;
}

static struct jv *
run_status(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	const struct federation *f = n->opt->federation;
	const struct member *me = &f->members[n->opt->self];
	struct jv *o = jv_object();
	struct hash model = q24_hash("qml.model", ledger_model(ledger(n)),
	    ledger_dim(ledger(n)));

	(void)params, (void)code, (void)err, (void)errlen;
	jv_put_string(o, "schema", "qml.status/1");
	jv_put_string(o, "version", QML_VERSION);
	jv_put_string(o, "name", me->name);
	put_id(o, "node", ID_NODE, &me->id);
	jv_put_string(o, "federation_name", f->name);
	put_id(o, "federation", ID_FEDERATION, &n->federation_id);
	jv_put_integer(o, "members", f->nmembers);
	jv_put_integer(o, "connected", count_up(n));
	jv_put_integer(o, "tolerates", (f->nmembers - 1) / 3);
	jv_put_integer(o, "height", (int64_t)ledger_height(ledger(n)));
	put_id(o, "head", ID_BLOCK, ledger_head(ledger(n)));
	jv_put_integer(o, "head_time_ms", (int64_t)ledger_time_ms(ledger(n)));
	put_id(o, "model", ID_MODEL, &model);
	jv_put_integer(o, "uptime_ms",
	    (int64_t)(node_mono_ms() - n->started_ms));
	jv_put_integer(o, "ready_after_ms",
	    (int64_t)(n->ready_ms - n->started_ms));
	jv_put_string(o, "halted", n->halted != NULL ? n->halted : "");
	jv_put_boolean(o, "syncing", replica_progress(n->replica).syncing);
	jv_put(o, "round", round_json(n));
	jv_put(o, "agreement", agreement_json(n));
	jv_put(o, "trainer", trainer_json(n));
	jv_put(o, "commit_latency", latency_json(n));
	jv_put(o, "counts", counts_json(n));
	return o;
}

static struct jv *
run_peers(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	const struct federation *f = n->opt->federation;
	struct jv *o = jv_object(), *a = jv_array();

	(void)params, (void)code, (void)err, (void)errlen;
	for (uint16_t i = 0; i < f->nmembers; i++) {
		struct jv *p = jv_object();
		struct peers_info s;

		if (i == n->opt->self) {
			jv_free(p);
			continue;
		}
		peers_info(n->peers, i, &s);
		jv_put_string(p, "name", f->members[i].name);
		put_id(p, "node", ID_NODE, &f->members[i].id);
		jv_put_string(p, "address", f->members[i].address);
		jv_put_boolean(p, "up", s.up);
		jv_put_boolean(p, "dialed", s.dialed);
		jv_put_number(p, "rtt_ms", s.rtt_us / 1000.0);
		jv_put_integer(p, "bytes_in", (int64_t)s.bytes_in);
		jv_put_integer(p, "bytes_out", (int64_t)s.bytes_out);
		jv_put_integer(p, "messages_in", (int64_t)s.msgs_in);
		jv_put_integer(p, "messages_out", (int64_t)s.msgs_out);
		jv_put_integer(p, "dropped", (int64_t)s.dropped);
		jv_put_integer(p, "connects", s.connects);
		jv_put_integer(p, "punished", s.punished);
		jv_put_string(p, "last_error",
		    s.last_error != 0 ? uv_strerror(s.last_error) : "");
		jv_add(a, p);
	}
	jv_put(o, "peers", a);
	return o;
}

static struct jv *
run_members(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	const struct federation *f = n->opt->federation;
	struct jv *o = jv_object(), *a = jv_array();

	(void)params, (void)code, (void)err, (void)errlen;
	for (uint16_t i = 0; i < f->nmembers; i++) {
		const struct member *m = &f->members[i];
		struct jv *j = jv_object();

		jv_put_integer(j, "index", i);
		jv_put_string(j, "name", m->name);
		put_id(j, "node", ID_NODE, &m->id);
		jv_put_string(j, "address", m->address);
		jv_put_integer(j, "power", m->power);
		jv_put_integer(j, "weight", m->weight);
		jv_put_boolean(j, "self", i == n->opt->self);
		jv_put_boolean(j, "connected",
		    i == n->opt->self || peers_up(n->peers, i));
		jv_add(a, j);
	}
	jv_put(o, "members", a);
	return o;
}

static struct jv *
kept_round_json(const struct node_round *r)
{
	struct jv *o = jv_object();

	jv_put_integer(o, "round", (int64_t)r->round);
	jv_put_integer(o, "height", (int64_t)r->height);
	jv_put_string(o, "kind",
	    r->kind == BLOCK_AGGREGATE ? "aggregate" : "skip");
	jv_put_integer(o, "time_ms", (int64_t)r->time_ms);
	jv_put_integer(o, "duration_ms", (int64_t)r->duration_ms);
	jv_put_integer(o, "updates", r->nupdates);
	jv_put_integer(o, "answers", r->nparts);
	jv_put_integer(o, "rows", (int64_t)r->rows);
	jv_put_number(o, "loss_before", q24_to_double(r->loss_before_q24));
	jv_put_number(o, "loss_after", q24_to_double(r->loss_after_q24));
	jv_put_number(o, "local_accuracy", ratio(r->correct, r->rows));
	return o;
}

static struct jv *
run_rounds(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	int64_t want = jv_int(jv_get(params, "n"), 20);
	uint64_t have =
	    n->nrounds < NODE_ROUNDS_KEPT ? n->nrounds : NODE_ROUNDS_KEPT;
	struct jv *o = jv_object(), *a = jv_array();

	(void)code, (void)err, (void)errlen;
	if (want < 0 || (uint64_t)want > have)
		want = (int64_t)have;
	for (uint64_t k = n->nrounds - (uint64_t)want; k < n->nrounds; k++)
		jv_add(a, kept_round_json(&n->rounds[k % NODE_ROUNDS_KEPT]));
	jv_put(o, "rounds", a);
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
	const struct federation *f = n->opt->federation;
	struct jv *o = jv_object(), *parts = jv_array();

	jv_put_integer(o, "round", (int64_t)s->round);
	jv_put_integer(o, "height", (int64_t)s->height);
	jv_put_string(o, "kind",
	    s->kind == BLOCK_AGGREGATE ? "aggregate" : "skip");
	jv_put_integer(o, "time_ms", (int64_t)s->time_ms);
	jv_put_integer(o, "duration_ms", (int64_t)s->duration_ms);
	jv_put_integer(o, "updates", s->nupdates);
	jv_put_integer(o, "rows", (int64_t)s->rows);
	jv_put_number(o, "loss_before", q24_to_double(s->loss_before_q24));
	jv_put_number(o, "loss_after", q24_to_double(s->loss_after_q24));
	jv_put_number(o, "local_accuracy", ratio(s->correct, s->rows));
	for (uint16_t i = 0; i < s->nparts; i++) {
		const struct ledger_part *p = &s->part[i];
		struct jv *j = jv_object();

		jv_put_string(j, "member", f->members[p->member].name);
		jv_put_boolean(j, "update", p->kind == ANSWER_UPDATE);
		jv_put_string(j, "reason", reason_text(p->reason));
		jv_put_integer(j, "rows", p->rows);
		jv_put_number(j, "loss_before",
		    q24_to_double(p->loss_before_q24));
		jv_put_number(j, "loss_after",
		    q24_to_double(p->loss_after_q24));
		jv_put_number(j, "local_accuracy", ratio(p->correct, p->rows));
		jv_put_boolean(j, "replayable",
		    (p->flags & ANSWER_REPLAYABLE) != 0);
		jv_put_boolean(j, "confined",
		    (p->flags & ANSWER_CONFINED) != 0);
		jv_add(parts, j);
	}
	jv_put(o, "parts", parts);
	return o;
}

static struct jv *
run_model(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	const struct ledger *l = ledger(n);
	const struct job *j = &n->opt->federation->job;
	struct jv *o = jv_object(), *q = jv_array(), *v = jv_array();
	const int64_t *m = ledger_model(l);
	struct hash h = q24_hash("qml.model", m, ledger_dim(l));

	(void)params, (void)code, (void)err, (void)errlen;
	put_id(o, "model", ID_MODEL, &h);
	put_id(o, "federation", ID_FEDERATION, &n->federation_id);
	jv_put_integer(o, "round", (int64_t)ledger_round(l)->number);
	jv_put_integer(o, "height", (int64_t)ledger_height(l));
	jv_put_string(o, "task", j->task == JOB_VQC ? "vqc" : "linear");
	jv_put_integer(o, "qubits", j->qubits);
	jv_put_integer(o, "layers", j->layers);
	jv_put_string(o, "encoding",
	    j->encoding == JOB_ANGLE           ? "angle"
		: j->encoding == JOB_AMPLITUDE ? "amplitude"
					       : "none");
	jv_put_string(o, "ansatz",
	    j->ansatz == JOB_STRONGLY_ENTANGLING      ? "strongly_entangling"
		: j->ansatz == JOB_HARDWARE_EFFICIENT ? "hardware_efficient"
						      : "none");
	jv_put_string(o, "readout",
	    j->readout == JOB_Z          ? "z"
		: j->readout == JOB_Z_ZZ ? "z_zz"
					 : "none");
	jv_put_integer(o, "dim", ledger_dim(l));
	jv_put_integer(o, "angles", j->nangles);
	for (uint32_t i = 0; i < ledger_dim(l); i++) {
		jv_add(q, jv_integer(m[i]));
		jv_add(v, jv_number(q24_to_double(m[i])));
	}
	jv_put(o, "params_q24", q);
	jv_put(o, "params", v);
	return o;
}

static void
add_check(struct jv *a, const char *name, bool ok, const char *why)
{
	struct jv *c = jv_object();

	jv_put_string(c, "check", name);
	jv_put_boolean(c, "ok", ok);
	jv_put_string(c, "why", ok ? "" : why);
	jv_add(a, c);
}

static struct jv *
run_health(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	const uint32_t *power = ledger_powers(ledger(n));
	uint64_t up = 0, total = 0;
	struct jv *o = jv_object(), *a = jv_array();
	enum trainer_state t =
	    n->trainer != NULL ? trainer_state(n->trainer) : TRAINER_IDLE;
	bool quorum, trainer, synced;

	(void)params, (void)code, (void)err, (void)errlen;
	for (uint16_t i = 0; i < n->opt->federation->nmembers; i++) {
		total += power[i];
		if (i == n->opt->self || peers_up(n->peers, i))
			up += power[i];
	}
	quorum = quorum_reached(up, total);
	trainer = t != TRAINER_REFUSED && t != TRAINER_WAITING;
	synced = !replica_progress(n->replica).syncing;
	add_check(a, "voting", n->halted == NULL, n->halted);
	add_check(a, "quorum", quorum,
	    "links to members of more than two "
	    "thirds of the power are needed");
	add_check(a, "synced", synced, "blocks are being fetched");
	add_check(a, "trainer", trainer,
	    n->trainer != NULL ? trainer_text(n->trainer) : "");
	jv_put_boolean(o, "ok",
	    n->halted == NULL && quorum && synced && trainer);
	jv_put(o, "checks", a);
	return o;
}

static struct jv *
run_stop(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	struct jv *o = jv_object();

	(void)params, (void)code, (void)err, (void)errlen;
	jv_put_boolean(o, "stopping", true);
	n->stop_asked = true; /* after the answer went out */
	return o;
}

static struct jv *run_list(struct node *n, const struct jv *params,
    CTL_ERR_ARGS);

static const struct ctl_method methods[] = {
    {"status", false, run_status, "where this node stands"},
    {"peers", false, run_peers, "links to the other members"},
    {"members", false, run_members, "who belongs to the federation"},
    {"rounds", false, run_rounds, "closed rounds; n: how many"},
    {"model", false, run_model, "the current model's parameters"},
    {"health", false, run_health, "checks with reasons"},
    {"stop", true, run_stop, "drain and end the daemon"},
    {"rpc.list", false, run_list, "these lines"},
};

static struct jv *
run_list(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	struct jv *o = jv_object();

	(void)n, (void)params, (void)code, (void)err, (void)errlen;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		jv_put_string(o, methods[i].name, methods[i].help);
	jv_put_string(o, "events", "turn this connection into a stream");
	return o;
}

const struct ctl_method *
ctl_method_find(const char *name)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(methods[i].name, name) == 0)
			return &methods[i];
	return NULL;
}
