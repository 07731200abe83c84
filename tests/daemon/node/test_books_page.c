/*
 * test_books_page.c - tables of the books in pages, and who an order waits for.
 *
 * The rows are put into the tables as they are: there are more of them than a
 * test has time to sign.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/books/state.h"
#include "daemon/node/books_json.h"
#include "daemon/node/jv.h"

#define OWNERS 3

struct shelf {
	struct books *books;
	struct sign_public key[OWNERS];
	struct member members[OWNERS];
	struct federation federation;
	struct books_look look;
};

static void
shelf_open(struct shelf *s)
{
	struct books_founder founders[OWNERS] = {0};
	struct books_terms terms = BOOKS_TERMS_DEFAULT;

	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < OWNERS; i++) {
		s->key[i].b[0] = (uint8_t)(i + 1);
		founders[i].key = s->key[i];
		snprintf(founders[i].name, sizeof(founders[i].name), "m%zu", i);
	}
	assert_int_equal(books_new(&terms, founders, OWNERS, &s->books), 0);
	s->federation.nmembers = OWNERS;
	s->federation.members = s->members;
	s->look = (struct books_look){s->books, &s->federation, 1};
}

static void *
add(struct table *t)
{
	assert_int_equal(table_reserve(t), 0);
	return table_insert(t, t->n);
}

static void
fill(struct table *t, size_t n)
{
	while (t->n < n)
		(void)add(t);
}

/* Every row comes once, in pages that are no longer than that, and an empty
 * one is the last. */
static void
expect_pages(const struct shelf *s, const char *table, size_t longest)
{
	size_t from = 0, n;

	do {
		struct jv *page = books_json_page(&s->look, table, from);

		n = jv_len(page);
		assert_true(n <= longest);
		for (size_t i = 0; i < n; i++) {
			struct jv *row =
			    books_json_row(&s->look, table, from + i);
			char *want = jv_dump(row);
			char *got = jv_dump(jv_at(page, i));

			assert_non_null(want);
			assert_string_equal(got, want);
			free(want);
			free(got);
			jv_free(row);
		}
		jv_free(page);
		from += n;
	} while (n > 0);
	assert_null(books_json_row(&s->look, table, from));
	assert_true(from > longest);
}

static void
test_pages(void **state)
{
	struct shelf s;
	struct table *t;

	(void)state;
	shelf_open(&s);
	fill(&s.books->accounts, 1001);
	expect_pages(&s, "accounts", 1000);
	fill(&s.books->orders, 201);
	expect_pages(&s, "orders", 200);
	fill(&s.books->tokens, 501);
	expect_pages(&s, "tokens", 500);
	t = &s.books->motions;
	while (t->n < 201) {
		struct motion *m = add(t);

		m->p.id = t->n;
		m->p.kind = PROPOSAL_TEXT;
		m->p.nvoters = OWNERS;
		m->payload = calloc(1, sizeof(*m->payload));
		assert_non_null(m->payload);
		m->payload->nrefs = 1;
	}
	expect_pages(&s, "proposals", 200);
	assert_null(books_json_page(&s.look, "tables", 0));
	books_free(s.books);
}

static void
test_assets(void **state)
{
	struct shelf s;

	(void)state;
	shelf_open(&s);
	for (size_t i = 0; i < 1001; i++) {
		struct asset *a = add(&s.books->assets);

		a->owner = s.key[i % OWNERS];
		a->terms.privacy =
		    (struct rdp_target){1000, (uint8_t)(4 + i % 3)};
		a->privacy.steps = 1;
		for (size_t k = 0; k < RDP_ORDERS; k++)
			a->privacy.spent.nano[k] = (int64_t)(i * k) * 1000003;
	}
	expect_pages(&s, "assets", 1000);
	books_free(s.books);
}

/* Owners once each, in the order of the assets; not who accepted, and nobody
 * for what does not exist. */
static void
test_waits_for(void **state)
{
	static const uint8_t ids[] = {10, 20, 30, 40, 50, 60};
	struct order *x;
	struct jv *row;
	struct shelf s;

	(void)state;
	shelf_open(&s);
	for (size_t i = 0; i < 200; i++) {
		struct asset *a = add(&s.books->assets);

		/* Those with last byte 0 are asked for, but for 30. */
		a->id.b[0] = (uint8_t)(200 - i);
		a->id.b[31] = a->id.b[0] == 30;
		a->owner = s.key[a->id.b[0] == 60 ? 2
			: a->id.b[0] >= 40        ? 1
						  : 0];
	}
	x = add(&s.books->orders);
	x->nassets = sizeof(ids);
	for (size_t i = 0; i < sizeof(ids); i++)
		x->assets[i].b[0] = ids[i];
	row = books_json_row(&s.look, "orders", 0);
	assert_string_equal(jv_text(jv_get(row, "waits_for"), "?"), "m0 m1 m2");
	jv_free(row);
	x->accepted[0] = x->accepted[1] = true;
	x->accepted[3] = x->accepted[4] = true;
	row = books_json_row(&s.look, "orders", 0);
	assert_string_equal(jv_text(jv_get(row, "waits_for"), "?"), "m2");
	jv_free(row);
	x->state = ORDER_DONE;
	row = books_json_row(&s.look, "orders", 0);
	assert_string_equal(jv_text(jv_get(row, "waits_for"), "?"), "");
	jv_free(row);
	books_free(s.books);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pages),
	    cmocka_unit_test(test_assets),
	    cmocka_unit_test(test_waits_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
