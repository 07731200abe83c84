/*
 * nearest.h - rules that choose among whole updates by their distances.
 */
#ifndef QML_CONSENSUS_AGGREGATE_NEAREST_H
#define QML_CONSENSUS_AGGREGATE_NEAREST_H

#include <stdint.h>

#include "consensus/aggregate/aggregate.h"

void nearest_krum(const struct aggregate_input *in, int64_t *out);
void nearest_multi_krum(const struct aggregate_input *in, int64_t *out);
void nearest_mda(const struct aggregate_input *in, int64_t *out);

#endif
