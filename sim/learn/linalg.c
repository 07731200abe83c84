#include "sim/learn/linalg.h"

#include <errno.h>
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/learn/jacobi.h"

#define LINALG_MAX 4096

static int
copy_finite(double *to, const double *from, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!isfinite(from[i]))
			return -EDOM;
		to[i] = from[i];
	}
	return 0;
}

static int
lapack_rc(lapack_int info)
{
	if (info == LAPACK_WORK_MEMORY_ERROR)
		return -ENOMEM;
	return info == 0 ? 0 : -EDOM;
}

int
linalg_eigen(const double *a, size_t n, double *values, double *vectors)
{
	lapack_int size = (lapack_int)n;
	char job = vectors != NULL ? 'V' : 'N';
	double *work;
	int rc;

	if (n < 1 || n > LINALG_MAX)
		return -EINVAL;
	work = malloc(n * n * sizeof(*work));
	if (work == NULL)
		return -ENOMEM;
	rc = copy_finite(work, a, n * n);
	/* Our rows are LAPACK's columns: the upper triangle is its lower one,
	 * and a vector comes back as a row. */
	if (rc == 0)
		rc = lapack_rc(LAPACKE_dsyevd(LAPACK_COL_MAJOR, job, 'L', size,
		    work, size, values));
	if (rc == 0 && vectors != NULL)
		memcpy(vectors, work, n * n * sizeof(*work));
	if (rc == 0)
		rc = jacobi_order(n, values, vectors);
	free(work);
	return rc;
}

int
linalg_eigen_hermitian(const double *a, size_t n, double *values)
{
	lapack_int size = (lapack_int)n;
	double *work;
	int rc;

	if (n < 1 || n > LINALG_MAX)
		return -EINVAL;
	work = malloc(2 * n * n * sizeof(*work));
	if (work == NULL)
		return -ENOMEM;
	rc = copy_finite(work, a, 2 * n * n);
	/* Read by columns it is the conjugate: the same values. */
	if (rc == 0)
		rc = lapack_rc(LAPACKE_zheevd(LAPACK_COL_MAJOR, 'N', 'L', size,
		    (lapack_complex_double *)work, size, values));
	free(work);
	return rc;
}
