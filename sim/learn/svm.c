#include "sim/learn/svm.h"

#include <errno.h>
#include <libsvm/svm.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_MB 100.0

/* Two classes as libsvm wants them. */
struct task {
	const struct svm_rows *rows;
	size_t *pick; /* row of each example */
	size_t n;
	double *y;
	struct svm_node *nodes; /* n + 2 an example: number, kernel, end */
	struct svm_node **x;
	struct svm_parameter how;
};

static void
quiet(const char *text)
{
	(void)text;
}

static int
check(const struct svm_rows *rows, double c, double eps)
{
	size_t i;

	if (rows->n < 1 || rows->n > SVM_MAX_ROWS || rows->nclasses < 2 ||
	    rows->nclasses > rows->n + 2)
		return -EINVAL;
	if (!(c > 0.0 && isfinite(c)) || !(eps > 0.0 && eps < 1.0))
		return -EINVAL;
	for (i = 0; i < rows->n; i++) {
		if (rows->labels[i] < 0 ||
		    (size_t)rows->labels[i] >= rows->nclasses)
			return -EINVAL;
	}
	for (i = 0; i < rows->n * rows->n; i++) {
		if (!isfinite(rows->kernel[i]))
			return -EDOM;
	}
	return 0;
}

static void
task_close(struct task *t)
{
	free(t->pick);
	free(t->y);
	free(t->nodes);
	free(t->x);
}

static void
fill_nodes(struct task *t)
{
	size_t width = t->n + 2, i, j;

	for (i = 0; i < t->n; i++) {
		struct svm_node *node = t->nodes + i * width;
		const double *row = t->rows->kernel + t->pick[i] * t->rows->n;

		t->x[i] = node;
		node[0] = (struct svm_node){0, (double)(i + 1)};
		for (j = 0; j < t->n; j++)
			node[j + 1] =
			    (struct svm_node){(int)(j + 1), row[t->pick[j]]};
		node[t->n + 1] = (struct svm_node){-1, 0.0};
	}
}

static int
task_open(struct task *t, const struct svm_rows *rows, struct svm_pair *p)
{
	size_t i;

	t->rows = rows;
	t->pick = calloc(rows->n, sizeof(*t->pick));
	t->y = calloc(rows->n, sizeof(*t->y));
	if (t->pick == NULL || t->y == NULL)
		return -ENOMEM;
	for (i = 0; i < rows->n; i++) {
		if (rows->labels[i] != p->low && rows->labels[i] != p->high)
			continue;
		t->y[t->n] = rows->labels[i] == p->high ? 1.0 : -1.0;
		t->pick[t->n++] = i;
		if (rows->labels[i] == p->high)
			p->nhigh++;
		else
			p->nlow++;
	}
	t->nodes = calloc((t->n + 1) * (t->n + 2), sizeof(*t->nodes));
	t->x = calloc(t->n + 1, sizeof(struct svm_node *));
	if (t->nodes == NULL || t->x == NULL)
		return -ENOMEM;
	fill_nodes(t);
	return 0;
}

/* sum |c| - 1/2 c K c, rows in order. */
static double
objective(const struct svm_rows *rows, const double *coef)
{
	double sum = 0.0, half = 0.0;
	size_t i, j;

	for (i = 0; i < rows->n; i++) {
		double k = 0.0;

		if (coef[i] == 0.0)
			continue;
		for (j = 0; j < rows->n; j++)
			k += rows->kernel[i * rows->n + j] * coef[j];
		sum += fabs(coef[i]);
		half += coef[i] * k;
	}
	return sum - 0.5 * half;
}

static int
solve(struct task *t, struct svm_pair *p)
{
	struct svm_problem problem = {(int)t->n, t->y, t->x};
	struct svm_model *m;
	int i;

	if (svm_check_parameter(&problem, &t->how) != NULL)
		return -EINVAL;
	m = svm_train(&problem, &t->how);
	if (m == NULL)
		return -ENOMEM;
	/* libsvm counts examples from 1 and says y alpha; of labels -1 and 1
	 * it takes 1 as the positive side. */
	for (i = 0; i < m->l; i++)
		p->coef[t->pick[m->sv_indices[i] - 1]] = m->sv_coef[0][i];
	p->bias = -m->rho[0];
	p->nsupport = (size_t)m->l;
	p->objective = objective(t->rows, p->coef);
	svm_free_and_destroy_model(&m);
	return 0;
}

static int
fit_pair(struct svm_pair *p, const struct svm_rows *rows, double c, double eps)
{
	struct task t = {.how = {.svm_type = C_SVC,
			     .kernel_type = PRECOMPUTED,
			     .cache_size = CACHE_MB,
			     .eps = eps,
			     .C = c,
			     .shrinking = 1}};
	int rc;

	p->coef = calloc(rows->n, sizeof(*p->coef));
	if (p->coef == NULL)
		return -ENOMEM;
	rc = task_open(&t, rows, p);
	if (rc == 0 && p->nlow > 0 && p->nhigh > 0)
		rc = solve(&t, p);
	else if (rc == 0)
		p->bias = p->nhigh > 0 ? 1.0 : -1.0;
	task_close(&t);
	return rc;
}

int
svm_fit(struct svm *s, const struct svm_rows *rows, double c, double eps)
{
	size_t a, b, i = 0, k = rows->nclasses;
	int rc = check(rows, c, eps);

	*s = (struct svm)SVM_INIT;
	if (rc < 0)
		return rc;
	s->n = rows->n;
	s->nclasses = k;
	s->pairs = calloc(k * (k - 1) / 2, sizeof(*s->pairs));
	if (s->pairs == NULL)
		return -ENOMEM;
	s->npairs = k * (k - 1) / 2;
	svm_set_print_string_function(quiet);
	for (a = 0; a < k && rc == 0; a++) {
		for (b = a + 1; b < k && rc == 0; b++) {
			s->pairs[i].low = (int32_t)a;
			s->pairs[i].high = (int32_t)b;
			rc = fit_pair(&s->pairs[i++], rows, c, eps);
		}
	}
	if (rc < 0)
		svm_close(s);
	return rc;
}

void
svm_close(struct svm *s)
{
	size_t i;

	for (i = 0; i < s->npairs; i++)
		free(s->pairs[i].coef);
	free(s->pairs);
	*s = (struct svm)SVM_INIT;
}

double
svm_decide(const struct svm *s, size_t pair, const double *k)
{
	const struct svm_pair *p = &s->pairs[pair];
	double sum = 0.0;
	size_t i;

	for (i = 0; i < s->n; i++)
		sum += p->coef[i] * k[i];
	return sum + p->bias;
}

int32_t
svm_guess(const struct svm *s, const double *k)
{
	size_t c, best = 0, most = 0, i;

	for (c = 0; c < s->nclasses; c++) {
		size_t votes = 0;

		for (i = 0; i < s->npairs; i++) {
			const struct svm_pair *p = &s->pairs[i];
			int32_t won =
			    svm_decide(s, i, k) > 0.0 ? p->high : p->low;

			votes += (size_t)won == c;
		}
		if (votes > most) {
			most = votes;
			best = c;
		}
	}
	return (int32_t)best;
}

size_t
svm_support(const struct svm *s)
{
	size_t count = 0, i, p;

	for (i = 0; i < s->n; i++) {
		bool any = false;

		for (p = 0; p < s->npairs; p++)
			any = any || s->pairs[p].coef[i] != 0.0;
		count += any;
	}
	return count;
}
