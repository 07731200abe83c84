/*
 * qasm_math.h - the functions of OpenQASM's expressions, without libm, whose
 * bits change between machines. Accurate to a few ulp.
 */
#ifndef QML_SIM_CIRCUIT_QASM_MATH_H
#define QML_SIM_CIRCUIT_QASM_MATH_H

double qasm_sin(double x);
double qasm_cos(double x);
double qasm_tan(double x);
double qasm_exp(double x);
double qasm_log(double x);             /* NaN unless x > 0 */
double qasm_atan2(double y, double x); /* in (-pi, pi]; 0 at 0, 0 */
double qasm_asin(double x);            /* NaN beyond 1 */
double qasm_acos(double x);
double qasm_pow(double x, double y); /* NaN where it is not real */

#endif
