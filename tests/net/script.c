#include "script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCRIPT_WORDS 16
/* A little more than a round trip round the world. */
#define SCRIPT_QUEUE_US 200000

struct words {
	char *w[SCRIPT_WORDS];
	size_t n;
};

struct unit {
	const char *name;
	double factor;
};

static const struct unit times[] = {{"us", 1}, {"ms", 1e3}, {"s", 1e6},
    {NULL, 0}};
static const struct unit shares[] = {{"%", 1e4}, {NULL, 0}}; /* in ppm */
static const struct unit rates[] = {{"kbit", 1e3}, {"mbit", 1e6}, {"gbit", 1e9},
    {NULL, 0}};

static int
parse_number(const char *text, const struct unit *units, double max,
    uint64_t *out)
{
	char *end;
	double x = strtod(text, &end);

	while (units->name != NULL && strcmp(units->name, end) != 0)
		units++;
	if (end == text || units->name == NULL || !(x >= 0) ||
	    x * units->factor > max)
		return -EINVAL;
	*out = (uint64_t)(x * units->factor + 0.5);
	return 0;
}

static int
parse_node(const struct fabric *f, const char *text, uint16_t *out)
{
	char *end;
	unsigned long x = strtoul(text, &end, 10);

	if (end == text || *end != '\0' || x >= f->n)
		return -EINVAL;
	*out = (uint16_t)x;
	return 0;
}

static int
set_share(const char *value, uint32_t *ppm)
{
	uint64_t x;
	int rc = parse_number(value, shares, 1e6, &x);

	if (rc == 0)
		*ppm = (uint32_t)x;
	return rc;
}

static int
set_key(struct fabric_path *p, const char *key, const char *value)
{
	int rc;

	if (strcmp(key, "delay") == 0)
		return parse_number(value, times, 1e8, &p->delay_us);
	if (strcmp(key, "jitter") == 0)
		return parse_number(value, times, 1e8, &p->jitter_us);
	if (strcmp(key, "queue") == 0)
		return parse_number(value, times, 1e8, &p->queue_us);
	if (strcmp(key, "loss") == 0)
		return set_share(value, &p->loss_ppm);
	if (strcmp(key, "reorder") == 0)
		return set_share(value, &p->reorder_ppm);
	if (strcmp(key, "duplicate") == 0)
		return set_share(value, &p->duplicate_ppm);
	if (strcmp(key, "rate") != 0)
		return -EINVAL;
	rc = parse_number(value, rates, 1e12, &p->rate_bps);
	if (rc == 0 && p->queue_us == 0)
		p->queue_us = SCRIPT_QUEUE_US;
	return rc;
}

/* All words from `first` on, or none of them. */
static int
set_keys(struct fabric_path *p, const struct words *words, size_t first)
{
	struct fabric_path changed = *p;
	int rc = 0;

	for (size_t i = first; rc == 0 && i < words->n; i++) {
		char key[16];
		const char *eq = strchr(words->w[i], '=');
		size_t len = eq == NULL ? 0 : (size_t)(eq - words->w[i]);

		if (len == 0 || len >= sizeof(key))
			return -EINVAL;
		memcpy(key, words->w[i], len);
		key[len] = '\0';
		rc = set_key(&changed, key, eq + 1);
	}
	if (rc == 0)
		*p = changed;
	return rc;
}

static int
run_link(struct fabric *f, const struct words *words)
{
	uint16_t a, b;
	int rc;

	if (words->n < 3 || parse_node(f, words->w[1], &a) < 0 ||
	    parse_node(f, words->w[2], &b) < 0)
		return -EINVAL;
	rc = set_keys(fabric_path(f, a, b), words, 3);
	if (rc == 0 && strcmp(words->w[0], "link") == 0)
		rc = set_keys(fabric_path(f, b, a), words, 3);
	return rc;
}

static int
run_all(struct fabric *f, const struct words *words)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < (size_t)f->n * f->n; i++)
		rc = set_keys(&f->path[i], words, 1);
	return rc;
}

static int
run_uplink(struct fabric *f, const struct words *words)
{
	uint16_t a;

	if (words->n != 3 || parse_node(f, words->w[1], &a) < 0)
		return -EINVAL;
	return parse_number(words->w[2], rates, 1e12, &f->uplink[a].rate_bps);
}

static int
run_partition(struct fabric *f, const struct words *words)
{
	uint16_t group[FABRIC_NODES_MAX] = {0}, g = 1, node;
	const char *at = words->n == 2 ? words->w[1] : "";
	char *end = NULL;

	while (*at != '\0') {
		unsigned long x = strtoul(at, &end, 10);

		if (end == at || x >= f->n || strchr(",|", *end) == NULL)
			return -EINVAL;
		node = (uint16_t)x;
		group[node] = g;
		g = (uint16_t)(g + (*end == '|'));
		at = *end == '\0' ? end : end + 1;
	}
	if (end == NULL)
		return -EINVAL;
	memcpy(f->group, group, sizeof(group));
	return 0;
}

static int
run_dial(struct fabric *f, const struct words *words)
{
	uint16_t a;

	if (words->n != 2 || parse_node(f, words->w[1], &a) < 0)
		return -EINVAL;
	f->undialable[a] = strcmp(words->w[0], "nodial") == 0;
	return 0;
}

static int
run_heal(struct fabric *f, const struct words *words)
{
	(void)words;
	memset(f->group, 0, sizeof(f->group));
	return 0;
}

static void
tell_counters(struct fabric *f, const struct words *words, char *answer)
{
	struct fabric_count c = fabric_total(f);
	uint16_t a, b;

	if (words->n == 3 && parse_node(f, words->w[1], &a) == 0 &&
	    parse_node(f, words->w[2], &b) == 0)
		c = fabric_path(f, a, b)->count;
	snprintf(answer, SCRIPT_ANSWER_LEN,
	    "{\"sent\":%llu,\"delivered\":%llu,\"lost\":%llu,"
	    "\"reordered\":%llu,\"duplicated\":%llu,\"full\":%llu,"
	    "\"parted\":%llu,\"refused\":%llu,\"stray\":%llu}",
	    (unsigned long long)c.sent, (unsigned long long)c.delivered,
	    (unsigned long long)c.lost, (unsigned long long)c.reordered,
	    (unsigned long long)c.duplicated, (unsigned long long)c.full,
	    (unsigned long long)c.parted, (unsigned long long)c.refused,
	    (unsigned long long)c.stray);
}

static struct words
split(char *line)
{
	struct words words = {.n = 0};
	char *save = NULL;

	for (char *w = strtok_r(line, " \t\r\n", &save); w != NULL;
	     w = strtok_r(NULL, " \t\r\n", &save)) {
		if (words.n == SCRIPT_WORDS)
			return (struct words){.n = 0};
		words.w[words.n++] = w;
	}
	return words;
}

void
script_run(struct fabric *f, char *line, char answer[static SCRIPT_ANSWER_LEN])
{
	static const struct {
		const char *name;
		int (*run)(struct fabric *f, const struct words *words);
	} table[] = {{"link", run_link}, {"path", run_link}, {"all", run_all},
	    {"uplink", run_uplink}, {"partition", run_partition},
	    {"heal", run_heal}, {"nodial", run_dial}, {"dial", run_dial}};
	const struct words words = split(line);

	if (words.n > 0 && strcmp(words.w[0], "counters") == 0) {
		tell_counters(f, &words, answer);
		return;
	}
	snprintf(answer, SCRIPT_ANSWER_LEN, "error: no such command");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (words.n == 0 || strcmp(words.w[0], table[i].name) != 0)
			continue;
		if (table[i].run(f, &words) < 0)
			snprintf(answer, SCRIPT_ANSWER_LEN,
			    "error: what does %s want? see script.h",
			    words.w[0]);
		else
			snprintf(answer, SCRIPT_ANSWER_LEN, "ok");
	}
}
