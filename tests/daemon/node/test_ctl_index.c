/* Reports out of index.db while somebody writes it. */
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "consensus/chain/index.h"
#include "consensus/chain/sql.h"
#include "daemon/node/ctl_methods.h"

#define REPORTS 40
#define UNITS 1000000

struct writer {
	struct sql *db;
	atomic_bool enough, failed;
	atomic_uint written;
};

/* What a settlement reads, no more. */
static const char tables[] =
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value);"
    "CREATE TABLE blocks (height INTEGER PRIMARY KEY, time_ms INTEGER);"
    "CREATE TABLE accounts (account TEXT PRIMARY KEY, name TEXT);"
    "CREATE TABLE entries (height INTEGER, seq INTEGER, account TEXT,"
    " change INTEGER, balance INTEGER, cause TEXT,"
    " PRIMARY KEY (height, seq));"
    "CREATE TABLE txs (height INTEGER, sender TEXT);"
    "INSERT INTO accounts VALUES ('aa', 'alpha'), ('bb', 'beta');"
    "INSERT INTO meta VALUES ('applied_height', 0);"
    "INSERT INTO blocks VALUES (0, 0);"
    "INSERT INTO entries VALUES (0, 0, 'aa', 1000000, 1000000, 'opening');";

/* One unit goes from alpha to beta with each block, as the index has it: all
 * of a block or none of it. */
static void *
write_blocks(void *arg)
{
	struct writer *w = arg;
	char text[512];

	for (unsigned h = 1; !w->enough && h < UNITS; h++) {
		snprintf(text, sizeof(text),
		    "BEGIN IMMEDIATE; INSERT INTO blocks VALUES (%u, %u);"
		    "INSERT INTO entries VALUES (%u, 0, 'aa', -1, %u, 't');"
		    "INSERT INTO entries VALUES (%u, 1, 'bb', 1, %u, 't');"
		    "UPDATE meta SET value = %u WHERE key = 'applied_height';"
		    "COMMIT;",
		    h, h * 10, h, UNITS - h, h, h, h);
		w->failed = sql_exec(w->db, text) < 0;
		if (w->failed)
			break;
		w->written = h;
	}
	return NULL;
}

/* opening + in - out = closing, for everybody. */
static void
adds_up(const struct jv *report)
{
	const struct jv *accounts = jv_get(report, "accounts");
	const struct jv *sums = jv_get(report, "sums");

	assert_int_equal(jv_len(accounts), 3);
	for (size_t i = 0; i < jv_len(accounts); i++) {
		const struct jv *a = jv_at(accounts, i), *s;
		const char *who = jv_text(jv_get(a, "account"), "");
		int64_t sum = jv_int(jv_get(a, "opening"), -1);

		for (size_t k = 0; k < jv_len(sums); k++) {
			s = jv_at(sums, k);
			if (strcmp(jv_text(jv_get(s, "account"), ""), who) == 0)
				sum += jv_int(jv_get(s, "in"), 0) -
				    jv_int(jv_get(s, "out"), 0);
		}
		assert_int_equal(sum, jv_int(jv_get(a, "closing"), -1));
	}
}

/* A home with an index; ends with close_home. */
struct place {
	char home[32];
	struct node_options opt;
	struct node *node;
	struct sql *db;
};

static void
open_home(struct place *p)
{
	char path[64];

	memset(p, 0, sizeof(*p));
	snprintf(p->home, sizeof(p->home), "/tmp/qml-index-XXXXXX");
	assert_non_null(mkdtemp(p->home));
	p->opt.home = p->home;
	p->node = calloc(1, sizeof(*p->node));
	assert_non_null(p->node);
	p->node->opt = &p->opt;
	snprintf(path, sizeof(path), "%s/" INDEX_NAME, p->home);
	assert_int_equal(sql_open(&p->db, path, true), 0);
	assert_int_equal(sql_exec(p->db, tables), 0);
}

static void
close_home(struct place *p)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	char path[64];

	sql_close(p->db);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/" INDEX_NAME "%s", p->home,
		    ends[i]);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(p->home), 0);
	free(p->node);
}

static struct jv *
settlement(const struct place *p, enum ctl_error *code)
{
	char err[256];
	void *q = ctl_take_settlement(p->node, NULL, code, err, sizeof(err));
	struct jv *report;

	assert_non_null(q);
	report = ctl_make_report(q, code, err, sizeof(err));
	free(q);
	return report;
}

static void
settlement_is_of_one_moment(void **state)
{
	struct writer w = {.db = NULL};
	enum ctl_error code;
	struct jv *report;
	pthread_t thread;
	unsigned before;
	struct place p;

	(void)state;
	open_home(&p);
	w.db = p.db;
	assert_int_equal(pthread_create(&thread, NULL, write_blocks, &w), 0);
	for (unsigned i = 0; i < REPORTS; i++) {
		report = settlement(&p, &code);
		assert_non_null(report);
		adds_up(report);
		jv_free(report);
		for (before = w.written; w.written < before + 5;) {
			assert_false(w.failed);
			(void)sched_yield();
		}
	}
	w.enough = true;
	assert_int_equal(pthread_join(thread, NULL), 0);
	close_home(&p);
}

/* While it is filled anew nobody else reads it: not a fault of the daemon. */
static void
filled_anew(void **state)
{
	enum ctl_error code = CTL_OK;
	struct place p;

	(void)state;
	open_home(&p);
	assert_int_equal(sql_exec(p.db,
			     "PRAGMA locking_mode = EXCLUSIVE;"
			     "PRAGMA journal_mode = OFF;"
			     "UPDATE meta SET value = 1;"),
	    0);
	assert_null(settlement(&p, &code));
	assert_int_equal(code, CTL_NOT_FOUND);
	close_home(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(settlement_is_of_one_moment),
	    cmocka_unit_test(filled_anew),
	};

	return cmocka_run_group_tests_name("ctl_index", tests, NULL, NULL);
}
