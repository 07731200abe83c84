#include "config/terms.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "config/node.h"

#define EPS_MILLI_MAX 1000000

#define AT(member)                                \
	.offset = offsetof(struct terms, member), \
	.size = sizeof(((struct terms *)0)->member)

static const struct schema_row rows[] = {
    {.key = "tasks",
	.type = SCHEMA_TEXTS,
	AT(tasks),
	.lo = 0,
	.hi = 5,
	.def = "",
	.help = "what may be learnt from the rows: vqc, linear, qsvm, qpca"},
    {.key = "circuits",
	.type = SCHEMA_TEXTS,
	AT(circuits),
	.lo = 0,
	.hi = TERMS_CIRCUITS_MAX,
	.def = "",
	.help = "hashes of the circuits allowed; empty: any of those tasks"},
    {.key = "epsilon",
	.type = SCHEMA_DECIMAL,
	AT(epsilon),
	.def = "0",
	.help = "all that jobs may learn of a record; 0: no noise is asked"},
    {.key = "delta_exp",
	.type = SCHEMA_INT,
	AT(delta_exp),
	.lo = 1,
	.hi = 18,
	.def = "5",
	.help = "epsilon holds but for a chance of 10^-delta_exp"},
    {.key = "rows",
	.type = SCHEMA_INT,
	AT(rows),
	.lo = 0,
	.hi = UINT32_MAX - 1,
	.def = "0",
	.help = "how many may be said to the others; 0: the job's least"},
};

const struct schema terms_schema = {rows, sizeof(rows) / sizeof(rows[0])};

static bool
is_task(const char *name)
{
	uint8_t k = JOB_VQC;

	while (k <= JOB_VQE && strcmp(job_kind_name(k), name) != 0)
		k++;
	return k <= JOB_VQE;
}

/* Where a value of the list stands, or the list's key. */
static struct config_place
place_of(const struct yaml_node *root, const char *key, size_t i)
{
	const struct yaml_node *list = yaml_get(root, key), *n;

	if (list == NULL)
		return (struct config_place){0, 0};
	for (n = list->first; n != NULL && i > 0; i--)
		n = n->next;
	return n != NULL ? n->at : list->at;
}

static int
check(const struct terms *t, const struct yaml_node *root,
    struct config_error *e)
{
	const struct decimal most = {1000, 0}, none = {0, 0};
	struct hash h;
	size_t i;

	for (i = 0; i < t->tasks.n; i++)
		if (!is_task(t->tasks.text[i]))
			return config_fail(e, place_of(root, "tasks", i),
			    "tasks: want names such as vqc, linear, qsvm, "
			    "qpca, got '%.40s'",
			    t->tasks.text[i]);
	for (i = 0; i < t->circuits.n; i++)
		if (hash_from_hex(t->circuits.text[i], &h) != 0)
			return config_fail(e, place_of(root, "circuits", i),
			    "circuits: want 64 hex digits each, got '%.70s'",
			    t->circuits.text[i]);
	if (decimal_compare(&t->epsilon, &none) < 0 ||
	    decimal_compare(&t->epsilon, &most) > 0)
		return config_fail(e, place_of(root, "epsilon", 0),
		    "epsilon: want 0 to 1000");
	if (t->epsilon.mant > 0 && terms_eps_milli(t) == 0)
		return config_fail(e, place_of(root, "epsilon", 0),
		    "epsilon: want 0, or at least 0.001");
	return 0;
}

int
terms_parse(struct terms *t, const void *data, size_t len,
    struct config_error *e)
{
	struct yaml_doc doc = YAML_DOC_INIT;
	int rc;

	*t = TERMS_INIT;
	rc = yaml_parse(&doc, data, len, e);
	if (rc == 0) {
		const struct schema_input in = {.map = doc.root, .prefix = ""};

		rc = schema_fill(&terms_schema, &in, t, e);
	}
	if (rc == 0)
		rc = check(t, doc.root, e);
	yaml_close(&doc);
	if (rc != 0)
		terms_close(t);
	return rc;
}

int
terms_load(struct terms *t, const char *path, struct config_error *e)
{
	void *data = NULL;
	size_t len = 0;
	int rc;

	*t = TERMS_INIT;
	rc = config_read(path, YAML_BYTES_MAX, &data, &len, e);
	if (rc == -ENOENT)
		return 0;
	if (rc == 0)
		rc = terms_parse(t, data, len, e);
	free(data);
	return rc == 0 ? 1 : rc;
}

void
terms_close(struct terms *t)
{
	schema_close(&terms_schema, t);
	*t = TERMS_INIT;
}

uint32_t
terms_eps_milli(const struct terms *t)
{
	int64_t v = t->epsilon.mant;
	int i = t->epsilon.exp + 3;

	for (; i < 0 && v != 0; i++)
		v /= 10;
	for (; i > 0 && v <= EPS_MILLI_MAX; i--)
		v *= 10;
	return v > EPS_MILLI_MAX ? EPS_MILLI_MAX : (uint32_t)v;
}

static bool
names(const struct schema_texts *list, const char *word)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->text[i], word) == 0)
			return true;
	return false;
}

/* Digits may be capitals. */
static bool
allows_circuit(const struct terms *t, const struct hash *circuit)
{
	struct hash h;

	for (size_t i = 0; i < t->circuits.n; i++)
		if (hash_from_hex(t->circuits.text[i], &h) == 0 &&
		    hash_equal(&h, circuit))
			return true;
	return t->circuits.n == 0;
}

/* A control arm and a stage see the rows, too. */
static const char *
task_denied(const struct terms *t, const struct job *j)
{
	const struct job_task *all[] = {&j->main, &j->stage, &j->control};

	for (size_t i = 0; i < 3; i++)
		if (all[i]->kind != 0 &&
		    !names(&t->tasks, job_kind_name(all[i]->kind)))
			return job_kind_name(all[i]->kind);
	return NULL;
}

const char *
terms_refuse(const struct terms *t, const struct job *j, char *buf, size_t len)
{
	const char *task = task_denied(t, j);
	char hex[HASH_HEX_LEN] = "";
	struct hash h = {{0}};

	if (task != NULL) {
		snprintf(buf, len, "the owner's terms do not allow the task %s",
		    task);
		return buf;
	}
	if (j->main.circuit != NULL)
		h = hash_bytes("qml.circuit", j->main.circuit,
		    strlen(j->main.circuit));
	hash_hex(&h, hex);
	if (!allows_circuit(t, &h)) {
		snprintf(buf, len,
		    "the owner's terms do not allow this circuit, %s",
		    j->main.circuit != NULL ? hex : "a template");
		return buf;
	}
	if (t->epsilon.mant != 0 && !job_private(j)) {
		snprintf(buf, len,
		    "the owner's terms ask for noise (epsilon), and the job "
		    "adds none: see privacy.noise");
		return buf;
	}
	return NULL;
}
