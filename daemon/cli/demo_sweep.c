/*
 * Every rule against every attack. A federation is founded on disk as for the
 * demo, but not started: `qmltrain sweep` plays all of them with the trainer's
 * and the ledger's own code, a process for each core.
 */
#include "daemon/cli/demo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/rules_table.h"

#define WORKERS_MAX 8

static int
draw(const struct demo *d, const struct rules_table *t)
{
	FILE *f = fopen(d->picture, "w");
	int rc = f != NULL ? rules_table_plot(t, f) : -errno;

	if (f != NULL && ferror(f) && rc == 0)
		rc = -EIO;
	if (f != NULL && fclose(f) != 0 && rc == 0)
		rc = -errno;
	if (rc < 0)
		return cli_error(CLI_IO, "%s: %s", d->picture, strerror(-rc));
	fprintf(d->out, "\nwrote %s\n", d->picture);
	return CLI_OK;
}

static int
show(const struct demo *d, const struct jv *v)
{
	struct rules_table t;
	char *text;

	if (rules_table_read(&t, v) < 0)
		return cli_error(CLI_FAILED,
		    "qmltrain sweep: not the object that it should be");
	fprintf(d->out,
	    "\n%s split, seed %llu; the trainer's and the ledger's code, "
	    "without daemons\n",
	    d->split, (unsigned long long)d->seed);
	rules_table_print(&t, d->out);
	if (d->json) {
		text = jv_dump(v);
		printf("%s\n", text != NULL ? text : "{}");
		free(text);
	}
	return d->picture != NULL ? draw(d, &t) : CLI_OK;
}

int
demo_sweep(struct demo *d)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	char honest[DEMO_PATH_LEN], liars[DEMO_PATH_LEN];
	char heldout[DEMO_PATH_LEN], threads[16];
	char *argv[] = {d->qmltrain, (char *)"sweep", (char *)"--federation",
	    d->federation_path, (char *)"--members", honest, (char *)"--liars",
	    liars, (char *)"--heldout", heldout, (char *)"--threads", threads,
	    NULL};
	unsigned nliars = d->nliars, first = d->nnodes - nliars;
	struct jv *v;
	int rc;

	snprintf(threads, sizeof(threads), "%ld",
	    cores < 1                 ? 1
		: cores > WORKERS_MAX ? WORKERS_MAX
				      : cores);
	d->nliars = 0; /* no node is armed: none will run */
	rc = demo_found(d);
	d->nliars = nliars;
	if (rc == 0)
		rc = demo_list_nodes(d, "honest", 0, first);
	if (rc == 0)
		rc = demo_list_nodes(d, "liars", first, d->nnodes);
	if (rc != 0)
		return rc;
	demo_path(honest, d->home, "honest");
	demo_path(liars, d->home, "liars");
	demo_path(heldout, d->rows, "heldout.csv");
	v = demo_ask(d, argv);
	if (v == NULL)
		return CLI_FAILED;
	rc = show(d, v);
	jv_free(v);
	return rc;
}
