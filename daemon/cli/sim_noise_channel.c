/*
 * sim_noise_channel.c - "depolarizing2: 0.01" and the like.
 */
#include "daemon/cli/sim_noise_channel.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "proto/decimal.h"

#define TEXT_MAX 40

int
sim_noise_keys(const struct yaml_node *n, const char *const *keys,
    struct config_error *e)
{
	const struct yaml_node *at;
	size_t i;

	if (n->kind != YAML_MAP)
		return config_fail(e, n->at, "want a map with %s", keys[0]);
	for (at = n->first; at; at = at->next) {
		for (i = 0; keys[i] && strcmp(keys[i], at->key) != 0;)
			i++;
		if (keys[i] == NULL)
			return config_fail(e, at->key_at,
			    "%s: no such key here", at->key);
	}
	return 0;
}

int
sim_noise_integer(const struct yaml_node *n, uint32_t max, uint32_t *out)
{
	uint32_t v = 0;
	const char *p;

	if (n->kind != YAML_SCALAR || n->quoted || n->text[0] == '\0' ||
	    strlen(n->text) > 6)
		return -EINVAL;
	for (p = n->text; *p; p++) {
		if (*p < '0' || *p > '9')
			return -EINVAL;
		v = 10 * v + (uint32_t)(*p - '0');
	}
	if (v > max)
		return -EINVAL;
	*out = v;
	return 0;
}

static int
parse_number(const char *text, double *out)
{
	struct decimal d;
	int rc = decimal_parse(text, &d);

	if (rc == 0)
		*out = decimal_double(&d);
	return rc;
}

int
sim_noise_number(const struct yaml_node *n, struct config_error *e, double low,
    double high, double *out)
{
	double v = 0.0;

	if (n == NULL)
		return 0;
	if (n->kind != YAML_SCALAR || n->quoted ||
	    parse_number(n->text, &v) < 0 || !(v >= low && v <= high))
		return config_fail(e, n->at, "%s: want a number, %g to %g",
		    n->key ? n->key : "entry", low, high);
	*out = v;
	return 0;
}

int
sim_noise_time(const struct yaml_node *n, struct config_error *e, double *out)
{
	static const struct {
		const char *name;
		double seconds;
	} units[] = {{"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1.0}};
	char text[TEXT_MAX];
	size_t len, i;
	double v = 0.0;

	if (n->kind != YAML_SCALAR)
		goto bad;
	len = strlen(n->text);
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t unit = strlen(units[i].name);

		if (len <= unit || len >= sizeof(text) ||
		    strcmp(n->text + len - unit, units[i].name) != 0)
			continue;
		memcpy(text, n->text, len - unit);
		text[len - unit] = '\0';
		if (parse_number(text, &v) < 0 || !(v >= 0.0))
			continue;
		*out = v * units[i].seconds;
		return 0;
	}
bad:
	return config_fail(e, n->at, "%s: want a time with ns, us, ms or s",
	    n->key ? n->key : "time");
}

int
sim_noise_thermal(const struct yaml_node *n, struct config_error *e,
    struct kraus_thermal *out)
{
	const struct yaml_node *t1 = yaml_get(n, "t1");
	const struct yaml_node *t2 = yaml_get(n, "t2");
	int rc;

	if (t1 == NULL || t2 == NULL)
		return config_fail(e, n->at, "%s: missing", t1 ? "t2" : "t1");
	rc = sim_noise_time(t1, e, &out->t1);
	if (rc == 0)
		rc = sim_noise_time(t2, e, &out->t2);
	if (rc == 0 && !(out->t1 > 0.0))
		return config_fail(e, t1->at, "t1: want more than 0");
	if (rc == 0 && !(out->t2 > 0.0 && out->t2 <= 2.0 * out->t1))
		return config_fail(e, t2->at,
		    "t2: want more than 0, at most twice t1");
	if (rc == 0)
		rc = sim_noise_number(yaml_get(n, "excited"), e, 0.0, 1.0,
		    &out->excited);
	return rc;
}

struct reading {
	const struct noise_rule *rule;
	struct config_error *e;
	struct kraus *out;
};

typedef int read_fn(const struct reading *r, const struct yaml_node *n);

static int
read_share(const struct reading *r, const struct yaml_node *n, double high,
    double *p)
{
	return sim_noise_number(n, r->e, 0.0, high, p);
}

static int
read_depolarizing1(const struct reading *r, const struct yaml_node *n)
{
	double p = 0.0;
	int rc = read_share(r, n, 4.0 / 3.0, &p);

	return rc < 0 ? rc : kraus_depolarizing(r->out, 1, p);
}

static int
read_depolarizing2(const struct reading *r, const struct yaml_node *n)
{
	double p = 0.0;
	int rc = read_share(r, n, 16.0 / 15.0, &p);

	return rc < 0 ? rc : kraus_depolarizing(r->out, 2, p);
}

static int
read_amplitude(const struct reading *r, const struct yaml_node *n)
{
	double p = 0.0;
	int rc = read_share(r, n, 1.0, &p);

	return rc < 0 ? rc : kraus_amplitude_damping(r->out, p);
}

static int
read_phase(const struct reading *r, const struct yaml_node *n)
{
	double p = 0.0;
	int rc = read_share(r, n, 1.0, &p);

	return rc < 0 ? rc : kraus_phase_damping(r->out, p);
}

static int
read_bit_flip(const struct reading *r, const struct yaml_node *n)
{
	double p = 0.0;
	int rc = read_share(r, n, 1.0, &p);

	return rc < 0 ? rc : kraus_bit_flip(r->out, p);
}

static int
read_phase_flip(const struct reading *r, const struct yaml_node *n)
{
	double p = 0.0;
	int rc = read_share(r, n, 1.0, &p);

	return rc < 0 ? rc : kraus_phase_flip(r->out, p);
}

static int
read_generalized(const struct reading *r, const struct yaml_node *n)
{
	static const char *const keys[] = {"gamma", "excited", NULL};
	double gamma = 0.0, excited = 0.0;
	int rc = sim_noise_keys(n, keys, r->e);

	if (rc == 0 && yaml_get(n, "gamma") == NULL)
		return config_fail(r->e, n->at, "gamma: missing");
	if (rc == 0)
		rc = read_share(r, yaml_get(n, "gamma"), 1.0, &gamma);
	if (rc == 0)
		rc = read_share(r, yaml_get(n, "excited"), 1.0, &excited);
	return rc < 0 ? rc : kraus_generalized_damping(r->out, gamma, excited);
}

static int
read_relaxation(const struct reading *r, const struct yaml_node *n)
{
	static const char *const keys[] = {"t1", "t2", "time", "excited", NULL};
	struct kraus_thermal t = {.time = r->rule->time};
	int rc = sim_noise_keys(n, keys, r->e);

	if (rc == 0)
		rc = sim_noise_thermal(n, r->e, &t);
	if (rc == 0 && yaml_get(n, "time"))
		rc = sim_noise_time(yaml_get(n, "time"), r->e, &t.time);
	return rc < 0 ? rc : kraus_thermal(r->out, &t);
}

/* "XZ": the last letter is the first qubit's. */
static int
read_letters(const char *text, uint32_t *nqubits, uint32_t *index)
{
	static const char letters[] = "IXYZ";
	size_t len = strlen(text), i;

	if (len < 1 || len > 2 || (*nqubits != 0 && *nqubits != len))
		return -EINVAL;
	*index = 0;
	for (i = 0; i < len; i++) {
		const char *at = strchr(letters, text[i]);

		if (at == NULL)
			return -EINVAL;
		*index = *index << 2 | (uint32_t)(at - letters);
	}
	*nqubits = (uint32_t)len;
	return 0;
}

static int
read_pauli(const struct reading *r, const struct yaml_node *n)
{
	double p[16] = {0}, rest = 1.0;
	const struct yaml_node *at;
	uint32_t nqubits = 0, i;
	int rc;

	if (n->kind != YAML_MAP)
		return config_fail(r->e, n->at,
		    "pauli: want a map of letters to probabilities");
	for (at = n->first; at; at = at->next) {
		if (read_letters(at->key, &nqubits, &i) < 0 || i == 0)
			return config_fail(r->e, at->key_at,
			    "%s: want one or two of I, X, Y, Z, all keys as "
			    "long, not only I",
			    at->key);
		rc = read_share(r, at, 1.0, &p[i]);
		if (rc < 0)
			return rc;
		rest -= p[i];
	}
	if (rest < -KRAUS_TOLERANCE)
		return config_fail(r->e, n->at,
		    "pauli: probabilities exceed 1");
	p[0] = rest > 0.0 ? rest : 0.0;
	return kraus_pauli(r->out, nqubits ? nqubits : 1, p);
}

static int
read_rotation(const struct reading *r, const struct yaml_node *n)
{
	static const char *const keys[] = {"axis", "angle", NULL};
	const struct yaml_node *axis;
	double angle = 0.0;
	size_t len, i;
	int rc = sim_noise_keys(n, keys, r->e);

	if (rc < 0)
		return rc;
	axis = yaml_get(n, "axis");
	if (axis == NULL || axis->kind != YAML_SCALAR)
		goto bad;
	len = strlen(axis->text);
	for (i = 0; i < len; i++) {
		if (axis->text[i] != axis->text[0] ||
		    strchr("xyz", axis->text[i]) == NULL)
			goto bad;
	}
	if (len < 1 || len > 2)
		goto bad;
	rc = sim_noise_number(yaml_get(n, "angle"), r->e, -1e6, 1e6, &angle);
	return rc < 0
	    ? rc
	    : kraus_rotation(r->out, (uint32_t)len, axis->text[0], angle);
bad:
	return config_fail(r->e, axis ? axis->at : n->at,
	    "axis: want x, y, z, xx, yy or zz");
}

/* "0.5", "-0.5i", "0.5-0.5i". */
static int
parse_complex(const char *text, double *re, double *im)
{
	size_t len = strlen(text), split = 0, i;
	char part[TEXT_MAX];

	*re = 0.0;
	*im = 0.0;
	if (len == 0 || len >= sizeof(part))
		return -EINVAL;
	if (text[len - 1] != 'i')
		return parse_number(text, re);
	for (i = 1; i < len; i++) {
		if ((text[i] == '+' || text[i] == '-') && text[i - 1] != 'e')
			split = i;
	}
	memcpy(part, text, len);
	part[len - 1] = '\0';
	if (parse_number(part + split, im) < 0)
		return -EINVAL;
	part[split] = '\0';
	return split == 0 ? 0 : parse_number(part, re);
}

/* One matrix, its entries by rows in one list, into m. */
static int
read_matrix(const struct reading *r, const struct yaml_node *n, size_t size,
    double *m)
{
	const struct yaml_node *at;

	if (n->kind != YAML_LIST || n->n != size)
		return config_fail(r->e, n->at,
		    "kraus: want the %zu entries of a matrix, by rows", size);
	for (at = n->first; at; at = at->next, m += 2) {
		if (at->kind != YAML_SCALAR ||
		    parse_complex(at->text, m, m + 1) < 0 || fabs(m[0]) > 2.0 ||
		    fabs(m[1]) > 2.0)
			return config_fail(r->e, at->at,
			    "kraus: want a number like 0.5-0.5i");
	}
	return 0;
}

static int
read_kraus(const struct reading *r, const struct yaml_node *n)
{
	const struct yaml_node *at;
	size_t size = n->kind == YAML_LIST && n->n > 0 ? n->first->n : 0;
	uint32_t nqubits = size == 4 ? 1 : size == 16 ? 2 : size == 64 ? 3 : 0;
	double *m, *next;
	int rc = 0;

	if (nqubits == 0 || n->n > KRAUS_MAX_OPERATORS)
		return config_fail(r->e, n->at,
		    "kraus: want 1 to %d matrices of 4, 16 or 64 entries",
		    KRAUS_MAX_OPERATORS);
	m = calloc(n->n * 2 * size, sizeof(*m));
	if (m == NULL)
		return -ENOMEM;
	next = m;
	for (at = n->first; rc == 0 && at; at = at->next, next += 2 * size)
		rc = read_matrix(r, at, size, next);
	if (rc == 0)
		rc = kraus_init(r->out, nqubits, (uint32_t)n->n, m);
	if (rc == -EINVAL && r->e->text[0] == '\0')
		rc = config_fail(r->e, n->at,
		    "kraus: the sum of K^dagger K is not 1 within 1e-10");
	free(m);
	return rc;
}

static const struct kind {
	const char *key;
	read_fn *read;
} kinds[] = {
    {"depolarizing1", read_depolarizing1},
    {"depolarizing2", read_depolarizing2},
    {"amplitude_damping", read_amplitude},
    {"generalized_amplitude_damping", read_generalized},
    {"phase_damping", read_phase},
    {"bit_flip", read_bit_flip},
    {"phase_flip", read_phase_flip},
    {"pauli", read_pauli},
    {"thermal", read_relaxation},
    {"rotation", read_rotation},
    {"kraus", read_kraus},
};

#define NKINDS (sizeof(kinds) / sizeof(kinds[0]))

/* The one entry that is not "on". */
static const struct kind *
find_kind(const struct yaml_node *n, const struct yaml_node **value)
{
	const struct kind *found = NULL;
	const struct yaml_node *at;
	size_t i;

	for (at = n->kind == YAML_MAP ? n->first : NULL; at; at = at->next) {
		if (strcmp(at->key, "on") == 0)
			continue;
		for (i = 0; i < NKINDS && strcmp(kinds[i].key, at->key) != 0;)
			i++;
		if (i == NKINDS || found)
			return NULL;
		found = &kinds[i];
		*value = at;
	}
	return found;
}

/* Whether the channel can act on gates of the rule, as far as one can say. */
static bool
fits(const struct noise_rule *r, const struct kraus *c, uint32_t on)
{
	uint32_t arity = r->nqubits ? r->nqubits : r->arity;

	if (on != NOISE_EACH)
		return c->nqubits == 1 && (arity == 0 || on < arity);
	return c->nqubits == 1 || arity == 0 || arity == c->nqubits;
}

int
sim_noise_channel(struct noise_model *m, const struct yaml_node *n,
    const struct noise_rule *r, struct config_error *e)
{
	const struct yaml_node *value = NULL, *on = NULL;
	const struct kind *kind = find_kind(n, &value);
	struct noise_step s = {.on = NOISE_EACH};
	struct kraus c = KRAUS_INIT;
	struct reading reading = {.rule = r, .e = e, .out = &c};
	int rc;

	if (kind == NULL)
		return config_fail(e, n->at,
		    "channels: want one of depolarizing1, depolarizing2, "
		    "amplitude_damping, generalized_amplitude_damping, "
		    "phase_damping, bit_flip, phase_flip, pauli, thermal, "
		    "rotation, kraus, and maybe on");
	on = yaml_get(n, "on");
	if (on && sim_noise_integer(on, 31, &s.on) < 0)
		return config_fail(e, on->at,
		    "on: want which of the gate's qubits, from 0");
	rc = kind->read(&reading, value);
	if (rc == -EINVAL && e->text[0] == '\0')
		return config_fail(e, value->at, "%s: not a channel",
		    value->key);
	if (rc < 0)
		return rc;
	if (!fits(r, &c, s.on)) {
		kraus_close(&c);
		return config_fail(e, value->at,
		    "%s: acts on another number of qubits than the gate",
		    value->key);
	}
	rc = noise_model_add_channel(m, &c);
	if (rc == -E2BIG)
		return config_fail(e, value->at, "channels: more than %d",
		    NOISE_MAX_CHANNELS);
	if (rc < 0)
		return rc;
	s.channel = (uint32_t)rc;
	return noise_model_add_step(m, s);
}
