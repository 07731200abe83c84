/*
 * lanes_isa.h - the tables that lanes_pick() chooses from. NULL where the
 * target of the build has no such instructions; whether the CPU has them is
 * lanes_pick()'s question.
 */
#ifndef QML_SIM_STATE_LANES_ISA_H
#define QML_SIM_STATE_LANES_ISA_H

struct lanes;

const struct lanes *lanes_plain(void);
const struct lanes *lanes_avx2(void);
const struct lanes *lanes_avx512(void);
const struct lanes *lanes_neon(void);

#endif
