#include "daemon/cli/found.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/federation_draft.h"
#include "config/federation_file.h"
#include "config/value.h"
#include "daemon/cli/cli.h"
#include "daemon/cli/process.h"

int
found_inspect(const char *csv, struct jv **table)
{
	char trainer[PROCESS_PATH_LEN], err[256], *out = NULL;
	char *argv[] = {trainer, "inspect", "--data", NULL, "--json", NULL};
	int rc = process_beside("qmltrain", trainer, sizeof(trainer));

	argv[3] = (char *)csv; /* exec does not write to it */
	if (rc == 0)
		rc = process_capture(argv, &out);
	if (rc < 0)
		return cli_error(CLI_FAILED, "%s: %s", trainer, strerror(-rc));
	if (rc > 0) { /* it has said why */
		free(out);
		return rc == CLI_NOT_FOUND ? CLI_NOT_FOUND : CLI_FAILED;
	}
	*table = jv_parse(out, strlen(out), err, sizeof(err));
	free(out);
	if (*table == NULL)
		return cli_error(CLI_FAILED, "%s inspect: %s", trainer, err);
	return CLI_OK;
}

static void
put_key_text(FILE *to, const char *key, const char *text)
{
	fprintf(to, "%s", key);
	value_print_text(text, to);
	fputc('\n', to);
}

static void
put_range(FILE *to, const struct found_options *o, const struct jv *column)
{
	size_t lo = o->range != NULL ? strcspn(o->range, ":") : 0;

	if (o->range != NULL)
		fprintf(to, "      range: [%.*s, %s]\n", (int)lo, o->range,
		    o->range[lo] != '\0' ? o->range + lo + 1 : "");
	else
		fprintf(to, "      range: [%s, %s]\n",
		    jv_text(jv_get(column, "lo"), "0"),
		    jv_text(jv_get(column, "hi"), "1"));
}

static void
put_schema(FILE *to, const struct jv *table, const struct found_options *o)
{
	const struct jv *labels = jv_get(table, "labels");
	const struct jv *columns = jv_get(table, "columns"), *c;
	size_t i;

	fputs("schema:\n", to);
	put_key_text(to, "  label: ", jv_text(jv_get(table, "label"), ""));
	fputs("  labels:\n", to);
	for (i = 0; i < jv_len(labels); i++)
		put_key_text(to, "    - ", jv_text(jv_at(labels, i), ""));
	fputs("  columns:\n", to);
	for (i = 0; i < jv_len(columns); i++) {
		c = jv_at(columns, i);
		put_key_text(to,
		    "    - name: ", jv_text(jv_get(c, "name"), ""));
		put_range(to, o, c);
	}
}

static const char example_schema[] = "schema:\n"
				     "  label: label\n"
				     "  labels: [healthy, ill]\n"
				     "  columns:\n"
				     "    - name: age\n"
				     "      unit: years\n"
				     "      range: [0, 120]\n"
				     "    - name: pressure\n"
				     "      unit: mmHg\n"
				     "      range: [40, 260]\n";

static void
put_word(FILE *to, const struct jv *job, const char *key)
{
	const struct jv *v = jv_get(job, key);

	if (jv_is_string(v))
		fprintf(to, "  %s: %s\n", key, jv_text(v, ""));
	else if (jv_is_number(v))
		fprintf(to, "  %s: %" PRId64 "\n", key, jv_int(v, 0));
}

/* Sizes are not written: they follow from the rest. */
static void
put_job(FILE *to, const struct jv *job, const struct found_options *o)
{
	static const char *const circuit[] = {"encoding", "ansatz", "readout",
	    "qubits", "layers", "head_scale"};
	static const char *const training[] = {"steps", "batch", "rate",
	    "rate_last", "clip", "bound"};
	char hex[HASH_HEX_LEN];
	size_t i;

	fprintf(to, "job:\n  task: %s\n  rounds: %u\n  seed: \"%s\"\n",
	    o->linear ? "linear" : "vqc", o->rounds, hash_hex(&o->seed, hex));
	if (job == NULL && !o->linear)
		fputs("  encoding: angle\n  qubits: 2\n", to);
	for (i = 0; !o->linear && i < sizeof(circuit) / sizeof(circuit[0]); i++)
		put_word(to, job, circuit[i]);
	for (i = 0; i < sizeof(training) / sizeof(training[0]); i++)
		put_word(to, job, training[i]);
}

static const char local_timing[] = "timing:\n"
				   "  collect: 2s\n"
				   "  straggler: 10s\n"
				   "  heartbeat: 10s\n"
				   "  propose: 1s\n"
				   "  prevote: 500ms\n"
				   "  precommit: 500ms\n"
				   "  precision: 100ms\n"
				   "  delay: 1s\n"
				   "  interval: 50ms\n";

static void
put_all(FILE *to, const struct jv *table, const struct found_options *o)
{
	char founded[FEDERATION_TIME_LEN];

	fputs("version: 1\n", to);
	put_key_text(to, "name: ", o->name);
	fprintf(to, "founded: %s\n",
	    federation_time_text(o->founded_ms, founded));
	if (table != NULL)
		put_schema(to, table, o);
	else
		fputs(example_schema, to);
	if (o->local)
		fputs(local_timing, to);
	put_job(to, jv_get(table, "job"), o);
}

/* Through the file format, so that what is founded is what can be read. */
int
found_federation(struct federation *f, const struct jv *table,
    const struct found_options *o, char *err, size_t errlen)
{
	struct config_error e = {.file = "the new federation"};
	char *text = NULL;
	size_t len = 0;
	FILE *to;
	int rc;

	*f = FEDERATION_INIT;
	if (table != NULL && !o->linear &&
	    !jv_is_object(jv_get(table, "job"))) {
		snprintf(err, errlen, "no circuit suits this table: %s",
		    jv_text(jv_get(table, "why"), "too large"));
		return -EINVAL;
	}
	to = open_memstream(&text, &len);
	if (to == NULL)
		return -ENOMEM;
	put_all(to, table, o);
	if (fclose(to) != 0) {
		free(text);
		return -ENOMEM;
	}
	rc = federation_file_parse_draft(f, text, len, &e);
	if (rc == -EINVAL)
		snprintf(err, errlen, "%s", e.text);
	free(text);
	return rc;
}
