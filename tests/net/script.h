/*
 * script.h - what can be said to a fabric, a line at a time.
 *
 *	link A B KEY=VALUE...    both directions of a pair
 *	path A B KEY=VALUE...    from A to B only
 *	all KEY=VALUE...         every path
 *	uplink A RATE            all that A sends shares this, as 10mbit
 *	partition 0,1|2,3        who is not named is in one more part
 *	heal                     no parts
 *	nodial A                 nobody's connection to A begins
 *	dial A
 *	counters                 sums, as a line of JSON
 *	counters A B             those of one path
 *
 * Keys: delay jitter queue (10us 80ms 2s), loss reorder duplicate (1% 0.25%),
 * rate (256kbit 10mbit 1gbit). A key that is not named stays as it is.
 */
#ifndef QML_TESTS_NET_SCRIPT_H
#define QML_TESTS_NET_SCRIPT_H

#include "fabric.h"

#define SCRIPT_ANSWER_LEN 320

/* Does what line says (it is cut up) and writes one line without its end:
 * "ok", "error: why" with nothing done, or counters. */
void script_run(struct fabric *f, char *line,
    char answer[static SCRIPT_ANSWER_LEN]);

#endif
