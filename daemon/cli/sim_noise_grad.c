/*
 * sim_noise_grad.c - qmlsim grad --method shift --noise FILE.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/sim_job.h"
#include "daemon/cli/sim_noise.h"
#include "sim/gradient/shift.h"

struct machine {
	struct noise_model model;
	struct sim_noise_wish wish;
	char err[SIM_NOISE_ERROR_LEN];
};

/* A machine's value of the observable; drawn runs are other ones each time. */
static int
evaluate(void *arg, const struct program *p, uint64_t draw, double *value)
{
	struct machine *m = arg;
	struct sim_noise_wish wish = m->wish;
	struct sim_noise_result r;
	int rc;

	wish.seed += draw;
	rc = sim_noise_run(&r, p, &m->model, &wish, m->err);
	if (rc == 0) {
		*value = r.expval[0].mean;
		sim_noise_result_close(&r);
	}
	return rc;
}

int
sim_noise_gradient(struct sim_job *j, double *value, double *grad)
{
	struct machine *m = calloc(1, sizeof(*m));
	struct shift s = {.eval = evaluate, .arg = m, .nvalues = 1};
	int rc;

	if (m == NULL)
		return cli_error(CLI_FAILED, "no memory");
	m->wish = (struct sim_noise_wish){.observables = j->sums,
	    .nobservables = 1,
	    .seed = j->seed,
	    .bytes_max = j->room.bytes_max,
	    .pool = j->pool};
	snprintf(m->err, sizeof(m->err), "no memory");
	rc = sim_noise_read(&m->model, j->noise, m->err);
	if (rc == 0)
		rc = evaluate(m, &j->program, s.ndraws++, value);
	if (rc == 0)
		rc = shift_gradient(&s, &j->program, grad);
	if (rc < 0)
		rc = cli_error(CLI_FAILED, "%s", m->err);
	noise_model_close(&m->model);
	free(m);
	return rc;
}
