#include "config/federation_file.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/federation_draft.h"
#include "config/node.h"
#include "config/yaml.h"
#include "proto/id.h"

#define NOWHERE ((struct config_place){0, 0})

/* One reading. Members are sorted after their places were noted. */
struct reading {
	struct federation_draft d;
	struct schema_origin origins[FEDERATION_DRAFT_ROWS];
	const struct yaml_node *root;
	struct config_error *e;
};

/* Where an entry of the root map or of one of its groups stands. */
static const struct yaml_node *
find(const struct reading *r, const char *group, const char *key)
{
	const struct yaml_node *map =
	    group != NULL ? yaml_get(r->root, group) : r->root;

	return map != NULL ? yaml_get(map, key) : NULL;
}

static struct config_place
place_of(const struct reading *r, const char *group, const char *key)
{
	const struct yaml_node *n = find(r, group, key);

	if (n == NULL && group != NULL)
		n = find(r, NULL, group);
	return n != NULL ? n->at : NOWHERE;
}

static int
member_keys(struct federation_member_draft *d, const struct yaml_node *n,
    const char *prefix, struct config_error *e)
{
	const struct yaml_node *id = yaml_get(n, "id");
	struct hash key, want;
	char text[ID_TEXT_LEN];

	if (hash_from_hex(d->sign, &key) != 0)
		return config_fail(e, yaml_get(n, "sign")->at,
		    "%ssign: want 64 hex digits, got '%s'", prefix, d->sign);
	memcpy(d->m.sign.b, key.b, sizeof(d->m.sign.b));
	if (hash_from_hex(d->network, &key) != 0)
		return config_fail(e, yaml_get(n, "network")->at,
		    "%snetwork: want 64 hex digits, got '%s'", prefix,
		    d->network);
	memcpy(d->m.network, key.b, sizeof(d->m.network));
	d->m.id = member_id(&d->m.sign, d->m.network);
	if (id == NULL)
		return 0;
	if (id_parse(ID_NODE, d->id, &want) != 0)
		return config_fail(e, id->at,
		    "%sid: want a node id, qn1..., got '%s'\n  a character is "
		    "wrong: its checksum does not fit",
		    prefix, d->id);
	if (!hash_equal(&want, &d->m.id))
		return config_fail(e, id->at,
		    "%sid: belongs to other keys; these have %s", prefix,
		    id_text(ID_NODE, &d->m.id, text));
	return 0;
}

/* No name, key or address twice; the file's places say where. */
static int
check_twin(const struct member *a, const struct member *b,
    const struct yaml_node *at, struct config_error *e)
{
	const char *what = NULL, *key = "name";

	if (strcmp(a->name, b->name) == 0) {
		what = "name";
	} else if (memcmp(a->sign.b, b->sign.b, sizeof(a->sign.b)) == 0) {
		what = "sign key";
		key = "sign";
	} else if (memcmp(a->network, b->network, sizeof(a->network)) == 0) {
		what = "network key";
		key = "network";
	} else if (a->address[0] != '\0' &&
	    strcmp(a->address, b->address) == 0) {
		what = "address";
		key = "address";
	}
	if (what == NULL)
		return 0;
	return config_fail(e, yaml_get(at, key)->at,
	    "members: '%s' has the same %s as '%s'\n  every member needs its "
	    "own",
	    b->name, what, a->name);
}

static int
check_member(const struct member *m, const struct yaml_node *n,
    const char *prefix, struct config_error *e)
{
	if (!federation_name_ok(m->name))
		return config_fail(e, yaml_get(n, "name")->at,
		    "%sname: want letters, digits, '.', '-' or '_', got '%s'",
		    prefix, m->name);
	if (m->address[0] != '\0' && !federation_address_ok(m->address))
		return config_fail(e, yaml_get(n, "address")->at,
		    "%saddress: want host:port, got '%s'\n  like "
		    "alpha.example.org:7701",
		    prefix, m->address);
	return 0;
}

static int
read_member(struct reading *r, const struct yaml_node *n)
{
	struct federation *f = &r->d.f;
	struct federation_member_draft d = {.id = ""};
	char prefix[32], what[80];
	struct schema_input in = {.map = n, .at = n->at, .prefix = prefix};
	uint16_t i;
	int rc;

	snprintf(prefix, sizeof(prefix), "members[%u].", f->nmembers);
	if (n->kind != YAML_MAP)
		return config_fail(r->e, n->at,
		    "members: want `- name: ...` "
		    "entries, got %s",
		    yaml_describe(n, what, sizeof(what)));
	rc = schema_fill(&federation_member_schema, &in, &d, r->e);
	if (rc == 0)
		rc = member_keys(&d, n, prefix, r->e);
	if (rc == 0)
		rc = check_member(&d.m, n, prefix, r->e);
	for (i = 0; i < f->nmembers && rc == 0; i++)
		rc = check_twin(&f->members[i], &d.m, n, r->e);
	if (rc == 0)
		f->members[f->nmembers++] = d.m;
	return rc;
}

static int
read_members(struct reading *r)
{
	const struct yaml_node *list = find(r, NULL, "members"), *n;
	struct federation *f = &r->d.f;
	char what[80];
	int rc = 0;

	if (list == NULL ||
	    (list->kind == YAML_SCALAR && list->text[0] == '\0'))
		return 0;
	if (list->kind != YAML_LIST)
		return config_fail(r->e, list->at,
		    "members: want a list, "
		    "got %s",
		    yaml_describe(list, what, sizeof(what)));
	if (list->n > FEDERATION_MAX_MEMBERS)
		return config_fail(r->e, list->at,
		    "members: want at most %d, got %zu", FEDERATION_MAX_MEMBERS,
		    list->n);
	if (list->n == 0)
		return 0;
	f->members = calloc(list->n, sizeof(*f->members));
	if (f->members == NULL)
		return -ENOMEM;
	for (n = list->first; n != NULL && rc == 0; n = n->next)
		rc = read_member(r, n);
	return rc;
}

static int
read_columns(struct reading *r)
{
	const struct yaml_node *list = find(r, "schema", "columns"), *n;
	char what[80];
	size_t i = 0;
	int rc = 0;

	if (list == NULL && r->d.f.job.main.kind == JOB_VQE)
		return 0;
	if (list == NULL || list->kind != YAML_LIST || list->n == 0)
		return config_fail(r->e, place_of(r, "schema", "columns"),
		    "schema.columns: want a list of columns, got %s",
		    list != NULL ? yaml_describe(list, what, sizeof(what))
				 : "nothing");
	for (n = list->first; n != NULL && rc == 0; n = n->next)
		rc = federation_read_column(&r->d.f, n, i++, r->e);
	return rc;
}

static int
read_label_range(struct reading *r)
{
	const struct yaml_node *n = find(r, "schema", "label_range"), *end;
	struct federation *f = &r->d.f;
	struct decimal *ends[2] = {&f->label_lo, &f->label_hi};
	size_t i = 0;

	if (n == NULL)
		return 0;
	for (end = n->first; end != NULL && i < 2; end = end->next, i++)
		if (end->quoted || decimal_parse(end->text, ends[i]) != 0)
			return config_fail(r->e, end->at,
			    "schema.label_range: want two decimal numbers, "
			    "got '%.60s'",
			    end->text);
	if (decimal_compare(&f->label_lo, &f->label_hi) >= 0)
		return config_fail(r->e, n->at,
		    "schema.label_range: want [lowest, highest]");
	return 0;
}

static int
read_labels(struct reading *r)
{
	const struct schema_texts *t = &r->d.labels;
	struct federation *f = &r->d.f;
	size_t i, len;

	if (t->n == 0)
		return read_label_range(r);
	f->labels = calloc(t->n, sizeof(*f->labels));
	if (f->labels == NULL)
		return -ENOMEM;
	for (i = 0; i < t->n; i++) {
		len = strlen(t->text[i]);
		if (len >= FEDERATION_TEXT_LEN)
			return config_fail(r->e,
			    place_of(r, "schema", "labels"),
			    "schema.labels: want at most %d bytes, got "
			    "'%.70s'",
			    FEDERATION_TEXT_LEN - 1, t->text[i]);
		memcpy(f->labels[i], t->text[i], len);
	}
	f->nlabels = (uint16_t)t->n;
	return read_label_range(r);
}

struct job_task *
federation_draft_task(struct federation_draft *d, const struct schema_row *row)
{
	if (row->when == 0)
		return NULL;
	if (strncmp(row->key, "stage.", 6) == 0)
		return &d->f.job.stage;
	if (strncmp(row->key, "control.", 8) == 0)
		return &d->f.job.control;
	return &d->f.job.main;
}

/* A default may depend on the kind of task: proto/job.h has it. */
static void
take_default(struct federation_draft *d, const struct schema_row *row,
    const struct job_task *t)
{
	size_t at = (size_t)((const char *)t - (const char *)d);
	struct job_task def;

	if (row->offset < at || row->offset >= at + sizeof(def))
		return; /* stage.rounds */
	job_task_default(&def, (enum job_kind)t->kind);
	memcpy((char *)d + row->offset, (char *)&def + (row->offset - at),
	    row->size);
}

/* A key that the task has no use for must not stand there. */
static int
fit_row(struct reading *r, const struct schema_row *row)
{
	const struct job_task *t = federation_draft_task(&r->d, row);
	char group[16] = "";
	const char *key = strchr(row->key, '.');
	const struct yaml_node *n;

	if (t == NULL || key == NULL)
		return 0;
	memcpy(group, row->key, (size_t)(key - row->key));
	n = find(r, group, key + 1);
	if ((row->when & FEDERATION_WHEN(t->kind)) != 0) {
		if (n == NULL)
			take_default(&r->d, row, t);
		return 0;
	}
	if (n != NULL && t->kind == 0)
		return config_fail(r->e, n->key_at,
		    "%s: there is no %s\n  say %s.task, or remove this line",
		    row->key, group, group);
	if (n != NULL)
		return config_fail(r->e, n->key_at,
		    "%s: a %s task has none\n  remove this line, or say "
		    "another task",
		    row->key, job_kind_name(t->kind));
	memset((char *)&r->d + row->offset, 0, row->size);
	return 0;
}

int
federation_before_parse(const char *text, uint8_t pre[static JOB_PRE_MAX])
{
	static const char *const names[] = {"clip", "arc", "nnm", "bucketing"};
	size_t len, i, n = 0;

	memset(pre, 0, JOB_PRE_MAX);
	for (; *text != '\0'; text += len + strspn(text + len, " ")) {
		len = strcspn(text, " ");
		for (i = 0; i < 4; i++)
			if (strlen(names[i]) == len &&
			    memcmp(names[i], text, len) == 0)
				break;
		if (i == 4 || n == JOB_PRE_MAX)
			return -EINVAL;
		pre[n++] = (uint8_t)(JOB_CLIP + i);
	}
	return 0;
}

static int
read_hex(struct reading *r, const char *group, const char *key,
    const char *text, struct hash *to)
{
	if (hash_from_hex(text, to) == 0)
		return 0;
	return config_fail(r->e, place_of(r, group, key),
	    "%s.%s: want 64 hex digits, got '%s'", group, key, text);
}

static int
read_start(struct reading *r)
{
	struct hash *to = &r->d.f.job.start;

	if (id_parse(ID_MODEL, r->d.start, to) == 0)
		return 0;
	return config_fail(r->e, place_of(r, "job", "start_model"),
	    "job.start_model: want a model's id, qm1..., got '%s'", r->d.start);
}

static int
read_settings(struct reading *r)
{
	struct job *j = &r->d.f.job;
	int rc = read_hex(r, "job", "seed", r->d.seed, &j->seed);

	if (rc == 0 && r->d.shards[0] != '\0')
		rc = read_hex(r, "economy", "validation_root", r->d.shards,
		    &r->d.f.economy.validation_root);

	if (rc == 0 && r->d.start[0] != '\0')
		rc = read_start(r);
	if (rc != 0)
		return rc;
	if (federation_before_parse(r->d.before, j->combine.pre) != 0)
		return config_fail(r->e, place_of(r, "job", "before"),
		    "job.before: want up to three of clip, arc, nnm and "
		    "bucketing, with blanks between, got '%s'",
		    r->d.before);
	if (j->local.epochs > 0 && find(r, "job", "steps") == NULL)
		j->local.steps = 0;
	return 0;
}

/* A circuit's text has its own encoding and no layers. */
static void
fit_circuit(struct reading *r)
{
	struct job_task *t = &r->d.f.job.main;

	if (t->ansatz != JOB_CIRCUIT && t->ansatz != JOB_UCCSD)
		return;
	if (find(r, "job", "layers") == NULL)
		t->layers = 0;
	if (t->kind == JOB_VQC && find(r, "job", "encoding") == NULL)
		t->encoding = JOB_OWN;
}

/* Without noise its settings are not there, and must not stand there. */
static void
fit_privacy(struct reading *r)
{
	struct job_privacy *p = &r->d.f.job.privacy;

	if (p->noise.mant == 0 && find(r, "privacy", "rate") == NULL)
		p->rate = (struct decimal){0, 0};
	if (p->noise.mant == 0 && find(r, "privacy", "clip") == NULL)
		p->clip = (struct decimal){0, 0};
	if (p->noise.mant != 0 && find(r, "privacy", "min_rows") == NULL)
		p->min_rows = JOB_PRIVACY_ROWS;
}

static int
read_job(struct reading *r)
{
	struct federation *f = &r->d.f;
	size_t i;
	int rc;

	f->job.stage.kind = r->d.stage ? JOB_QPCA : 0;
	f->job.control.kind = r->d.control ? JOB_LINEAR : 0;
	rc = read_settings(r);
	for (i = 0; i < federation_schema.n && rc == 0; i++)
		rc = fit_row(r, &federation_schema.rows[i]);
	if (rc != 0)
		return rc;
	fit_circuit(r);
	fit_privacy(r);
	if (f->job.main.kind == JOB_VQE && find(r, "job", "bound") == NULL)
		f->job.bound = (struct decimal){1, JOB_VQE_BOUND};
	if (f->job.combine.stragglers == JOB_CARRY &&
	    f->job.combine.carry_rounds == 0)
		f->job.combine.carry_rounds = 2;
	if (job_sizes(&f->job, f->ncolumns, f->nlabels) != 0)
		return config_fail(r->e, place_of(r, "job", "qubits"),
		    "job.qubits: want enough for %u columns and a model of at "
		    "most 2^20 parameters, got %u",
		    f->ncolumns, f->job.main.qubits);
	return 0;
}

/* federation_check names a field; the file knows its place. */
static int
final_check(struct reading *r)
{
	char err[512], group[32] = "", key[64] = "";
	struct config_place at = NOWHERE;
	size_t len;

	if (federation_check(&r->d.f, err, sizeof(err)) == 0)
		return 0;
	len = strcspn(err, ".[: ");
	if (len < sizeof(group)) {
		memcpy(group, err, len);
		if (err[len] == '.') {
			snprintf(key, sizeof(key), "%.*s",
			    (int)strcspn(err + len + 1, ".[: "), err + len + 1);
			at = place_of(r, group, key);
		} else {
			at = place_of(r, NULL, group);
		}
	}
	return config_fail(r->e, at, "%s", err);
}

static int
read_all(struct reading *r, bool draft)
{
	struct schema_input in = {.map = r->root,
	    .prefix = "",
	    .origins = r->origins};
	struct federation *f = &r->d.f;
	int rc;

	rc = schema_fill(&federation_schema, &in, &r->d, r->e);
	if (rc == 0 && federation_time_parse(r->d.founded, &f->founded_ms) != 0)
		rc = config_fail(r->e, place_of(r, NULL, "founded"),
		    "founded: want a UTC time like 2026-11-22T09:00:00Z, got "
		    "'%s'",
		    r->d.founded);
	if (rc == 0)
		rc = read_labels(r);
	if (rc == 0)
		rc = read_columns(r);
	if (rc == 0)
		rc = read_members(r);
	if (rc == 0)
		rc = read_job(r);
	if (rc != 0)
		return rc;
	federation_sort(f);
	if (f->nmembers == 0 && !draft)
		return config_fail(r->e, place_of(r, NULL, "members"),
		    "members: want at least one\n  qmlnode federation add "
		    "takes a member's line");
	return f->nmembers == 0 ? 0 : final_check(r);
}

static int
parse(struct federation *out, const void *data, size_t len, bool draft,
    struct config_error *e)
{
	struct reading r = {.e = e};
	struct yaml_doc doc;
	int rc;

	*out = FEDERATION_INIT;
	rc = yaml_parse(&doc, data, len, e);
	if (rc != 0)
		return rc;
	r.root = doc.root;
	rc = read_all(&r, draft);
	yaml_close(&doc);
	if (rc != 0)
		federation_close(&r.d.f);
	else
		*out = r.d.f;
	/* The blocks went with the job, or were freed with it. */
	r.d.f = FEDERATION_INIT;
	schema_close(&federation_schema, &r.d);
	return rc;
}

int
federation_file_parse(struct federation *out, const void *data, size_t len,
    struct config_error *e)
{
	return parse(out, data, len, false, e);
}

int
federation_file_parse_draft(struct federation *out, const void *data,
    size_t len, struct config_error *e)
{
	return parse(out, data, len, true, e);
}

static bool
is_of_job(const struct schema_row *row)
{
	static const char *const groups[] = {"job.", "stage.", "control.",
	    "privacy."};

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (strncmp(row->key, groups[i], strlen(groups[i])) == 0)
			return true;
	return false;
}

/* A start that is only named is looked for by whoever runs the job. */
static int
check_job_alone(struct reading *r)
{
	struct job *j = &r->d.f.job;
	struct hash start = j->start;
	int rc;

	if (j->start_params == NULL)
		j->start = (struct hash){{0}};
	rc = final_check(r);
	j->start = start;
	return rc;
}

int
federation_file_parse_job(struct job *out, const struct federation *f,
    const struct config_text *text, struct config_error *e)
{
	struct schema_row rows[FEDERATION_DRAFT_ROWS];
	struct schema s = {rows, 0};
	struct reading r = {.e = e};
	struct schema_input in = {.prefix = "", .origins = r.origins};
	struct yaml_doc doc;
	int rc;

	*out = (struct job){0};
	for (size_t i = 0; i < federation_schema.n; i++)
		if (is_of_job(&federation_schema.rows[i]))
			rows[s.n++] = federation_schema.rows[i];
	rc = yaml_parse(&doc, text->data, text->len, e);
	if (rc != 0)
		return rc;
	r.root = in.map = doc.root;
	r.d.f = *f; /* borrowed, but for the job */
	r.d.f.job = (struct job){0};
	rc = schema_fill(&s, &in, &r.d, e);
	if (rc == 0)
		rc = read_job(&r);
	if (rc == 0)
		rc = check_job_alone(&r);
	yaml_close(&doc);
	if (rc == 0) {
		*out = r.d.f.job;
		r.d.f.job = (struct job){0};
	}
	schema_close(&s, &r.d);
	return rc;
}

int
federation_file_load(struct federation *out, const char *path, bool draft,
    struct config_error *e)
{
	void *data = NULL;
	size_t len = 0;
	int rc;

	*out = FEDERATION_INIT;
	rc = config_read(path, YAML_BYTES_MAX, &data, &len, e);
	if (rc != 0)
		return rc;
	rc = parse(out, data, len, draft, e);
	if (rc == -EINVAL)
		config_quote(e, data, len);
	free(data);
	return rc;
}
