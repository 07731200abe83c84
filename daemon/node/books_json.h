/*
 * books_json.h - rows of the books as JSON: for the control socket and for
 * reports.
 *
 * Accounts of members are named, others are 64 hex digits. A value is the
 * caller's. Pure.
 */
#ifndef QML_DAEMON_NODE_BOOKS_JSON_H
#define QML_DAEMON_NODE_BOOKS_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "consensus/books/view.h"
#include "proto/federation.h"

struct jv;

struct books_look {
	const struct books *books;
	const struct federation *federation;
	uint64_t height; /* of the last block */
};

/* "accounts", "assets", "orders", "proposals", "tokens", "credentials",
 * "uses". NULL: no such row, or table. */
struct jv *books_json_row(const struct books_look *at, const char *table,
    size_t i);
/* Rows from there on, as many as the loop has time for, but one at least where
 * there is one; an empty list is the end. NULL: no such table. */
struct jv *books_json_page(const struct books_look *at, const char *table,
    size_t from);
struct jv *books_json_account(const struct account *a);
/* 64 hex digits, or "" for zero. */
void books_json_hash(struct jv *o, const char *key, const struct hash *h);

#endif
