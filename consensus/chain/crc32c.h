/*
 * crc32c.h - CRC-32C (Castagnoli, RFC 3720): a cheap first look at a header
 * before its length is believed. Pure; any thread.
 */
#ifndef QML_CONSENSUS_CHAIN_CRC32C_H
#define QML_CONSENSUS_CHAIN_CRC32C_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32c(const void *data, size_t len);

#endif
