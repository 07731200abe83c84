#include "daemon/trainer/tool.h"

#include <errno.h>
#include <stdio.h>

#include "daemon/trainer/args.h"
#include "daemon/trainer/describe.h"

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
	struct table_source source = {.show_values = true};
	char err[TABLE_ERR_LEN];
	const char *data = NULL;
	bool json = false;
	const struct args_option options[] = {
	    {"data", &data, NULL, true},
	    {"labels", &source.labels, NULL, false},
	    {"json", NULL, &json, false},
	};
	struct table t;
	int rc;

	if (args_parse(argc, argv, options, 3) < 0)
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
