#include "daemon/node/ctl_methods.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/q24.h"

void
ctl_put_id(struct jv *o, const char *key, enum id_kind kind,
    const struct hash *h)
{
	char text[ID_TEXT_LEN];

	jv_put_string(o, key, id_text(kind, h, text));
}

struct jv *
ctl_object(const char *schema)
{
	struct jv *o = jv_object();

	jv_put_string(o, "schema", schema);
	return o;
}

static struct jv *
run_peers(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	const struct federation *f = n->opt->federation;
	struct jv *o = ctl_object("qml.peers/1"), *a = jv_array();

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
		ctl_put_id(p, "node", ID_NODE, &f->members[i].id);
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
	struct jv *o = ctl_object("qml.members/1"), *a = jv_array();

	(void)params, (void)code, (void)err, (void)errlen;
	for (uint16_t i = 0; i < f->nmembers; i++) {
		const struct member *m = &f->members[i];
		struct jv *j = jv_object();

		jv_put_integer(j, "index", i);
		jv_put_string(j, "name", m->name);
		ctl_put_id(j, "node", ID_NODE, &m->id);
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
run_rounds(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	int64_t want = jv_int(jv_get(params, "n"), 20);
	uint64_t have =
	    n->nrounds < NODE_ROUNDS_KEPT ? n->nrounds : NODE_ROUNDS_KEPT;
	struct jv *o = ctl_object("qml.rounds/1"), *a = jv_array();

	(void)code, (void)err, (void)errlen;
	if (want < 0 || (uint64_t)want > have)
		want = (int64_t)have;
	for (uint64_t k = n->nrounds - (uint64_t)want; k < n->nrounds; k++)
		jv_add(a,
		    ctl_kept_round_json(&n->rounds[k % NODE_ROUNDS_KEPT]));
	jv_put(o, "rounds", a);
	return o;
}

static struct jv *
run_model(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	const struct ledger *l = replica_ledger(n->replica);
	const struct job *j = &n->opt->federation->job;
	struct jv *o = ctl_object("qml.model/1"), *q = jv_array(),
		  *v = jv_array();
	const int64_t *m = ledger_model(l);

	(void)params, (void)code, (void)err, (void)errlen;
	ctl_put_id(o, "model", ID_MODEL, &ledger_round(l)->base_model);
	ctl_put_id(o, "federation", ID_FEDERATION, &n->federation_id);
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

static struct jv *
run_stop(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	struct jv *o = ctl_object("qml.stop/1");

	(void)params, (void)code, (void)err, (void)errlen;
	jv_put_boolean(o, "stopping", true);
	n->stop_asked = true; /* after the answer went out */
	return o;
}

static struct jv *run_list(struct node *n, const struct jv *params,
    CTL_ERR_ARGS);

static const struct ctl_method methods[] = {
    {"status", false, ctl_status, NULL, NULL, "where this node stands"},
    {"peers", false, run_peers, NULL, NULL, "links to the other members"},
    {"members", false, run_members, NULL, NULL, "who takes part"},
    {"rounds", false, run_rounds, NULL, NULL, "closed rounds; n: how many"},
    {"round", false, NULL, ctl_ask_round, ctl_tell_round,
	"one closed round in full; n: which"},
    {"block", false, NULL, ctl_ask_block, ctl_tell_block,
	"one block; height: a number or \"head\""},
    {"model", false, run_model, NULL, NULL, "the current model's parameters"},
    {"health", false, ctl_health, NULL, NULL, "checks with reasons"},
    {"stop", true, run_stop, NULL, NULL, "drain and end the daemon"},
    {"rpc.list", false, run_list, NULL, NULL, "these lines"},
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
