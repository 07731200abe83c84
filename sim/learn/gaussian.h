/*
 * gaussian.h - noise that privacy can be counted with: the discrete Gaussian.
 *
 * P(x) is proportional to exp(-x^2 / (2 sigma^2)) over the integers, sampled
 * exactly (Canonne, Kamath, Steinke, arXiv:2004.00010, algorithms 1 to 3): no
 * float takes part, so what floating-point Gaussians leak is not there. Its
 * Renyi cost is that of the continuous one. Under 1 us a sample with a fast
 * source. The running time depends on what is drawn: do not let a peer time
 * single samples.
 */
#ifndef QML_SIM_LEARN_GAUSSIAN_H
#define QML_SIM_LEARN_GAUSSIAN_H

#include <stddef.h>
#include <stdint.h>

#define GAUSSIAN_SIGMA_MAX (UINT32_C(1) << 28)

/* Where randomness comes from: uniform bytes that nobody else can guess. */
struct random_source {
	void (*fill)(void *arg, void *out, size_t len);
	void *arg;
};

/* sigma in units of the integer grid, 1..GAUSSIAN_SIGMA_MAX. */
int64_t gaussian_draw(const struct random_source *r, uint32_t sigma);

/* True with probability num / den; num <= den, den > 0. Rows of a step are
 * chosen by such coins (Poisson sampling). */
int random_coin(const struct random_source *r, uint64_t num, uint64_t den);

#endif
