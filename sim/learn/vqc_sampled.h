/*
 * vqc_sampled.h - vqc's fit_map where there are shots or noise. Where a value
 * cannot be computed (no memory), observables are NaN and training ends with
 * -EDOM.
 */
#ifndef QML_SIM_LEARN_VQC_SAMPLED_H
#define QML_SIM_LEARN_VQC_SAMPLED_H

struct fit_map;

extern const struct fit_map vqc_sampled_map;

#endif
