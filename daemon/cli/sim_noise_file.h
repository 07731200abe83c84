/*
 * sim_noise_file.h - what the two readers of noise files share.
 */
#ifndef QML_DAEMON_CLI_SIM_NOISE_FILE_H
#define QML_DAEMON_CLI_SIM_NOISE_FILE_H

#include <stddef.h>

#include "sim/state/noise_model.h"

struct config_error;
struct jv;

/* qmlsim-noise(5). -EINVAL, -ENOMEM; e is filled for -EINVAL. */
int sim_noise_yaml(struct noise_model *m, const char *data, size_t len,
    struct config_error *e);

/* BackendProperties.to_dict(). Qubits beyond PROGRAM_MAX_QUBITS are left out.
 * -EINVAL with a sentence in why; -ENOMEM. */
int sim_noise_backend(struct noise_model *m, const struct jv *root, char *why,
    size_t len);

/* The name by which program.h knows the gate ("u3" is "u"), in out; -EINVAL:
 * it does not. */
int sim_noise_gate_name(const char *name, char out[static NOISE_NAME_BYTES]);

#endif
