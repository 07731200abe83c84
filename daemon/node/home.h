/*
 * home.h - the directory that is a node: names, paths, lock.
 *
 * One daemon per home, held by flock on DIR/lock, which also says the pid.
 * Nothing here deletes anything.
 */
#ifndef QML_DAEMON_NODE_HOME_H
#define QML_DAEMON_NODE_HOME_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define HOME_PATH_LEN 1024
#define HOME_CONFIG "qmlnode.yaml"
#define HOME_FEDERATION "federation.yaml"
#define HOME_KEY "node.key"
#define HOME_SALT "data.salt"
#define HOME_SALT_LEN 32
#define HOME_LOCK "lock"
#define HOME_CHAIN "chain"
#define HOME_INVITED "invited" /* it came by an invitation */

/* --home, else $QMLNODE_HOME, else ~/.qmlnode. "" when none is known. */
const char *home_default(char *buf, size_t len);

/* name inside home; an absolute name stays. -ENAMETOOLONG. */
int home_path(const char *home, const char *name, char *out, size_t len)
    __attribute__((warn_unused_result));

/* Takes the lock; *fd is closed to give it back. -EAGAIN: another process has
 * it (*holder is its pid, or 0), else -errno. */
int home_lock(const char *home, int *fd, pid_t *holder)
    __attribute__((warn_unused_result));

/* Exactly len bytes of a small secret file, refused (-EPERM) when group or
 * others may read it. -EINVAL: another length; -errno. */
int home_read_secret(const char *path, void *out, size_t len)
    __attribute__((warn_unused_result));

bool home_has(const char *home, const char *name);

/* A new file with the given mode, durable on return. -EEXIST. */
int home_write_new(const char *path, unsigned mode, const void *data,
    size_t len) __attribute__((warn_unused_result));

/* What was made, renamed or removed in the folder of `path` stays so. */
int home_sync_folder(const char *path) __attribute__((warn_unused_result));

#endif
