#include "daemon/cli/demo.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/cli/cli.h"

static int
ask_baselines(struct demo *d)
{
	char *argv[] = {d->qmltrain, (char *)"baseline", (char *)"--federation",
	    d->federation_path, (char *)"--data", d->rows, (char *)"--threads",
	    (char *)"2", (char *)"--json", NULL};
	struct jv *v = demo_ask(d, argv);

	if (v == NULL)
		return CLI_FAILED;
	d->majority = jv_real(jv_get(v, "majority"), 0);
	d->best_alone = jv_real(jv_get(v, "best_node_alone"), 0);
	d->logistic = jv_real(jv_get(v, "logistic"), 0);
	jv_free(v);
	return 0;
}

int
demo_audit(struct demo *d)
{
	char *argv[] = {d->qmlnode, (char *)"audit", d->nodes[0].home,
	    (char *)"--federation", d->id, (char *)"--json", NULL};
	struct jv *v = demo_ask(d, argv);

	d->audit_ok = strcmp(jv_text(jv_get(v, "audit"), ""), "ok") == 0;
	jv_free(v);
	return d->audit_ok ? 0 : CLI_NOT_VERIFIED;
}

int
demo_judge(struct demo *d)
{
	int rc = demo_audit(d);

	return rc == 0 ? ask_baselines(d) : rc;
}

void
demo_print_summary(const struct demo *d)
{
	fprintf(d->out, "\nOn %u rows that no node trained on\n",
	    d->heldout_rows);
	fprintf(d->out, "  always the commonest class        %6.2f %%\n",
	    100 * d->majority);
	fprintf(d->out, "  best node alone, same circuit     %6.2f %%\n",
	    100 * d->best_alone);
	fprintf(d->out,
	    "  this federation                   %6.2f %%   "
	    "%u qubits, %u parameters\n",
	    100 * d->accuracy, d->federation.job.main.qubits,
	    d->federation.job.dim);
	if (d->federation.job.control.kind != 0)
		fprintf(d->out,
		    "  its control arm, linear           %6.2f %%   %s\n",
		    100 * d->control,
		    d->control > d->accuracy ? "the classical model is ahead"
			: d->control < d->accuracy
			? "the quantum model is ahead"
			: "both are equal");
	fprintf(d->out,
	    "  logistic regression, rows pooled  %6.2f %%   "
	    "classical, and nobody's rows stay private\n",
	    100 * d->logistic);
	fprintf(d->out,
	    "\nChain  %lld blocks, audited from block 0: hashes, "
	    "signatures, certificates,\n       every included set and every "
	    "aggregate recomputed: %s\n",
	    (long long)d->blocks + 1, d->audit_ok ? "ok" : "FAILED");
	fprintf(d->out,
	    "Nodes  all at the same block: %s, all with the same "
	    "model: %s\n",
	    d->heads_equal ? "yes" : "NO", d->models_equal ? "yes" : "NO");
	if (d->home_option != NULL || d->keep)
		fprintf(d->out,
		    "\nKept in %s\n  look:   qmlnode audit %s\n"
		    "  go on:  qmlnode run --home %s\n",
		    d->home, d->nodes[0].home, d->nodes[0].home);
	else
		fprintf(d->out,
		    "\nNothing was kept. To look around "
		    "afterwards: qmlnode demo --home DIR\n");
}

void
demo_print_json(const struct demo *d)
{
	struct jv *o = jv_object();
	char *text;

	jv_put_integer(o, "nodes", d->nnodes);
	jv_put_integer(o, "rounds", d->rounds);
	jv_put_integer(o, "committed_rounds", d->committed);
	jv_put_number(o, "heldout_accuracy", d->accuracy);
	jv_put_number(o, "majority", d->majority);
	jv_put_number(o, "best_node_alone", d->best_alone);
	jv_put_number(o, "logistic", d->logistic);
	jv_put_number(o, "control", d->control);
	jv_put_boolean(o, "heads_equal", d->heads_equal);
	jv_put_boolean(o, "models_equal", d->models_equal);
	jv_put_string(o, "audit", d->audit_ok ? "ok" : "failed");
	jv_put_integer(o, "blocks", d->blocks);
	jv_put_number(o, "wall_s",
	    (double)(demo_now_ms() - d->started_ms) / 1000);
	text = jv_dump(o);
	printf("%s\n", text != NULL ? text : "{}");
	free(text);
	jv_free(o);
}
