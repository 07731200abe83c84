/* qmlnode refound at a home: what it signs, and what nobody should. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "consensus/chain/votelog.h"
#include "consensus/ledger/seats.h"
#include "consensus/votes/payload.h"
#include "daemon/cli/cli.h"
#include "daemon/cli/refounded.h"
#include "daemon/node/keys.h"
#include "proto/hex.h"
#include "proto/id.h"
#include "proto/noise.h"
#include "quietly.h"
#include "refound_town.h"

#define LOG_1 "votes-1.wal"
#define LOG_LAST "votes-9999.wal"
#define PATH_LEN (RICH_ROOT_LEN + 32)

/* The secrets of this seat, as a node has them. */
static void
put_key(const struct rich *r, uint16_t seat)
{
	const struct member *m = ledger_member(r->chain.town.l, seat);
	uint8_t seed[SIGN_SEED_LEN] = {0, 7}, network[32] = {0};
	struct sign_public key;
	struct sign_key *k;
	char path[PATH_LEN], id[ID_TEXT_LEN], hex[2][65];
	uint8_t public[32];
	struct hash node;
	FILE *f;

	do {
		seed[0]++;
		assert_int_equal(sign_key_new(seed, &k), 0);
		key = sign_key_public(k);
		sign_key_free(k);
	} while (memcmp(&key, &m->sign, sizeof(key)) != 0);
	network[31] = 64;
	noise_public(network, public);
	node = member_id(&key, public);
	snprintf(path, sizeof(path), "%s/node.key", r->root);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fchmod(fileno(f), 0600), 0);
	fprintf(f, "version: 1\nid: %s\nsign: %s\nnetwork: %s\n",
	    id_text(ID_NODE, &node, id), hex_put(seed, sizeof(seed), hex[0]),
	    hex_put(network, sizeof(network), hex[1]));
	assert_int_equal(fclose(f), 0);
}

/* The command at this home. */
static int
with(const struct rich *r, const char *names, const char *without)
{
	return quietly(cmd_refound,
	    (const char *[]){"refound", "--home", r->root, "--with", names,
		"--without", without, NULL});
}

static bool
has(const struct rich *r, const char *name)
{
	char path[PATH_LEN];

	snprintf(path, sizeof(path), "%s/%s", r->root, name);
	return access(path, F_OK) == 0;
}

static void
drop(const struct rich *r, const char *name)
{
	char path[PATH_LEN];

	snprintf(path, sizeof(path), "%s/%s", r->root, name);
	(void)unlink(path);
}

/* Up to the block behind which this seat is to be given up. */
static void
vote_out(struct rich *r, uint16_t seat)
{
	struct payload wish = {.member = {.op = PAYLOAD_MEMBER_REMOVE,
				   .m = {.power = 1, .weight = 1}}};
	struct town *t = &r->chain.town;

	wish.member.seat = ledger_member(t->l, seat)->id;
	rich_pass(r, PROPOSAL_MEMBER, &wish);
	while (ledger_seats(t->l)->state[seat] == SEAT_MEMBER)
		rich_commit(r, rich_next(r, NULL, 0, false));
	assert_true(ledger_active(t->l, seat));
}

/* What no member's state would go on by is not signed, whoever draws it up: the
 * home of who has it all the same could neither go on nor back. */
static void
nothing_void_is_signed(void **state)
{
	static const uint16_t three[] = {0, 2, 3, UINT16_MAX},
			      leaver[] = {0, 1, UINT16_MAX};
	char names[2 * FEDERATION_NAME_LEN], rest[3 * FEDERATION_NAME_LEN];
	const char *name[RICH_MEMBERS];
	char *line;
	struct refound x;
	struct rich r;
	struct town *t = &r.chain.town;

	(void)state;
	rich_open(&r, "town");
	rich_grow(&r, RICH_OPEN);
	vote_out(&r, 1);
	put_key(&r, 0);
	for (uint16_t i = 0; i < RICH_MEMBERS; i++)
		name[i] = ledger_member(t->l, i)->name;
	snprintf(names, sizeof(names), "%s,%s", name[0], name[1]);
	snprintf(rest, sizeof(rest), "%s,%s", name[2], name[3]);
	assert_int_equal(with(&r, names, rest), 9);
	for (unsigned k = 0; k < 2; k++) {
		x = refound_draw_up(&r, t->l, k ? three : leaver);
		line = refounded_line(&x);
		assert_non_null(line);
		assert_int_equal(quietly(cmd_refound,
				     (const char *[]){"refound", "--home",
					 r.root, line, NULL}),
		    9);
		free(line);
	}
	/* Nor while somebody is in neither list, or in both. */
	snprintf(names, sizeof(names), "%s,%s", name[0], name[2]);
	snprintf(rest, sizeof(rest), "%s,%s,%s", name[1], name[2], name[3]);
	assert_int_equal(with(&r, names, name[3]), 2);
	assert_int_equal(with(&r, names, rest), 2);
	assert_false(has(&r, REFOUNDED_AGREED));
	snprintf(rest, sizeof(rest), "%s,%s", name[1], name[3]);
	assert_int_equal(with(&r, names, rest), 0);
	assert_true(has(&r, REFOUNDED_AGREED));
	/* Another one is not signed beside it. */
	snprintf(rest, sizeof(rest), "%s,%s,%s", name[1], name[2], name[3]);
	assert_int_equal(with(&r, name[0], rest), 9);
	drop(&r, REFOUNDED_AGREED);
	drop(&r, "node.key");
	drop(&r, "lock");
	drop(&r, REFOUNDED_FILE);
	rich_close(&r);
}

/* So often, by what lies in the home. */
static void
is_refounded(const struct rich *r, uint16_t times)
{
	struct federation f;

	assert_int_equal(federation_copy(&f, &r->chain.town.f), 0);
	f.nrefounded = 0;
	assert_int_equal(refounded_load(r->root, &f), 0);
	assert_int_equal(f.nrefounded, times);
	federation_close(&f);
}

/* The file of one that is complete was left by a crash: the next one may be
 * signed. */
static void
agreed_and_done(void **state)
{
	static const uint16_t two[] = {0, 2, UINT16_MAX};
	char hex[HASH_HEX_LEN], path[PATH_LEN];
	struct refound x;
	struct hash id;
	struct rich r;
	FILE *f;

	(void)state;
	rich_open(&r, "town");
	rich_grow(&r, RICH_OPEN);
	x = refound_draw_up(&r, r.chain.town.l, two);
	refound_take(&r, &x);
	put_key(&r, 0);
	id = refound_id(&x);
	snprintf(path, sizeof(path), "%s/" REFOUNDED_AGREED, r.root);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(hash_hex(&id, hex), f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(with(&r, ledger_member(r.chain.town.l, 0)->name,
			     ledger_member(r.chain.town.l, 2)->name),
	    0);
	assert_false(has(&r, REFOUNDED_AGREED));
	is_refounded(&r, 2);
	drop(&r, LOG_1);
	drop(&r, "node.key");
	drop(&r, "lock");
	drop(&r, REFOUNDED_FILE);
	rich_close(&r);
}

/* What a lost vote log says is of the federation that ends: the next one's
 * begins without it, and binds from its first height on. */
static void
vote_log_is_lost(void **state)
{
	struct disk_posix disk = DISK_POSIX_INIT;
	struct votelog log = VOTELOG_INIT;
	struct votelog_open_args a = {.name = LOG_1};
	struct keys keys = KEYS_INIT;
	char rest[3 * FEDERATION_NAME_LEN], path[PATH_LEN], err[KEYS_ERR_LEN];
	const char *name[RICH_MEMBERS];
	struct rich r;
	FILE *f;

	(void)state;
	rich_open(&r, "town");
	rich_grow(&r, RICH_OPEN);
	put_key(&r, 0);
	for (uint16_t i = 0; i < RICH_MEMBERS; i++)
		name[i] = ledger_member(r.chain.town.l, i)->name;
	snprintf(rest, sizeof(rest), "%s,%s,%s", name[1], name[2], name[3]);
	/* Where none could follow, nothing is signed. */
	snprintf(path, sizeof(path), "%s/" LOG_LAST, r.root);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(with(&r, name[0], rest), 1);
	assert_false(has(&r, REFOUNDED_AGREED));
	assert_false(has(&r, REFOUNDED_FILE));
	drop(&r, LOG_LAST);
	assert_int_equal(with(&r, name[0], rest), 0);
	is_refounded(&r, 1);
	snprintf(path, sizeof(path), "%s/node.key", r.root);
	assert_int_equal(keys_load(&keys, path, err, sizeof(err)), 0);
	a.node = keys.id;
	assert_int_equal(disk_posix_open(&disk, r.root), 0);
	assert_int_equal(votelog_open(&log, &disk.disk, &a), 0);
	assert_int_equal(log.last.floor, ledger_height(r.chain.town.l) + 1);
	votelog_close(&log);
	disk_posix_close(&disk);
	keys_close(&keys);
	drop(&r, LOG_1);
	drop(&r, "node.key");
	drop(&r, "lock");
	drop(&r, REFOUNDED_FILE);
	rich_close(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_void_is_signed),
	    cmocka_unit_test(agreed_and_done),
	    cmocka_unit_test(vote_log_is_lost),
	};

	return sign_setup() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
