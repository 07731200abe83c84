/*
 * nocore.h - this process leaves no core file and lets nobody attach to it.
 *
 * What it holds in memory is a key, or rows; a crash would write them into a
 * file that outlives the process and that a support desk may ask for.
 */
#ifndef QML_DAEMON_CLI_NOCORE_H
#define QML_DAEMON_CLI_NOCORE_H

/* Also for the children, by their limit. 0 or -errno. */
int nocore_set(void) __attribute__((warn_unused_result));

#endif
