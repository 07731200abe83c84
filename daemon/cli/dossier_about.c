#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/federation_draft.h"
#include "config/federation_file.h"
#include "consensus/ledger/seats.h"
#include "daemon/cli/dossier.h"
#include "daemon/node/books_json.h"
#include "daemon/node/jv.h"
#include "proto/id.h"

static void
put_decimal(struct jv *o, const char *key, const struct decimal *d)
{
	char text[DECIMAL_TEXT_LEN];

	jv_put_string(o, key, decimal_text(d, text));
}

static struct jv *
members_json(const struct ledger *l)
{
	struct jv *list = jv_array();

	for (uint16_t i = 0; i < ledger_nmembers(l); i++) {
		const struct member *m = ledger_member(l, i);
		char id[ID_TEXT_LEN];
		struct hash key;
		struct jv *o = jv_object();

		memcpy(key.b, m->sign.b, sizeof(key.b));
		jv_put_string(o, "name", m->name);
		jv_put_string(o, "node", id_text(ID_NODE, &m->id, id));
		books_json_hash(o, "key", &key);
		jv_put_integer(o, "power", ledger_powers(l)[i]);
		jv_put_integer(o, "weight", m->weight);
		jv_put_boolean(o, "active", ledger_active(l, i));
		jv_add(list, o);
	}
	return list;
}

static struct jv *
schema_json(const struct federation *f)
{
	struct jv *o = jv_object(), *columns = jv_array(), *labels = jv_array();

	for (uint16_t i = 0; i < f->ncolumns; i++) {
		struct jv *c = jv_object();

		jv_put_string(c, "name", f->columns[i].name);
		jv_put_string(c, "unit", f->columns[i].unit);
		put_decimal(c, "lo", &f->columns[i].lo);
		put_decimal(c, "hi", &f->columns[i].hi);
		jv_add(columns, c);
	}
	for (uint16_t i = 0; i < f->nlabels; i++)
		jv_add(labels, jv_string(f->labels[i]));
	jv_put(o, "columns", columns);
	jv_put_string(o, "label", f->label);
	jv_put(o, "labels", labels);
	return o;
}

struct jv *
dossier_federation(const struct ledger *l)
{
	const struct federation *f = ledger_federation(l);
	uint16_t n = seats_members(ledger_seats_now(l));
	char text[FEDERATION_TIME_LEN], id[ID_TEXT_LEN];
	struct jv *o = jv_object();

	jv_put_string(o, "name", f->name);
	jv_put_string(o, "id",
	    id_text(ID_FEDERATION, ledger_federation_id(l), id));
	jv_put_string(o, "founded", federation_time_text(f->founded_ms, text));
	jv_put_integer(o, "tolerates", n > 0 ? (n - 1) / 3 : 0);
	jv_put_boolean(o, "shared_key", f->shared_key);
	jv_put(o, "members", members_json(l));
	jv_put(o, "schema", schema_json(f));
	return o;
}

static struct jv *
task_json(const struct job_task *t)
{
	struct jv *o = jv_object();
	struct hash circuit;

	jv_put_string(o, "kind", job_kind_name(t->kind));
	jv_put_integer(o, "parameters", t->dim);
	if (t->qubits != 0)
		jv_put_integer(o, "qubits", t->qubits);
	if (t->layers != 0)
		jv_put_integer(o, "layers", t->layers);
	if (t->kind == JOB_VQC)
		jv_put_string(o, "encoding",
		    federation_file_word("encoding", t->encoding));
	if (t->kind == JOB_VQC || t->kind == JOB_VQE)
		jv_put_string(o, "ansatz",
		    federation_file_word("ansatz", t->ansatz));
	if (t->kind == JOB_QSVM)
		jv_put_string(o, "map", federation_file_word("map", t->map));
	if (t->circuit) {
		circuit =
		    hash_bytes("qml.circuit", t->circuit, strlen(t->circuit));
		books_json_hash(o, "circuit", &circuit);
	}
	return o;
}

struct jv *
dossier_job(const struct job *j, const struct hash *id)
{
	struct jv *o = jv_object();
	char before[FEDERATION_BEFORE_LEN];

	books_json_hash(o, "id", id);
	jv_put(o, "task", task_json(&j->main));
	if (j->stage.kind != 0)
		jv_put(o, "stage", task_json(&j->stage));
	if (j->control.kind != 0)
		jv_put(o, "control", task_json(&j->control));
	jv_put_integer(o, "rounds", j->rounds);
	jv_put_integer(o, "epochs", j->local.epochs);
	jv_put_integer(o, "steps", j->local.steps);
	jv_put_integer(o, "batch", j->local.batch);
	jv_put_integer(o, "shots", j->local.shots);
	jv_put_boolean(o, "noise_model", j->local.noise != NULL);
	federation_before_text(j->combine.pre, before);
	jv_put_string(o, "before", before);
	jv_put_string(o, "rule", federation_file_word("rule", j->combine.rule));
	put_decimal(o, "clip", &j->clip);
	put_decimal(o, "bound", &j->bound);
	put_decimal(o, "validation", &j->validation);
	books_json_hash(o, "seed", &j->seed);
	return o;
}

struct jv *
dossier_checks(const struct checks *c)
{
	struct jv *list = jv_array();

	for (enum check_id id = CHECK_FOUNDING; id < CHECKS; id++) {
		const struct check *k = &c->of[id];
		struct jv *o = jv_object();

		jv_put_string(o, "check", check_code(id));
		jv_put_string(o, "name", check_name(id));
		jv_put_string(o, "state", check_state_name(k->state));
		jv_put_string(o, "claim", check_claim(id));
		jv_put_string(o, "why", k->why);
		if (k->state == CHECK_FAILED)
			jv_put_integer(o, "block", (int64_t)k->height);
		jv_add(list, o);
	}
	return list;
}

struct jv *
dossier_blind(void)
{
	static const char *const list[] = {
	    "Whether the rows that members trained on are true, and theirs to "
	    "use.",
	    "Whether a member that claims noise added it: the seed is "
	    "committed, not published.",
	    "Whether an update is what the declared program makes of the "
	    "rows, unless it is replayed on them (qmltrain replay).",
	    "Losses, accuracies and row counts: they are what members claim "
	    "of their own rows.",
	    "What a member does with the model outside the federation.",
	    "Whether the chain went on after its last block here.",
	    "Whether somebody with more than two thirds of the keys wrote "
	    "another chain.",
	};
	struct jv *out = jv_array();

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		jv_add(out, jv_string(list[i]));
	return out;
}

static struct jv *
proof_options(const struct sign_key *key, uint64_t now_ms)
{
	struct sign_public pk = sign_key_public(key);
	char did[CREDENTIAL_DID_LEN], method[2 * CREDENTIAL_DID_LEN];
	char made[FEDERATION_TIME_LEN];
	struct jv *o = jv_object();

	credential_did(&pk, did);
	snprintf(method, sizeof(method), "%s#%s", did,
	    did + strlen("did:key:"));
	jv_put_string(o, "type", "DataIntegrityProof");
	jv_put_string(o, "cryptosuite", "eddsa-jcs-2022");
	jv_put_string(o, "created", federation_time_text(now_ms, made));
	jv_put_string(o, "verificationMethod", method);
	jv_put_string(o, "proofPurpose", "assertionMethod");
	return o;
}

int
dossier_sign(struct jv *document, const struct sign_key *key, uint64_t now_ms)
{
	return credential_prove(document, proof_options(key, now_ms), key);
}

int
dossier_verify(const struct jv *document, char by[static CREDENTIAL_DID_LEN],
    char err[static CREDENTIAL_ERR_LEN])
{
	const struct jv *proof = jv_get(document, "proof");
	const char *method = jv_text(jv_get(proof, "verificationMethod"), "");
	char why[CREDENTIAL_ERR_LEN];
	struct sign_public pk;
	int rc;

	snprintf(by, CREDENTIAL_DID_LEN, "%.*s", (int)strcspn(method, "#"),
	    method);
	if (!proof) {
		snprintf(err, CREDENTIAL_ERR_LEN, "it is not signed");
		return -EINVAL;
	}
	if (credential_did_parse(by, &pk) < 0) {
		snprintf(err, CREDENTIAL_ERR_LEN,
		    "its verificationMethod is no did:key of Ed25519");
		return -EINVAL;
	}
	/* What it says is about "credential: ...". */
	rc = credential_check_proof(document, &pk, why);
	if (rc < 0)
		snprintf(err, CREDENTIAL_ERR_LEN, "dossier%s",
		    why + strcspn(why, ":"));
	return rc;
}
