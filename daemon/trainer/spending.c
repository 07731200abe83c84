#include "daemon/trainer/spending.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_LEN 512
#define BYTES_MAX ((size_t)1 << 28)
#define SUM_HEX 16 /* digits of a line's checksum */
#define FORMAT                                                           \
	"round=%" PRIu64 " steps=%" PRIu32 " q_ppb=%" PRIu32             \
	" sigma_milli=%" PRIu32 " clip_q24=%" PRIu64 " job=%s asset=%s " \
	"seed=%s"

static int
say(char err[static SPENDING_ERR_LEN], int rc, const char *path,
    const char *what)
{
	snprintf(err, SPENDING_ERR_LEN, "%.300s: %s", path, what);
	return rc;
}

/* The line up to its checksum. */
static void
sum_of(const char *line, size_t len, char out[static SUM_HEX + 1])
{
	struct hash h = hash_bytes("qml.spent", line, len);
	char hex[HASH_HEX_LEN];

	hash_hex(&h, hex);
	memcpy(out, hex, SUM_HEX);
	out[SUM_HEX] = '\0';
}

static int
put_line(const struct spending_entry *e, char line[static LINE_LEN])
{
	char job[HASH_HEX_LEN], asset[HASH_HEX_LEN], seed[HASH_HEX_LEN];
	char sum[SUM_HEX + 1];
	struct hash h;
	int n;

	_Static_assert(SPENDING_SEED_LEN == HASH_LEN, "written as a hash");
	memcpy(h.b, e->seed, sizeof(h.b));
	n = snprintf(line, LINE_LEN, FORMAT, e->round, e->claim.steps,
	    e->claim.q_ppb, e->claim.sigma_milli, e->claim.clip_q24,
	    hash_hex(&e->job, job), hash_hex(&e->asset, asset),
	    hash_hex(&h, seed));
	sum_of(line, (size_t)n, sum);
	return n + snprintf(line + n, LINE_LEN - (size_t)n, " sum=%s\n", sum);
}

/* A number behind its name; *at moves on. */
static bool
take_number(const char **at, const char *name, uint64_t most, uint64_t *out)
{
	size_t len = strlen(name);
	char *end;

	if (strncmp(*at, name, len) != 0 || (*at)[len] < '0' ||
	    (*at)[len] > '9')
		return false;
	errno = 0;
	*out = strtoull(*at + len, &end, 10);
	if (errno != 0 || *out > most || *end != ' ')
		return false;
	*at = end + 1;
	return true;
}

static bool
take_hash(const char **at, const char *name, struct hash *out)
{
	size_t len = strlen(name);
	char hex[HASH_HEX_LEN];

	if (strncmp(*at, name, len) != 0 ||
	    strlen(*at + len) < HASH_HEX_LEN - 1)
		return false;
	memcpy(hex, *at + len, HASH_HEX_LEN - 1);
	hex[HASH_HEX_LEN - 1] = '\0';
	*at += len + HASH_HEX_LEN - 1;
	*at += **at == ' ';
	return hash_from_hex(hex, out) == 0;
}

/* A line without its end. */
static bool
get_line(const char *line, struct spending_entry *e)
{
	uint64_t steps = 0, q = 0, sigma = 0;
	const char *at = line;
	char sum[SUM_HEX + 1];
	struct hash seed;

	*e = (struct spending_entry){
	    .claim.mechanism = PRIVACY_SAMPLED_GAUSSIAN};
	if (!take_number(&at, "round=", UINT64_MAX, &e->round) ||
	    !take_number(&at, "steps=", UINT32_MAX, &steps) ||
	    !take_number(&at, "q_ppb=", UINT32_MAX, &q) ||
	    !take_number(&at, "sigma_milli=", UINT32_MAX, &sigma) ||
	    !take_number(&at, "clip_q24=", UINT64_MAX, &e->claim.clip_q24) ||
	    !take_hash(&at, "job=", &e->job) ||
	    !take_hash(&at, "asset=", &e->asset) ||
	    !take_hash(&at, "seed=", &seed) || at == line || at[-1] != ' ')
		return false;
	e->claim.steps = (uint32_t)steps;
	e->claim.q_ppb = (uint32_t)q;
	e->claim.sigma_milli = (uint32_t)sigma;
	if (!rdp_step_valid(
		&(struct rdp_step){e->claim.q_ppb, e->claim.sigma_milli}))
		return false; /* no step of ours: what it cost is unknown */
	memcpy(e->seed, seed.b, sizeof(e->seed));
	sum_of(line, (size_t)(at - line) - 1, sum);
	return strncmp(at, "sum=", 4) == 0 && strcmp(at + 4, sum) == 0;
}

static const struct rdp_table *
cost_of(struct spending *a, const struct rdp_step *step)
{
	if (a->step.q_ppb != step->q_ppb ||
	    a->step.sigma_milli != step->sigma_milli) {
		rdp_step_cost(step, &a->cost);
		a->step = *step;
	}
	return &a->cost;
}

/* What stands there was done: it counts, also beyond the cap. */
static void
count(struct spending *a, const struct privacy_claim *c)
{
	const struct rdp_step step = {c->q_ppb, c->sigma_milli};
	const struct rdp_table *cost = cost_of(a, &step);
	struct budget *b = &a->budget;
	int64_t more;

	for (unsigned i = 0; i < RDP_ORDERS; i++)
		if (__builtin_mul_overflow(cost->nano[i], (int64_t)c->steps,
			&more) ||
		    __builtin_add_overflow(b->spent.nano[i], more,
			&b->spent.nano[i]))
			b->spent.nano[i] = INT64_MAX;
	b->steps += c->steps;
}

/* All of an open file, zero-terminated; the caller frees it. */
static int
read_all(int fd, char **out, size_t *len)
{
	struct stat st;
	size_t n = 0;
	ssize_t got = 1;
	char *buf;

	if (fstat(fd, &st) != 0)
		return -errno;
	if ((uint64_t)st.st_size > BYTES_MAX)
		return -EFBIG;
	buf = calloc(1, (size_t)st.st_size + 1);
	if (buf == NULL)
		return -ENOMEM;
	while (n < (size_t)st.st_size && got > 0) {
		got = read(fd, buf + n, (size_t)st.st_size - n);
		n += got > 0 ? (size_t)got : 0;
	}
	if (got < 0) {
		free(buf);
		return -errno;
	}
	*out = buf;
	*len = n;
	return 0;
}

/* Calls each with every whole line; -EINVAL with the number of a damaged one in
 * *bad. */
static int
each_line(char *text, void (*each)(void *arg, const struct spending_entry *e),
    void *arg, size_t *bad)
{
	struct spending_entry e;
	char *end;

	*bad = 0;
	for (; (end = strchr(text, '\n')) != NULL; text = end + 1) {
		++*bad;
		*end = '\0';
		if (!get_line(text, &e))
			return -EINVAL;
		each(arg, &e);
	}
	return 0;
}

static void
count_cb(void *arg, const struct spending_entry *e)
{
	count(arg, &e->claim);
}

/* A last line without its end was never synced, so its steps did not run: it is
 * cut off. */
static int
take_in(struct spending *a, const char *path, char err[static SPENDING_ERR_LEN])
{
	char *text = NULL, what[96];
	size_t len = 0, bad = 0;
	size_t whole;
	int rc = read_all(a->fd, &text, &len);

	if (rc < 0)
		return say(err, rc, path, strerror(-rc));
	for (whole = len; whole > 0 && text[whole - 1] != '\n'; whole--)
		text[whole - 1] = '\0';
	rc = strlen(text) == whole ? each_line(text, count_cb, a, &bad)
				   : -EINVAL;
	free(text);
	if (rc < 0) {
		snprintf(what, sizeof(what),
		    "line %zu is damaged; what was spent cannot be known", bad);
		return say(err, rc, path, what);
	}
	if (whole < len && ftruncate(a->fd, (off_t)whole) != 0)
		return say(err, -errno, path, strerror(errno));
	return 0;
}

int
spending_open(struct spending *a, const char *path,
    const struct rdp_target *target, char err[static SPENDING_ERR_LEN])
{
	int rc = 0;

	*a = (struct spending)SPENDING_INIT;
	a->limited = target != NULL;
	if (target != NULL)
		budget_open(&a->budget, target);
	a->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (a->fd < 0)
		return say(err, -errno, path, strerror(errno));
	if (flock(a->fd, LOCK_EX | LOCK_NB) != 0)
		rc = say(err, -EBUSY, path, "another trainer has it open");
	if (rc == 0)
		rc = take_in(a, path, err);
	if (rc < 0)
		spending_close(a);
	return rc;
}

void
spending_close(struct spending *a)
{
	if (a->fd >= 0)
		close(a->fd);
	*a = (struct spending)SPENDING_INIT;
}

static int
refuse_budget(const struct spending *a, const struct privacy_claim *c,
    char err[static SPENDING_ERR_LEN])
{
	const struct rdp_target *t = &a->budget.target;
	uint32_t order;
	int64_t eps = rdp_epsilon_nano(&a->budget.spent, t->delta_exp, &order);

	snprintf(err, SPENDING_ERR_LEN,
	    "the rows' privacy budget is used up: epsilon %.3f of %.3f at "
	    "delta 1e-%u is spent, and %u more noisy steps would pass it",
	    (double)eps * 1e-9, (double)t->eps_milli * 1e-3, t->delta_exp,
	    (unsigned)c->steps);
	return -EDQUOT;
}

int
spending_reserve(struct spending *a, const struct spending_entry *e,
    char err[static SPENDING_ERR_LEN])
{
	const struct rdp_step step = {e->claim.q_ppb, e->claim.sigma_milli};
	char line[LINE_LEN];
	int len;

	if (!rdp_step_valid(&step)) {
		snprintf(err, SPENDING_ERR_LEN,
		    "the job's noise cannot be counted");
		return -EINVAL;
	}
	if (a->limited &&
	    budget_room(&a->budget, cost_of(a, &step), e->claim.steps) <
		e->claim.steps)
		return refuse_budget(a, &e->claim, err);
	len = put_line(e, line);
	/* Counted whatever becomes of the line: it may be on the disk. */
	count(a, &e->claim);
	if (write(a->fd, line, (size_t)len) == len && fdatasync(a->fd) == 0)
		return 0;
	snprintf(err, SPENDING_ERR_LEN,
	    "what this training spends could not be written beside the rows: "
	    "%s",
	    strerror(errno));
	return errno != 0 ? -errno : -EIO;
}

struct hash
spending_commit(const uint8_t seed[static SPENDING_SEED_LEN])
{
	return hash_bytes("qml.noiseseed", seed, SPENDING_SEED_LEN);
}

struct search {
	const struct hash *commit;
	uint8_t *seed;
	bool found;
};

static void
compare_cb(void *arg, const struct spending_entry *e)
{
	struct search *s = arg;
	struct hash h = spending_commit(e->seed);

	if (s->found || !hash_equal(&h, s->commit))
		return;
	memcpy(s->seed, e->seed, SPENDING_SEED_LEN);
	s->found = true;
}

int
spending_find(const char *path, const struct hash *commit,
    uint8_t seed[static SPENDING_SEED_LEN])
{
	struct search s = {commit, seed, false};
	char *text = NULL;
	size_t len, bad;
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return -errno;
	rc = read_all(fd, &text, &len);
	close(fd);
	if (text != NULL)
		rc = each_line(text, compare_cb, &s, &bad);
	free(text);
	return rc < 0 ? rc : s.found ? 0 : -ENOENT;
}
