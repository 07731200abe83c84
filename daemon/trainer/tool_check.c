#include "daemon/trainer/tool.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/trainer/args.h"
#include "daemon/trainer/describe.h"

static int
print_json(const struct session *s, const struct table *t)
{
	int rc;

	printf("{\"ok\":true,\"federation\":");
	describe_json_string(stdout, s->federation.name);
	printf(",\"rows\":%zu,\"columns\":%zu,\"dim\":%zu,\"classes\":",
	    s->rows.n, t->ncolumns, s->task.nparams);
	rc = describe_json_counts(stdout, &s->rows, t->nlabels);
	printf("}\n");
	return rc;
}

static int
print_text(const struct session *s, const struct table *t)
{
	int rc;

	printf("rows        %zu, each of %zu columns, all inside the agreed "
	       "ranges\n",
	    s->rows.n, t->ncolumns);
	printf("classes     ");
	rc = describe_counts(stdout, t, &s->rows);
	printf("   (shown here only, never sent)\n");
	printf("parameters  %zu\n", s->task.nparams);
	printf("The data fit the federation %s.\n", s->federation.name);
	return rc;
}

int
tool_check(int argc, char **argv)
{
	const char *federation = NULL, *data = NULL;
	bool json = false;
	const struct args_option options[] = {
	    {"federation", &federation, NULL, true},
	    {"data", &data, NULL, true},
	    {"json", NULL, &json, false},
	};
	struct session_source source = {.show_values = true};
	struct federation f;
	struct session s;
	struct table t;
	int rc;

	if (args_parse(argc, argv, options, 3) < 0)
		return TOOL_USAGE;
	rc = tool_load_federation(federation, &f);
	if (rc != TOOL_DONE)
		return rc;
	source.data = data;
	rc = tool_open_session(&s, &f, &source, &t);
	federation_close(&f);
	if (rc != TOOL_DONE)
		return rc;
	if ((json ? print_json(&s, &t) : print_text(&s, &t)) < 0)
		rc = TOOL_FAILED;
	table_close(&t);
	session_close(&s);
	return rc;
}

static int
print_columns(const struct table *t)
{
	size_t i;
	int rc;

	printf("rows        %zu\nclasses     ", t->rows.n);
	rc = describe_counts(stdout, t, &t->rows);
	printf("\ncolumns     %zu\n", t->ncolumns);
	for (i = 0; i < t->ncolumns; i++)
		printf("  %-32s %g .. %g\n", t->columns[i].name,
		    t->columns[i].min, t->columns[i].max);
	return rc;
}

int
tool_inspect(int argc, char **argv)
{
	const char *data = NULL;
	bool json = false;
	const struct args_option options[] = {
	    {"data", &data, NULL, true},
	    {"json", NULL, &json, false},
	};
	struct table_source source = {.show_values = true};
	char err[TABLE_ERR_LEN];
	struct table t;
	int rc;

	if (args_parse(argc, argv, options, 2) < 0)
		return TOOL_USAGE;
	source.path = data;
	rc = table_load(&t, &source, err);
	if (rc < 0) {
		fprintf(stderr, "qmltrain: %s\n", err);
		return rc == -ENOENT ? TOOL_NOT_FOUND : TOOL_FAILED;
	}
	if (json) {
		printf("{");
		rc = describe_json(stdout, &t);
		printf("}\n");
	} else {
		rc = print_columns(&t);
	}
	table_close(&t);
	return rc < 0 ? TOOL_FAILED : TOOL_DONE;
}
