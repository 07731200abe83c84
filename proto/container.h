/*
 * container.h - protobuf with bounds: one encoding per message, and a budget.
 *
 * The library allocates as the bytes tell it to; here an unpack may take at
 * most twice the input and a little. A message that would not be packed to
 * exactly the bytes it came from (unknown field, repeated field, long varint,
 * other order) is malformed. Only wire.c and trainwire.c know the generated
 * types. Pure.
 */
#ifndef QML_PROTO_CONTAINER_H
#define QML_PROTO_CONTAINER_H

#include <stddef.h>
#include <stdint.h>

#include "proto/wire.h"

struct ProtobufCMessage;
struct ProtobufCMessageDescriptor;

/* *data is malloc'd for the caller. -ENOMEM; -EMSGSIZE beyond max. */
int container_pack(const struct ProtobufCMessage *m, size_t max, uint8_t **data,
    size_t *len) __attribute__((warn_unused_result));
/* *out goes to container_free. Fields unknown to us pass, so that the caller
 * can tell a later version's message from garbage; then container_exact. */
enum wire_verdict container_unpack(const struct ProtobufCMessageDescriptor *d,
    const uint8_t *data, size_t len, struct ProtobufCMessage **out)
    __attribute__((warn_unused_result));
/* WIRE_OK if *m would be packed to exactly these bytes, else malformed. */
enum wire_verdict container_exact(const struct ProtobufCMessage *m,
    const uint8_t *data, size_t len) __attribute__((warn_unused_result));
void container_free(struct ProtobufCMessage *m); /* NULL is fine */

#endif
