/*
 * round.h - answers and attestations of the open round.
 *
 * Our own answer and every attestation are durable before they leave; the
 * answers of others are durable before we attest them.
 */
#ifndef QML_CONSENSUS_REPLICA_ROUND_H
#define QML_CONSENSUS_REPLICA_ROUND_H

#include "consensus/replica/state.h"

void round_enter(struct replica *r);
void round_trained(struct replica *r, struct answer *draft);
/* Takes the reference. False: not accepted, text says why or is NULL. */
bool round_accept(struct replica *r, struct answer *a, const char **why);
/* Our own, durable and named if need be, to all. */
void round_show(struct replica *r);
void round_answer_stored(struct replica *r, uint64_t fl_round);
void round_attest_stored(struct replica *r, struct attest *a);
void round_accept_attest(struct replica *r, struct attest *a);
void round_progress(struct replica *r);
struct answer *round_find(void *replica, const struct hash *id);
uint64_t round_deadline(const struct replica *r);
void round_clear(struct replica *r);
void round_send_answers(struct replica *r, uint16_t peer,
    const struct wire_ids *ids);

#endif
