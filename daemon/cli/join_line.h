/*
 * join_line.h - what somebody who is invited pastes: one line.
 *
 * qmljoin1 FEDERATION NAME ADDRESS NETWORK CHECK: the federation's id, and a
 * member of it who can be dialed and knows that we come. Nothing in it is
 * secret. CHECK is four bytes of a hash, as in member_line.h.
 * qmljoin2 FEDERATION NAME ADDRESS NETWORK WHO TICKET CHECK: to somebody whose
 * keys are not known yet. WHO is the name he is to have, or "-"; TICKET is
 * secret: who has it may have his keys put to the vote, once.
 */
#ifndef QML_DAEMON_CLI_JOIN_LINE_H
#define QML_DAEMON_CLI_JOIN_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/federation.h"
#include "proto/id.h"

#define JOIN_LINE_LEN 768
#define JOIN_LINE_MAGIC "qmljoin1"
#define JOIN_LINE_TICKET "qmljoin2"

struct join_line {
	struct hash federation;
	struct member host; /* name, address and network key */
	bool has_ticket;
	char who[FEDERATION_NAME_LEN]; /* "": any name */
	uint8_t ticket[32];
};

void join_line_make(const struct join_line *j, char out[static JOIN_LINE_LEN]);
/* Is there one in it, whole or not? */
bool join_line_like(const char *text);
/* -EINVAL with a sentence; what is around the line, and line breaks in it, do
 * not matter. */
int join_line_parse(const char *text, struct join_line *out, char *err,
    size_t errlen) __attribute__((warn_unused_result));
/* Is it for a node of this name? */
bool join_line_for(const struct join_line *j, const char *name);

#endif
