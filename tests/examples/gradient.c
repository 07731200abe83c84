/* gradient.c - a circuit with re-uploaded features, its expectation for two
 * samples, and the gradient, checked by moving one parameter. */
#include <math.h>
#include <qmlsim.h>
#include <stdio.h>

int
main(void)
{
	const double x[2][2] = {{0.1, 0.7}, {0.4, -0.2}};
	double theta[2] = {0.3, -1.1}, z[2], up[2], sum[2], each[2][2];
	const uint32_t mask = 1; /* Z of qubit 0 */
	struct qmlsim_batch b = {theta, &x[0][0], 2, &mask, 1};
	struct qmlsim_gradient want = {.values = z,
	    .sum = sum,
	    .each = &each[0][0]};
	const double h = 1e-6;
	struct qmlsim_circuit *c;
	struct qmlsim *s;
	uint32_t q;

	if (qmlsim_circuit_new(&c, 2) < 0)
		return 1;
	for (q = 0; q < 4; q++) {
		struct qmlsim_gate ry = {.op = QMLSIM_RY, .q = {q % 2, 0}};
		struct qmlsim_gate cx = {.op = QMLSIM_CNOT, .q = {0, 1}};

		/* theta_q * x_q + 0.1 */
		ry.angle = (struct qmlsim_angle){QMLSIM_PARAM, q % 2, 1.0, 0.1,
		    QMLSIM_FEATURE, q % 2};
		if (qmlsim_circuit_add(c, &ry) < 0 ||
		    (q % 2 == 1 && qmlsim_circuit_add(c, &cx) < 0))
			return 1;
	}
	if (qmlsim_new(&s, c, NULL) < 0)
		return 1;
	qmlsim_circuit_free(c);
	if (qmlsim_gradient(s, &b, NULL, &want) < 0)
		return 1;
	printf("%s: <Z0> = %.12f, %.12f\n", qmlsim_isa_name(s), z[0], z[1]);
	printf("gradient of the sum: %.12f, %.12f\n", sum[0], sum[1]);
	theta[0] += h;
	if (qmlsim_expect(s, &b, up) < 0)
		return 1;
	qmlsim_free(s);
	if (fabs((up[0] - z[0]) / h - each[0][0]) > 1e-5) {
		fprintf(stderr, "the gradient is wrong\n");
		return 1;
	}
	return 0;
}
