/*
 * ctl_payload.h - what a proposal asks for, from a request's words.
 *
 * Words by kind: param set="collect=3s,answers_min=3"; rule
 * set="rule=arc+nnm+median,clip=0.5"; pause blocks=N; job cancel (the running
 * one); upgrade version=V height=H; asset asset, ban; ethics policy; treasury
 * to, amount; member remove, or member with power, weight or both, or name,
 * address, sign, network, proof and perhaps replace.
 */
#ifndef QML_DAEMON_NODE_CTL_PAYLOAD_H
#define QML_DAEMON_NODE_CTL_PAYLOAD_H

#include "consensus/ledger/params.h"
#include "consensus/votes/payload.h"
#include "daemon/node/jv.h"
#include "daemon/node/node.h"

/* False with a sentence. */
bool ctl_payload_put(const struct node *n, uint8_t kind,
    const struct jv *params, struct bytes_writer *w, char err[static 160]);
/* What is in force, and what will be. */
struct jv *ctl_params_json(const struct ledger *l);

#endif
