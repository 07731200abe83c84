/*
 * invites.h - tickets for somebody who is not known yet.
 *
 * A ticket is a network key that this node made and gave away; its public half
 * lies in HOME/invites/. Who dials with it may do one thing, once: have his
 * own keys put to the members' vote, as this node's proposal. The vote decides;
 * the ticket only saves sending the keys the other way first.
 */
#ifndef QML_DAEMON_NODE_INVITES_H
#define QML_DAEMON_NODE_INVITES_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/node/ctl_methods.h"
#include "daemon/node/link.h"

#define INVITES_FOLDER "invites"
#define INVITES_LIFE_MS (7ull * 24 * 3600 * 1000)

/* Method of the control socket. */
struct jv *ctl_invite(struct node *n, const struct jv *params, CTL_ERR_ARGS);

/* Events of peers; arg: struct node. */
bool invites_known_cb(void *arg, const uint8_t key[static 32]);
void invites_guest_cb(void *arg, struct link *l, uint8_t *data, size_t len);

#endif
