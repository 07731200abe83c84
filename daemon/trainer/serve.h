/*
 * serve.h - the trainer child: trainwire messages on two descriptors.
 *
 * SETUP is answered by READY or REFUSED, TRAIN by TRAINED or FAILED, SCORE by
 * SCORED or FAILED, in the order they came. A refused SETUP may be followed by
 * another; after READY the data stand until the end. The other side cancels by
 * closing the pipe or by a signal; there is nothing here to clean up.
 */
#ifndef QML_DAEMON_TRAINER_SERVE_H
#define QML_DAEMON_TRAINER_SERVE_H

/* Until end of input. 0: it ended between two messages; -EPROTO: not
 * trainwire; -EPIPE, -EIO, -ENOMEM. *confined says whether this process has
 * given up its rights, and then must leave by _exit. */
int serve_run(int in, int out, int *confined)
    __attribute__((warn_unused_result));

#endif
