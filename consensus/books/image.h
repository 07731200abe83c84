/*
 * image.h - all that is in the books, as bytes and back: for a checkpoint.
 *
 * Unlike the root it leaves nothing out that a later block or a table may ask
 * for; the terms come from the federation. Pure; one thread.
 */
#ifndef QML_CONSENSUS_BOOKS_IMAGE_H
#define QML_CONSENSUS_BOOKS_IMAGE_H

#include "consensus/books/books.h"
#include "proto/walk.h"

/* Writing sets nothing that it did not find. Reading replaces what b, of the
 * same terms, holds; after an error b is good for books_free only. */
void books_image(struct walk *k, struct books *b);

#endif
