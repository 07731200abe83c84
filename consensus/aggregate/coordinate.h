/*
 * coordinate.h - rules that look at one coordinate at a time.
 */
#ifndef QML_CONSENSUS_AGGREGATE_COORDINATE_H
#define QML_CONSENSUS_AGGREGATE_COORDINATE_H

#include <stdint.h>

#include "consensus/aggregate/aggregate.h"

void coordinate_mean(const struct aggregate_input *in, int64_t *out);
void coordinate_trimmed(const struct aggregate_input *in, int64_t *out);
void coordinate_median(const struct aggregate_input *in, int64_t *out);
void coordinate_meamed(const struct aggregate_input *in, int64_t *out);

#endif
