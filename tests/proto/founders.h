/* founders.h - a small valid federation and an answer to every test's wish. */
#ifndef QML_TESTS_PROTO_FOUNDERS_H
#define QML_TESTS_PROTO_FOUNDERS_H

#include <stdint.h>

#include "proto/federation.h"

/* The job of sample_federation: two qubits, two layers, three classes. */
struct job sample_job(void);
/* n members with keys made of their number, two columns, three labels;
 * sorted and valid. Aborts without memory. */
struct federation sample_federation(uint16_t n);

#endif
