/*
 * ctl_terms.c - DATA.terms beside the rows, from what data register is told:
 * the same word for the trainer, which reads no chain.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/node.h"
#include "daemon/cli/ctl_books.h"

/* The name that the trainer goes by. CLI_OK, or an exit code. */
static int
name_of_rows(struct ctl *c, char name[static HOME_PATH_LEN])
{
	char file[HOME_PATH_LEN];
	struct config_error e;
	struct config_node n;
	int rc;

	if (c->home == NULL)
		c->home = home_default(c->home_buf, sizeof(c->home_buf));
	if (home_path(c->home, HOME_CONFIG, file, sizeof(file)) < 0)
		return cli_error(CLI_USAGE, "--home is too long");
	rc = config_node_load(&n, file, &e);
	if (rc < 0)
		return cli_error(CLI_CONFIG, "%s", e.text);
	rc = home_path(c->home, n.data_file[0] != '\0' ? n.data_file : "data",
	    name, HOME_PATH_LEN);
	config_node_close(&n);
	return rc < 0 ? cli_error(CLI_CONFIG, "data.file is too long") : CLI_OK;
}

static void
print_list(FILE *f, const char *key, const struct jv *list)
{
	fprintf(f, "%s: [", key);
	for (size_t i = 0; i < jv_len(list); i++)
		fprintf(f, "%s\"%s\"", i > 0 ? ", " : "",
		    jv_text(jv_at(list, i), ""));
	fprintf(f, "]\n");
}

static void
print_terms(FILE *f, const struct jv *p)
{
	int64_t eps = jv_int(jv_get(p, "epsilon_milli"), 0);

	fprintf(f,
	    "# What may be done with the rows beside this file: the "
	    "trainer keeps to it,\n# whatever anybody asks. See "
	    "qmltrain(1).\n");
	print_list(f, "tasks", jv_get(p, "tasks"));
	print_list(f, "circuits", jv_get(p, "circuits"));
	fprintf(f, "epsilon: %" PRId64 ".%03" PRId64 "\n", eps / 1000,
	    eps % 1000);
	fprintf(f, "delta_exp: %" PRId64 "\n",
	    jv_int(jv_get(p, "delta_exp"), 5));
	fprintf(f, "rows: %" PRId64 "\n", jv_int(jv_get(p, "rows"), 0));
}

int
ctl_terms_write(struct ctl *c, const struct jv *params)
{
	char name[HOME_PATH_LEN], path[HOME_PATH_LEN + 8];
	int rc = name_of_rows(c, name), fd;
	FILE *f;

	if (rc != CLI_OK)
		return rc;
	snprintf(path, sizeof(path), "%s.terms", name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	f = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (f == NULL) {
		rc = errno;
		if (fd >= 0)
			close(fd);
		return cli_error(rc == EEXIST ? CLI_CONFLICT : CLI_IO,
		    "%s: %s%s", path, strerror(rc),
		    rc == EEXIST ? "\n  It is the owner's to change: edit it"
				 : "");
	}
	print_terms(f, params);
	if (fclose(f) != 0)
		return cli_error(CLI_IO, "%s: %s", path, strerror(errno));
	fprintf(stderr,
	    "%s: written; the trainer keeps to it from its next start\n", path);
	return CLI_OK;
}
