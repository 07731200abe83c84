/*
 * town.h - a few members with keys and their books, for tests.
 */
#ifndef QML_TESTS_CONSENSUS_BOOKS_TOWN_H
#define QML_TESTS_CONSENSUS_BOOKS_TOWN_H

#include "consensus/books/body.h"
#include "consensus/books/books.h"
#include "consensus/books/turn.h"

#define TOWN_MAX 8

struct town {
	uint16_t n;
	struct sign_key *keys[TOWN_MAX];
	struct sign_public pub[TOWN_MAX];
	uint64_t nonce[TOWN_MAX];
	struct hash federation;
	struct books *books;
	uint64_t height;
};

void town_open(struct town *t, uint16_t n, const struct books_terms *terms);
void town_close(struct town *t);

/* A signed transaction with what `w` holds as its body; closes w. */
struct tx *town_tx(struct town *t, uint16_t from, uint8_t kind,
    struct bytes_writer *w);
/* Makes, applies, and counts the nonce when it was accepted. *id: its id. */
int town_do(struct town *t, uint16_t from, uint8_t kind, struct bytes_writer *w,
    struct hash *id);

/* A job for tests: task, circuit's first byte, rounds, noise. */
struct town_job {
	uint8_t task;
	uint8_t circuit;
	uint8_t rounds;
	bool noisy;
};
/* Of terms.job. */
int town_job_of(const void *arg, const uint8_t *bytes, uint32_t len,
    struct books_job *out);

struct body_asset town_asset(uint8_t rows);
int town_register(struct town *t, uint16_t from, const struct body_asset *a,
    struct hash *id);
int town_ref(struct town *t, uint16_t from, uint8_t kind,
    const struct hash *id);
int town_order(struct town *t, uint16_t from, const struct body_order *o,
    const struct town_job *job, struct hash *id);

#endif
