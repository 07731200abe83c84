#include "sim/circuit/qasm_math.h"

#include <math.h>

#include "sim/state/mathfun.h"

#define PI 3.14159265358979323846
#define ARGUMENT_MAX 1e9 /* mathfun reduces accurately below 2^30 */

double
qasm_sin(double x)
{
	double s, c;

	if (!(fabs(x) <= ARGUMENT_MAX))
		return (double)NAN;
	mathfun_sincos(x, &s, &c);
	return s;
}

double
qasm_cos(double x)
{
	double s, c;

	if (!(fabs(x) <= ARGUMENT_MAX))
		return (double)NAN;
	mathfun_sincos(x, &s, &c);
	return c;
}

double
qasm_tan(double x)
{
	return qasm_sin(x) / qasm_cos(x);
}

double
qasm_exp(double x)
{
	return mathfun_exp(x);
}

double
qasm_log(double x)
{
	if (!(x > 0.0) || !(x <= 1.7976931348623157e308))
		return (double)NAN;
	if (x < 2.2250738585072014e-308)
		return mathfun_log(x * 0x1p60) - 60.0 * 0.69314718055994530942;
	return mathfun_log(x);
}

/* Start within .1, then turn by what is left: each step cubes the error. */
double
qasm_atan2(double y, double x)
{
	double ax = fabs(x), ay = fabs(y);
	double big = ax > ay ? ax : ay;
	double small = ax > ay ? ay : ax;
	double r, a, s, c, d;
	int i;

	if (!(big <= 1.7976931348623157e308))
		return (double)NAN;
	if (big == 0.0)
		return 0.0;
	r = small / big;
	a = r * (PI / 4.0 + 0.273 * (1.0 - r));
	for (i = 0; i < 3; i++) {
		mathfun_sincos(a, &s, &c);
		d = (r * c - s) / (c + r * s);
		a += d - d * d * d / 3.0;
	}
	if (ay > ax)
		a = PI / 2.0 - a;
	if (x < 0.0)
		a = PI - a;
	return y < 0.0 ? -a : a;
}

double
qasm_asin(double x)
{
	if (!(fabs(x) <= 1.0))
		return (double)NAN;
	return qasm_atan2(x, sqrt((1.0 - x) * (1.0 + x)));
}

double
qasm_acos(double x)
{
	if (!(fabs(x) <= 1.0))
		return (double)NAN;
	return qasm_atan2(sqrt((1.0 - x) * (1.0 + x)), x);
}

double
qasm_pow(double x, double y)
{
	double whole = floor(y), out = 1.0;
	int n;

	if (!(fabs(y) <= 1e15) || !(fabs(x) <= 1.7976931348623157e308))
		return (double)NAN;
	if (whole == y && fabs(y) <= 1024.0) {
		for (n = (int)fabs(y); n > 0; n--)
			out *= x;
		return y < 0.0 ? 1.0 / out : out;
	}
	if (y == 0.5 && x >= 0.0)
		return sqrt(x);
	if (x == 0.0)
		return y > 0.0 ? 0.0 : (double)NAN;
	if (x < 0.0 && whole != y)
		return (double)NAN;
	out = mathfun_exp(y * qasm_log(fabs(x)));
	return x < 0.0 && floor(y / 2.0) * 2.0 != y ? -out : out;
}
