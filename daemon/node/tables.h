/*
 * tables.h - what follows the chain and is no authority: index.db for people,
 * checkpoints for the next start.
 *
 * Nobody waits for them. What goes wrong is told once, and once when it is
 * right again; index.db is then opened anew after a pause, for a disk may have
 * been full or somebody may have locked it. Time comes in from outside. The
 * storage thread's.
 */
#ifndef QML_DAEMON_NODE_TABLES_H
#define QML_DAEMON_NODE_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/chain/index.h"
#include "consensus/replica/store.h"
#include "daemon/node/home.h"

#define TABLES_PAUSE_MS 5000        /* after the first failure; doubles */
#define TABLES_PAUSE_MAX_MS 3600000 /* each try may fill the disk once more */

enum tables_part {
	TABLES_INDEX,
	TABLES_STATE, /* checkpoints */
	TABLES_PARTS
};

struct tables {
	struct index *index; /* NULL: not open */
	/* For the index, owned; NULL: taken, or never read. */
	struct ledger *loaded;
	const struct federation *federation;
	char path[HOME_PATH_LEN];
	uint64_t pause_ms; /* the last one; 0: it is well */
	uint64_t retry_ms; /* not opened before */
	bool wrong[TABLES_PARTS];
};

#define TABLES_INIT ((struct tables){0})

/* What a step has to tell. */
struct tables_news {
	bool refilled; /* index.db was thrown away */
	bool any[TABLES_PARTS];
	int err[TABLES_PARTS]; /* 0: it is right again */
};

/* Touches no file; keeps *f. -ENAMETOOLONG. */
int tables_open(struct tables *t, const char *home, const struct federation *f)
    __attribute__((warn_unused_result));
void tables_close(struct tables *t); /* accepts TABLES_INIT */

/* Milliseconds until there is something to do; UINT64_MAX: not before there is
 * another block. */
uint64_t tables_wait_ms(const struct tables *t, const struct store *s,
    uint64_t now_ms);
/* Some dozens of blocks: a vote may wait no longer. */
void tables_follow(struct tables *t, struct store *s, uint64_t now_ms,
    struct tables_news *out);

/* There is room on the disk again: what failed is not waited for. */
void tables_hurry(struct tables *t);

#endif
