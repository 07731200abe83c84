#include "daemon/cli/demo.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/federation_file.h"
#include "daemon/cli/cli.h"
#include "daemon/cli/process.h"
#include "daemon/node/home.h"
#include "daemon/node/keys.h"

#define DEMO_PORT 10000u
#define DEMO_PORTS 20000u

static const char *const site_names[DEMO_NODES_MAX] = {"alpha", "beta", "gamma",
    "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu",
    "nu", "xi", "omicron", "pi"};

void
demo_path(char *out, const char *dir, const char *name)
{
	if (snprintf(out, DEMO_PATH_LEN, "%s/%s", dir, name) >= DEMO_PATH_LEN)
		out[0] = '\0'; /* opening "" fails with a clear word */
}

struct jv *
demo_ask(struct demo *d, char *const argv[])
{
	char *text = NULL, why[256], *line;
	struct jv *v = NULL;
	int rc;

	(void)d;
	rc = process_capture(argv, &text);
	if (rc != 0) {
		cli_error(CLI_FAILED, "%s %s failed (%d)", argv[0], argv[1],
		    rc);
		free(text);
		return NULL;
	}
	/* The object is the last line. */
	for (size_t n = strlen(text); n > 0 && text[n - 1] == '\n'; n--)
		text[n - 1] = '\0';
	line = strrchr(text, '\n');
	line = line != NULL ? line + 1 : text;
	v = jv_parse(line, strlen(line), why, sizeof(why));
	if (v == NULL)
		cli_error(CLI_FAILED, "%s %s: not JSON: %s", argv[0], argv[1],
		    why);
	free(text);
	return v;
}

static int
make_home(struct demo *d)
{
	const char *tmp = getenv("TMPDIR");
	int rc;

	if (d->home_option == NULL) {
		snprintf(d->home, sizeof(d->home), "%s/qmlnode-demo-XXXXXX",
		    tmp != NULL ? tmp : "/tmp");
		if (mkdtemp(d->home) != NULL)
			return 0;
		rc = cli_error(CLI_IO, "%s: %s", d->home, strerror(errno));
		d->home[0] = '\0';
		return rc;
	}
	if (mkdir(d->home_option, 0750) == 0) {
		snprintf(d->home, sizeof(d->home), "%s", d->home_option);
		return 0;
	}
	if (errno == EEXIST)
		return cli_error(CLI_CONFLICT,
		    "%s is there already; the demo "
		    "never writes over anything\n  Choose another --home, or "
		    "remove it yourself",
		    d->home_option);
	return cli_error(CLI_IO, "%s: %s", d->home_option, strerror(errno));
}

/*
 * Ports that nobody listens on. None from the range that the kernel gives to
 * outgoing connections: the nodes dial each other before all of them listen,
 * and such a connection may sit on a port that is one's own a moment later.
 */
static int
find_ports(struct demo *d)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	unsigned n = 0, at = (unsigned)getpid() * 251u;
	int fd, rc = 0;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (unsigned i = 0; i < DEMO_PORTS && n < d->nnodes; i++, at++) {
		a.sin_port = htons((uint16_t)(DEMO_PORT + at % DEMO_PORTS));
		fd = socket(AF_INET, SOCK_STREAM, 0);
		if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
			rc = -errno;
		else
			d->nodes[n++].port = ntohs(a.sin_port);
		if (fd >= 0)
			close(fd);
	}
	return n < d->nnodes
	    ? cli_error(CLI_FAILED, "no free port on 127.0.0.1: %s",
		  strerror(-rc))
	    : 0;
}

static void
take_rows(struct demo *d, const struct jv *split)
{
	const struct jv *nodes = jv_get(split, "nodes");

	for (unsigned i = 0; i < d->nnodes; i++) {
		const struct jv *node = jv_at(nodes, i);
		const struct jv *classes = jv_get(node, "classes");
		struct demo_node *n = &d->nodes[i];
		size_t at = 0;

		n->rows = (uint32_t)jv_int(jv_get(node, "rows"), 0);
		for (size_t k = 0;
		     k < jv_len(classes) && at + 8 < sizeof(n->counts); k++)
			at += (size_t)snprintf(n->counts + at,
			    sizeof(n->counts) - at, "%5lld",
			    (long long)jv_int(jv_at(classes, k), 0));
	}
	d->heldout_rows =
	    (uint32_t)jv_int(jv_get(jv_get(split, "heldout"), "rows"), 0);
}

static int
take_schema(struct federation *f, const struct jv *split)
{
	const struct jv *columns = jv_get(split, "columns");
	const struct jv *labels = jv_get(split, "labels");

	f->ncolumns = (uint16_t)jv_len(columns);
	f->nlabels = (uint16_t)jv_len(labels);
	f->columns = calloc(f->ncolumns + 1u, sizeof(*f->columns));
	f->labels = calloc(f->nlabels + 1u, sizeof(*f->labels));
	if (f->columns == NULL || f->labels == NULL)
		return -ENOMEM;
	snprintf(f->label, sizeof(f->label), "%s",
	    jv_text(jv_get(split, "label"), "label"));
	for (uint16_t i = 0; i < f->nlabels; i++)
		snprintf(f->labels[i], sizeof(f->labels[i]), "%s",
		    jv_text(jv_at(labels, i), ""));
	for (uint16_t i = 0; i < f->ncolumns; i++) {
		const struct jv *c = jv_at(columns, i);

		snprintf(f->columns[i].name, sizeof(f->columns[i].name), "%s",
		    jv_text(jv_get(c, "name"), ""));
		if (decimal_parse(jv_text(jv_get(c, "lo"), "?"),
			&f->columns[i].lo) < 0 ||
		    decimal_parse(jv_text(jv_get(c, "hi"), "?"),
			&f->columns[i].hi) < 0)
			return -EINVAL;
	}
	return 0;
}

static uint8_t
word(const struct jv *job, const char *key, const char *first)
{
	const char *text = jv_text(jv_get(job, key), NULL);

	if (text == NULL)
		return 0;
	return strcmp(text, first) == 0 ? 1 : 2;
}

static int
number(const struct jv *job, const char *key, struct decimal *out)
{
	return decimal_parse(jv_text(jv_get(job, key), "?"), out);
}

static int
take_job(struct demo *d, const struct jv *split)
{
	const struct jv *v = jv_get(split, "job");
	struct job *j = &d->federation.job;

	job_default(j, word(v, "task", "vqc") == 1 ? JOB_VQC : JOB_LINEAR);
	j->rounds = d->rounds;
	/* Twenty or thirty rounds are too few for more. */
	j->local.worker_momentum = (struct decimal){5, -1};
	j->local.steps = (uint32_t)jv_int(jv_get(v, "steps"), 0);
	j->local.batch = (uint32_t)jv_int(jv_get(v, "batch"), 0);
	j->main.encoding = word(v, "encoding", "angle");
	j->main.ansatz = word(v, "ansatz", "strongly_entangling");
	j->main.readout = word(v, "readout", "z");
	j->main.qubits = (uint8_t)jv_int(jv_get(v, "qubits"), 0);
	j->main.layers = (uint16_t)jv_int(jv_get(v, "layers"), 0);
	j->seed = hash_bytes("qml.demo.seed", &d->seed, sizeof(d->seed));
	if (number(v, "init", &j->main.init) < 0 ||
	    number(v, "head_scale", &j->main.head_scale) < 0 ||
	    number(v, "rate", &j->main.rate) < 0 ||
	    number(v, "rate_last", &j->main.rate_last) < 0 ||
	    number(v, "clip", &j->clip) < 0 ||
	    number(v, "bound", &j->bound) < 0)
		return -EINVAL;
	job_task_default(&j->control, JOB_LINEAR);
	j->control.rate = j->main.rate;
	j->control.rate_last = j->main.rate_last;
	return job_sizes(j, d->federation.ncolumns, d->federation.nlabels);
}

/* As an operator would: init makes key, vote log, salt and config. */
static int
make_node(struct demo *d, unsigned i)
{
	struct demo_node *n = &d->nodes[i];
	char address[64], file[32], data[DEMO_PATH_LEN], *text = NULL;
	char *argv[] = {d->qmlnode, (char *)"init", (char *)"--home", n->home,
	    (char *)"--name", n->name, (char *)"--listen", address,
	    (char *)"--data", data, NULL};
	int rc;

	snprintf(n->name, sizeof(n->name), "%s", site_names[i]);
	demo_path(n->home, d->home, n->name);
	snprintf(address, sizeof(address), "127.0.0.1:%u", n->port);
	snprintf(file, sizeof(file), "node%u.csv", i);
	demo_path(data, d->rows, file);
	rc = process_capture(argv, &text);
	free(text);
	return rc == 0 ? 0
		       : cli_error(CLI_FAILED,
			     "qmlnode init of %s failed "
			     "(%d)",
			     n->name, rc);
}

static int
take_member(struct demo *d, unsigned i)
{
	struct member *m = &d->federation.members[i];
	char path[DEMO_PATH_LEN], err[KEYS_ERR_LEN];
	struct keys k = KEYS_INIT;

	demo_path(path, d->nodes[i].home, HOME_KEY);
	if (keys_load(&k, path, err, sizeof(err)) < 0)
		return cli_error(CLI_FAILED, "%s", err);
	snprintf(m->name, sizeof(m->name), "%s", d->nodes[i].name);
	snprintf(m->address, sizeof(m->address), "127.0.0.1:%u",
	    d->nodes[i].port);
	m->sign = k.sign_public;
	memcpy(m->network, k.network_public, sizeof(m->network));
	m->power = m->weight = 1;
	keys_close(&k);
	return 0;
}

static int
write_federation(struct demo *d)
{
	char err[256];
	struct hash id;
	FILE *f;
	int rc;

	federation_sort(&d->federation);
	if (federation_check(&d->federation, err, sizeof(err)) < 0)
		return cli_error(CLI_FAILED, "federation: %s", err);
	if (federation_id(&d->federation, &id) < 0)
		return cli_error(CLI_FAILED, "out of memory");
	id_text(ID_FEDERATION, &id, d->id);
	demo_path(d->federation_path, d->home, "federation.yaml");
	f = fopen(d->federation_path, "w");
	rc = f == NULL ? -errno : federation_file_write(&d->federation, f);
	if (f != NULL && fclose(f) != 0)
		rc = -errno;
	return rc < 0
	    ? cli_error(CLI_IO, "%s: %s", d->federation_path, strerror(-rc))
	    : 0;
}

static int
join(struct demo *d, unsigned i)
{
	char *text = NULL;
	char *argv[] = {d->qmlnode, (char *)"join", d->federation_path,
	    (char *)"--home", d->nodes[i].home, NULL};
	int rc = process_capture(argv, &text);

	free(text);
	return rc == 0 ? 0
		       : cli_error(CLI_FAILED,
			     "qmlnode join of %s failed "
			     "(%d)",
			     d->nodes[i].name, rc);
}

static int
found(struct demo *d)
{
	struct federation *f = &d->federation;
	int rc = 0;

	f->version = FEDERATION_VERSION;
	snprintf(f->name, sizeof(f->name), "demo");
	f->founded_ms = demo_wall_ms() / 1000 * 1000; /* as in the file */
	f->nmembers = (uint16_t)d->nnodes;
	f->members = calloc(d->nnodes, sizeof(*f->members));
	if (f->members == NULL)
		return cli_error(CLI_FAILED, "out of memory");
	/* One machine, one clock: everything may be quick. A round closes when
	 * all have answered; none of them is left out because it is slow, or a
	 * liar, who trains for all the others before it answers. */
	f->timing = federation_file_timing();
	f->timing.collect = 20000;
	f->timing.straggler = 40000;
	f->timing.propose = 1000;
	f->timing.prevote = 500;
	f->timing.precommit = 500;
	f->timing.round_step = 250;
	f->timing.precision = 100;
	f->timing.interval = 20;
	/* Votes that somebody who watches can see the end of. */
	f->economy = ECONOMY_DEFAULT;
	f->economy.voting_period = 12;
	f->economy.voting_extension = 4;
	f->economy.voting_lock = 5;
	f->economy.worth_blocks = 10;
	for (unsigned i = 0; i < d->nnodes && rc == 0; i++) {
		rc = make_node(d, i);
		if (rc == 0 && i >= d->nnodes - d->nliars)
			rc = demo_arm(d, i);
		if (rc == 0)
			rc = take_member(d, i);
	}
	if (rc == 0 && d->prepare != NULL)
		rc = d->prepare(d);
	if (rc == 0)
		rc = write_federation(d);
	for (unsigned i = 0; i < d->nnodes && rc == 0; i++)
		rc = join(d, i);
	return rc;
}

int
demo_found(struct demo *d)
{
	char nodes[16], seed[24];
	char *argv[] = {d->qmltrain, (char *)"split", (char *)"--data",
	    (char *)(uintptr_t)d->data, (char *)"--nodes", nodes,
	    (char *)"--mode", (char *)(uintptr_t)d->split, (char *)"--seed",
	    seed, (char *)"--heldout",
	    (char *)(uintptr_t)(d->heldout != NULL ? d->heldout : "0.2"),
	    (char *)"--out", d->rows, (char *)"--json", NULL};
	struct jv *split;
	int rc = make_home(d);

	if (rc != 0)
		return rc;
	demo_path(d->rows, d->home, "rows");
	snprintf(nodes, sizeof(nodes), "%u", d->nnodes);
	snprintf(seed, sizeof(seed), "%llu", (unsigned long long)d->seed);
	split = demo_ask(d, argv);
	if (split == NULL)
		return CLI_FAILED;
	take_rows(d, split);
	if (take_schema(&d->federation, split) < 0 || take_job(d, split) < 0)
		rc = cli_error(CLI_FAILED,
		    "%s: cannot make a federation of "
		    "this table",
		    d->data);
	jv_free(split);
	demo_take_rule(d);
	if (rc == 0)
		rc = find_ports(d);
	return rc == 0 ? found(d) : rc;
}
