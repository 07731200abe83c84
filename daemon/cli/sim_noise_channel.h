/*
 * sim_noise_channel.h - one channel of a noise file, and the scalars in it.
 */
#ifndef QML_DAEMON_CLI_SIM_NOISE_CHANNEL_H
#define QML_DAEMON_CLI_SIM_NOISE_CHANNEL_H

#include "config/yaml.h"
#include "sim/state/noise_model.h"

/* Adds it to the last rule; r gives the time a thermal channel may leave out.
 * -EINVAL with e filled; -ENOMEM. */
int sim_noise_channel(struct noise_model *m, const struct yaml_node *n,
    const struct noise_rule *r, struct config_error *e);

/* n is a map with no other keys; keys ends with NULL. */
int sim_noise_keys(const struct yaml_node *n, const char *const *keys,
    struct config_error *e);
/* -EINVAL says nothing. */
int sim_noise_integer(const struct yaml_node *n, uint32_t max, uint32_t *out);
/* n may be NULL: *out stays. */
int sim_noise_number(const struct yaml_node *n, struct config_error *e,
    double low, double high, double *out);
/* "35ns", "100us", "1ms", "2s", in seconds. */
int sim_noise_time(const struct yaml_node *n, struct config_error *e,
    double *out);
/* t1 and t2 of a map, both required, and excited. */
int sim_noise_thermal(const struct yaml_node *n, struct config_error *e,
    struct kraus_thermal *out);

#endif
