/*
 * frames.h - trainwire messages on a descriptor: u32 length, then protobuf.
 *
 * Blocking; a signal does not end a call.
 */
#ifndef QML_DAEMON_TRAINER_FRAMES_H
#define QML_DAEMON_TRAINER_FRAMES_H

#include "proto/trainwire.h"

/* -ENOMEM, -EMSGSIZE, -errno of the descriptor. */
int frames_send(int fd, const struct trainwire_msg *m)
    __attribute__((warn_unused_result));
/* 1: *m is to be closed; 0: the input ended between two messages; -EPROTO:
 * not trainwire, or ended inside; -ENOMEM, -errno of the descriptor. */
int frames_recv(int fd, struct trainwire_msg *m)
    __attribute__((warn_unused_result));

#endif
