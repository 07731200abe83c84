/*
 * amp_isa.h - the tables that amp_pick() chooses from, NULL where the target
 * of the build has no such instructions.
 */
#ifndef QML_SIM_STATE_AMP_ISA_H
#define QML_SIM_STATE_AMP_ISA_H

struct amp;

const struct amp *amp_plain(void);
const struct amp *amp_avx2(void);
const struct amp *amp_avx512(void);

#endif
