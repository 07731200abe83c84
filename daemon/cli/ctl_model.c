#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/ctl.h"
#include "daemon/cli/ctl_text.h"

static const char usage[] =
    "usage: qmlctl model show [OPTIONS]\n"
    "       qmlctl model export [--format json] [-o FILE] [OPTIONS]\n"
    "The current model. An exported one is what `qmltrain score --model FILE`\n"
    "reads; an existing FILE is replaced when the new one is whole.\n";

static int
print_model(const struct jv *m)
{
	printf("model    %s\n", ctl_string(m, "model"));
	printf("is       the model that round %lld begins with, after block "
	       "%lld\n",
	    (long long)ctl_integer(m, "round"),
	    (long long)ctl_integer(m, "height"));
	printf("task     %s\n", ctl_string(m, "task"));
	if (ctl_integer(m, "qubits") > 0)
		printf("circuit  %lld qubits, %s encoding, %lld layers %s, "
		       "readout %s\n",
		    (long long)ctl_integer(m, "qubits"),
		    ctl_string(m, "encoding"),
		    (long long)ctl_integer(m, "layers"),
		    ctl_string(m, "ansatz"), ctl_string(m, "readout"));
	printf("size     %lld parameters, %lld of them angles\n",
	    (long long)ctl_integer(m, "dim"),
	    (long long)ctl_integer(m, "angles"));
	puts("next: qmlctl model export -o model.json");
	return CLI_OK;
}

/* Beside the place first, so that nobody reads half a model. */
static int
write_file(const char *path, const char *text)
{
	char beside[HOME_PATH_LEN];
	FILE *f;
	bool good;

	if (snprintf(beside, sizeof(beside), "%s.part", path) >=
	    (int)sizeof(beside))
		return cli_error(CLI_USAGE, "-o: the path is too long");
	f = fopen(beside, "w");
	if (f == NULL)
		return cli_error(CLI_FAILED, "%s: %s", beside, strerror(errno));
	good = fputs(text, f) >= 0 && fputc('\n', f) != EOF;
	good = fclose(f) == 0 && good;
	if (good && rename(beside, path) == 0)
		return CLI_OK;
	(void)cli_error(CLI_FAILED, "%s: %s", path, strerror(errno));
	(void)remove(beside);
	return CLI_FAILED;
}

static int
export_model(const struct ctl *c, const struct jv *m, const char *out)
{
	char *text;
	int rc;

	if (out == NULL)
		return ctl_print_json(m);
	text = jv_dump(m);
	if (text == NULL)
		return cli_error(CLI_FAILED, "out of memory");
	rc = write_file(out, text);
	free(text);
	if (rc != CLI_OK)
		return rc;
	if (c->json) {
		struct jv *o = jv_object();

		jv_put_string(o, "schema", "qml.export/1");
		jv_put_string(o, "file", out);
		jv_put_string(o, "model", ctl_string(m, "model"));
		jv_put_integer(o, "round", ctl_integer(m, "round"));
		rc = ctl_print_json(o);
		jv_free(o);
		return rc;
	}
	printf("wrote %s  model %s of round %lld, %lld parameters\n"
	       "next: qmltrain score --model %s --federation FEDERATION.yaml "
	       "--data ROWS.csv\n",
	    out, ctl_string(m, "model"), (long long)ctl_integer(m, "round"),
	    (long long)ctl_integer(m, "dim"), out);
	return CLI_OK;
}

int
ctl_cmd_model(int argc, char **argv)
{
	const char *format = "json", *out = NULL;
	const struct cli_option own[] = {{"format", &format, NULL},
	    {"out", &out, NULL}};
	const struct ctl_args a = {own, 2, usage, 1};
	struct jv *m = NULL;
	struct ctl c;
	bool export;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc != CLI_OK)
		return rc < 0 ? CLI_OK : rc;
	export = argc > 1 && strcmp(argv[1], "export") == 0;
	if (argc > 1 && !export && strcmp(argv[1], "show") != 0)
		return cli_error(CLI_USAGE,
		    "model: there is no \"%.40s\"; want show or export",
		    argv[1]);
	if (strcmp(format, "json") != 0)
		return cli_error(CLI_USAGE,
		    "--format: \"%.40s\" is not known; there is json", format);
	if (!export && out != NULL)
		return cli_error(CLI_USAGE,
		    "-o belongs to export: qmlctl model export -o %.200s", out);
	rc = ctl_call(&c, "model", NULL, &m);
	if (rc == CLI_OK && export)
		rc = export_model(&c, m, out);
	else if (rc == CLI_OK)
		rc = c.json ? ctl_print_json(m) : print_model(m);
	jv_free(m);
	ctl_close(&c);
	return rc;
}
