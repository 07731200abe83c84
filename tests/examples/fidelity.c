/* fidelity.c - how alike two samples are to a ZZ feature map: the overlap of
 * their states. Needs no parameters. */
#include <math.h>
#include <qmlsim.h>
#include <stdio.h>

#define N 3

static int
add(struct qmlsim_circuit *c, enum qmlsim_op op, uint32_t a, uint32_t b)
{
	struct qmlsim_gate g = {.op = op, .q = {a, b}};

	if (op == QMLSIM_RZ)
		g.angle = (struct qmlsim_angle){.value = QMLSIM_FEATURE,
		    .index = a,
		    .coef = 2.0};
	if (op == QMLSIM_RZZ)
		g.angle = (struct qmlsim_angle){QMLSIM_FEATURE, a, 2.0, 0.0,
		    QMLSIM_FEATURE, b};
	return qmlsim_circuit_add(c, &g);
}

int
main(void)
{
	const double x[2][N] = {{0.2, 0.5, 0.9}, {0.25, 0.45, 0.8}};
	const struct qmlsim_batch b = {.features = &x[0][0], .n = 2};
	double psi[2][1 << N][2], re = 0.0, im = 0.0;
	struct qmlsim_circuit *c;
	struct qmlsim *s;
	uint32_t i, j, rep;
	int rc = qmlsim_circuit_new(&c, N);

	for (rep = 0; rep < 2; rep++) {
		for (i = 0; i < N && rc == 0; i++) {
			rc = add(c, QMLSIM_H, i, 0);
			if (rc == 0)
				rc = add(c, QMLSIM_RZ, i, 0);
		}
		for (i = 0; i < N && rc == 0; i++) {
			for (j = i + 1; j < N && rc == 0; j++)
				rc = add(c, QMLSIM_RZZ, i, j);
		}
	}
	if (rc == 0)
		rc = qmlsim_new(&s, c, NULL);
	if (rc < 0)
		return 1;
	qmlsim_circuit_free(c);
	rc = qmlsim_states(s, &b, &psi[0][0][0]);
	qmlsim_free(s);
	for (i = 0; i < 1 << N; i++) {
		re += psi[0][i][0] * psi[1][i][0] + psi[0][i][1] * psi[1][i][1];
		im += psi[0][i][0] * psi[1][i][1] - psi[0][i][1] * psi[1][i][0];
	}
	printf("|<a|b>|^2 = %.12f\n", re * re + im * im);
	/* As computed by numpy from the gates' matrices. */
	return rc < 0 || fabs(re * re + im * im - 0.969273864185280) > 1e-12;
}
