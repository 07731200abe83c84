/*
 * id.h - how a person sees an id: a prefix and base32 with a checksum.
 *
 * qn1... a node, qf1... a federation, qm1... a model, qb1... a block. The
 * checksum covers prefix and hash, so ids of two kinds cannot be swapped and a
 * typing error is seen. Lower case, alphabet without b, i, l, o (Bech32's).
 */
#ifndef QML_PROTO_ID_H
#define QML_PROTO_ID_H

#include "proto/hash.h"

#define ID_TEXT_LEN 68 /* prefix 3 + 52 + checksum 6 + zero, rounded up */

enum id_kind {
	ID_NODE,
	ID_FEDERATION,
	ID_MODEL,
	ID_BLOCK,
};

char *id_text(enum id_kind kind, const struct hash *h,
    char out[static ID_TEXT_LEN]);
/* -EINVAL: not of this kind, wrong length, character or checksum. */
int id_parse(enum id_kind kind, const char *text, struct hash *out)
    __attribute__((warn_unused_result));

#endif
