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
read_range(struct federation_column_draft *d, const struct yaml_node *n,
    const char *prefix, struct config_error *e)
{
	struct decimal *ends[2] = {&d->c.lo, &d->c.hi};
	const struct yaml_node *range = yaml_get(n, "range"), *end;
	const char *said[2] = {"", ""};
	size_t i = 0;

	assert(range != NULL && range->n == 2); /* the schema saw to it */
	for (end = range->first; end != NULL && i < 2; end = end->next, i++) {
		said[i] = end->text;
		if (end->quoted || decimal_parse(end->text, ends[i]) != 0)
			return config_fail(e, end->at,
			    "%srange: want two decimal numbers, got '%.60s'",
			    prefix, end->text);
	}
	if (decimal_compare(&d->c.lo, &d->c.hi) >= 0)
		return config_fail(e, range->at,
		    "%srange: want [lowest, highest], got [%s, %s]", prefix,
		    said[0], said[1]);
	return 0;
}

/* Appends one column per name; grows by doubling. */
static int
add_column(struct federation *f, const struct column *c, const char *name)
{
	struct column *grown;
	size_t cap = f->ncolumns;

	if ((cap & (cap - 1)) == 0) {
		grown = realloc(f->columns,
		    (cap == 0 ? 1 : 2 * cap) * sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		f->columns = grown;
	}
	f->columns[f->ncolumns] = *c;
	memset(f->columns[f->ncolumns].name, 0, FEDERATION_TEXT_LEN);
	memcpy(f->columns[f->ncolumns].name, name, strlen(name));
	f->ncolumns++;
	return 0;
}

static int
add_columns(struct reading *r, const struct federation_column_draft *d,
    const struct yaml_node *n, const char *prefix)
{
	size_t i, count = d->names.n;
	int rc = 0;

	if ((d->c.name[0] != '\0') == (count > 0))
		return config_fail(r->e, n->at,
		    "%sname: want either name or names", prefix);
	if (r->d.f.ncolumns + (count ? count : 1) > FEDERATION_MAX_COLUMNS)
		return config_fail(r->e, n->at,
		    "schema.columns: want at most %d", FEDERATION_MAX_COLUMNS);
	if (count == 0)
		return add_column(&r->d.f, &d->c, d->c.name);
	for (i = 0; i < count && rc == 0; i++) {
		if (strlen(d->names.text[i]) >= FEDERATION_TEXT_LEN)
			return config_fail(r->e, n->at,
			    "%snames: want at most %d bytes, got '%.70s'",
			    prefix, FEDERATION_TEXT_LEN - 1, d->names.text[i]);
		rc = add_column(&r->d.f, &d->c, d->names.text[i]);
	}
	return rc;
}

static int
read_column(struct reading *r, const struct yaml_node *n, size_t i)
{
	struct federation_column_draft d = {.names = {NULL, 0}};
	char prefix[40], what[80];
	struct schema_input in = {.map = n, .at = n->at, .prefix = prefix};
	int rc;

	snprintf(prefix, sizeof(prefix), "schema.columns[%zu].", i);
	if (n->kind != YAML_MAP)
		return config_fail(r->e, n->at,
		    "schema.columns: want {name: ..., range: [lo, hi]}, "
		    "got %s",
		    yaml_describe(n, what, sizeof(what)));
	rc = schema_fill(&federation_column_schema, &in, &d, r->e);
	if (rc == 0)
		rc = read_range(&d, n, prefix, r->e);
	if (rc == 0)
		rc = add_columns(r, &d, n, prefix);
	schema_close(&federation_column_schema, &d);
	return rc;
}

static int
read_columns(struct reading *r)
{
	const struct yaml_node *list = find(r, "schema", "columns"), *n;
	char what[80];
	size_t i = 0;
	int rc = 0;

	if (list == NULL || list->kind != YAML_LIST || list->n == 0)
		return config_fail(r->e, place_of(r, "schema", "columns"),
		    "schema.columns: want a list of columns, got %s",
		    list != NULL ? yaml_describe(list, what, sizeof(what))
				 : "nothing");
	for (n = list->first; n != NULL && rc == 0; n = n->next)
		rc = read_column(r, n, i++);
	return rc;
}

static int
read_labels(struct reading *r)
{
	const struct schema_texts *t = &r->d.labels;
	struct federation *f = &r->d.f;
	size_t i, len;

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
	return 0;
}

/* The keys that only a circuit has must not stand in a linear job. */
static int
strip_circuit(struct reading *r)
{
	static const char *const keys[] = {"encoding", "ansatz", "readout",
	    "qubits", "layers"};
	struct job *j = &r->d.f.job;
	const struct yaml_node *n;
	size_t i;

	if (j->task != JOB_LINEAR)
		return 0;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		n = find(r, "job", keys[i]);
		if (n != NULL)
			return config_fail(r->e, n->key_at,
			    "job.%s: a linear job has no circuit\n  remove "
			    "this line, or say task: vqc",
			    keys[i]);
	}
	j->encoding = j->ansatz = j->readout = j->qubits = 0;
	j->layers = 0;
	return 0;
}

static int
read_job(struct reading *r)
{
	struct federation *f = &r->d.f;
	int rc;

	if (hash_from_hex(r->d.seed, &f->job.seed) != 0)
		return config_fail(r->e, place_of(r, "job", "seed"),
		    "job.seed: want 64 hex digits, got '%s'", r->d.seed);
	rc = strip_circuit(r);
	if (rc != 0)
		return rc;
	if (job_sizes(&f->job, f->ncolumns, f->nlabels, &f->job.dim,
		&f->job.nangles) != 0)
		return config_fail(r->e, place_of(r, "job", "qubits"),
		    "job.qubits: want enough for %u columns and a model of at "
		    "most 2^20 parameters, got %u",
		    f->ncolumns, f->job.qubits);
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
	schema_close(&federation_schema, &r.d);
	yaml_close(&doc);
	if (rc != 0)
		federation_close(&r.d.f);
	else
		*out = r.d.f;
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
