#include "daemon/cli/show.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/federation_draft.h"
#include "config/federation_file.h"
#include "daemon/cli/cli.h"
#include "daemon/cli/ctl_text.h"
#include "daemon/node/jv.h"
#include "proto/id.h"

/* Members that may be faulty with equal power. */
static unsigned
tolerated(const struct federation *f)
{
	return f->nmembers > 0 ? (f->nmembers - 1u) / 3 : 0;
}

static void
show_members(const struct federation *f)
{
	char id[ID_TEXT_LEN];
	uint16_t i;

	printf("members     %u, tolerates %u faulty member%s%s\n", f->nmembers,
	    tolerated(f), tolerated(f) == 1 ? "" : "s",
	    f->nmembers < 4 ? " (four tolerate one)" : "");
	for (i = 0; i < f->nmembers; i++)
		printf("  %-16s %s  %s\n", f->members[i].name,
		    id_text(ID_NODE, &f->members[i].id, id),
		    f->members[i].address[0] != '\0' ? f->members[i].address
						     : "dials out only");
}

static void
show_task(const char *place, const struct job_task *t)
{
	printf("%-11s %s, ", place, job_kind_name(t->kind));
	if (t->kind == JOB_VQC)
		printf("%s encoding, %u qubits, %u %s layers, ",
		    federation_file_word("encoding", t->encoding), t->qubits,
		    t->layers, federation_file_word("ansatz", t->ansatz));
	if (t->kind == JOB_VQE)
		printf("%u qubits, %s, ", t->qubits,
		    federation_file_word("ansatz", t->ansatz));
	if (t->kind == JOB_QSVM)
		printf("%s map, %u landmarks, ",
		    federation_file_word("map", t->map), t->landmarks);
	if (t->kind == JOB_QPCA)
		printf("%u components, ", t->components);
	printf("%u parameters\n", t->dim);
}

static void
show_job(const struct federation *f)
{
	const struct job *j = &f->job;
	char rate[DECIMAL_TEXT_LEN], last[DECIMAL_TEXT_LEN];
	char clip[DECIMAL_TEXT_LEN], before[FEDERATION_BEFORE_LEN];

	if (j->stage.kind != 0)
		show_task("stage", &j->stage);
	show_task("job", &j->main);
	if (j->control.kind != 0)
		show_task("control", &j->control);
	printf("            %u rounds of %u %s on %u rows, rate %s to %s\n",
	    j->rounds, j->local.epochs ? j->local.epochs : j->local.steps,
	    j->local.epochs ? "epochs" : "steps", j->local.batch,
	    decimal_text(&j->main.rate, rate),
	    decimal_text(&j->main.rate_last, last));
	federation_before_text(j->combine.pre, before);
	printf("            %s%s%s%s, updates clipped to %s\n", before,
	    before[0] != '\0' ? " then " : "",
	    federation_file_word("rule", j->combine.rule),
	    j->combine.weighting == JOB_REGISTERED ? " by registered weights"
						   : "",
	    decimal_text(&j->clip, clip));
	if (j->combine.stragglers == JOB_CARRY)
		printf("            a late update counts, less, up to %u "
		       "aggregation%s later\n",
		    j->combine.carry_rounds,
		    j->combine.carry_rounds == 1 ? "" : "s");
}

int
show_federation(const struct federation *f)
{
	char founded[FEDERATION_TIME_LEN], text[ID_TEXT_LEN];
	char label[FEDERATION_TEXT_LEN];
	struct hash id;

	if (federation_id(f, &id) != 0)
		return cli_error(CLI_FAILED, "out of memory");
	printf("federation  %s  %s\n",
	    f->nmembers > 0 ? id_text(ID_FEDERATION, &id, text)
			    : "(a draft: no members, so no id yet)",
	    f->name);
	printf("founded     %s\n",
	    federation_time_text(f->founded_ms, founded));
	show_members(f);
	printf("schema      %u columns, label \"%s\" with %u classes\n",
	    f->ncolumns, ctl_text_clean(f->label, label, sizeof(label)),
	    f->nlabels);
	show_job(f);
	if (f->nmembers > 0)
		fprintf(stderr,
		    "Everybody must see the same federation id. "
		    "Next: qmlnode join FILE\n");
	return CLI_OK;
}

static struct jv *
members_json(const struct federation *f)
{
	struct jv *list = jv_array(), *m;
	char id[ID_TEXT_LEN];
	uint16_t i;

	for (i = 0; i < f->nmembers; i++) {
		m = jv_object();
		jv_put_string(m, "name", f->members[i].name);
		jv_put_string(m, "id", id_text(ID_NODE, &f->members[i].id, id));
		jv_put_string(m, "address", f->members[i].address);
		jv_put_integer(m, "power", f->members[i].power);
		jv_put_integer(m, "weight", f->members[i].weight);
		jv_add(list, m);
	}
	return list;
}

int
show_federation_json(const struct federation *f)
{
	struct jv *o = jv_object();
	char id[ID_TEXT_LEN], *text;
	struct hash h;

	if (federation_id(f, &h) != 0) {
		jv_free(o);
		return cli_error(CLI_FAILED, "out of memory");
	}
	jv_put_string(o, "schema", "qml.federation/1");
	if (f->nmembers > 0)
		jv_put_string(o, "id", id_text(ID_FEDERATION, &h, id));
	else
		jv_put(o, "id", jv_null());
	jv_put_string(o, "name", f->name);
	jv_put(o, "members", members_json(f));
	jv_put_integer(o, "tolerates", tolerated(f));
	jv_put_integer(o, "columns", f->ncolumns);
	jv_put_integer(o, "classes", f->nlabels);
	jv_put_string(o, "task", job_kind_name(f->job.main.kind));
	jv_put_integer(o, "qubits", f->job.main.qubits);
	jv_put_integer(o, "layers", f->job.main.layers);
	jv_put_integer(o, "parameters", f->job.dim);
	jv_put_integer(o, "rounds", f->job.rounds);
	text = jv_dump(o);
	jv_free(o);
	if (text == NULL)
		return cli_error(CLI_FAILED, "out of memory");
	printf("%s\n", text);
	free(text);
	return CLI_OK;
}
