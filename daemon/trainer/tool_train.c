/*
 * The job on one table alone, as a federation of one would run it: to see
 * whether a circuit learns before others are asked, and to see the payloads.
 */
#include "daemon/trainer/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/trainer/args.h"
#include "proto/q24.h"

#define THREADS_MAX 64

struct training {
	struct federation federation;
	struct session session;
	struct trainwire_model model;
	uint64_t rounds;
	struct hash noise; /* seed of a private job's */
	bool json;
};

/* What others see of a private training; score tells the owner more. */
static void
print_private(const struct training *t, uint64_t round, const char *hex)
{
	if (t->json)
		printf("{\"round\":%" PRIu64 ",\"private\":true,"
		       "\"payload\":\"%s\"}\n",
		    round, hex);
	else
		printf("round %-4" PRIu64 " noise was added; no loss is said   "
		       "payload %.16s\n",
		    round, hex);
	fflush(stdout);
}

static void
print_round(const struct training *t, const struct trainwire_trained *r)
{
	struct hash payload = q24_hash("qml.payload", r->delta, r->dim);
	double accuracy = (double)r->correct / (double)r->rows;
	double before = q24_to_double(r->loss_before_q24);
	double after = q24_to_double(r->loss_after_q24);
	char hex[HASH_HEX_LEN];

	hash_hex(&payload, hex);
	if (job_private(&t->federation.job)) {
		print_private(t, r->round, hex);
		return;
	}
	if (t->json)
		printf("{\"round\":%" PRIu64 ",\"loss_before\":%.6f,"
		       "\"loss_after\":%.6f,\"accuracy\":%.6f,"
		       "\"payload\":\"%s\"}\n",
		    r->round, before, after, accuracy, hex);
	else
		printf("round %-4" PRIu64 " loss %8.4f -> %8.4f   accuracy "
		       "%.4f   payload %.16s\n",
		    r->round, before, after, accuracy, hex);
	fflush(stdout);
}

static int
run(struct training *t)
{
	struct trainwire_model *m = &t->model;
	struct trainwire_msg answer;
	int rc, status = TOOL_DONE;

	for (m->round = 0; m->round < t->rounds && status == TOOL_DONE;
	     m->round++) {
		session_trial_seed(&t->session, &t->noise, m->round);
		rc = session_round(&t->session, m, &answer);
		if (rc < 0) {
			fprintf(stderr, "qmltrain: train: %s\n", strerror(-rc));
			return TOOL_FAILED;
		}
		if (answer.type == TRAINWIRE_TRAINED) {
			print_round(t, &answer.u.trained);
		} else {
			fprintf(stderr,
			    "qmltrain: train: round %" PRIu64 ": %s\n",
			    m->round, answer.u.failed.text);
			status = TOOL_FAILED;
		}
		trainwire_msg_close(&answer);
	}
	return status;
}

/* A new file of big-endian Q24 numbers, for score and predict. */
static int
write_model(const struct training *t, const char *path)
{
	size_t len = (size_t)t->model.dim * 8;
	uint8_t *bytes = malloc(len);
	int fd = -1, rc = -ENOMEM;

	if (bytes) {
		q24_store(bytes, t->model.model, t->model.dim);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		rc = fd < 0 ? -errno : 0;
	}
	if (rc == 0 && write(fd, bytes, len) != (ssize_t)len)
		rc = -EIO;
	if (fd >= 0 && close(fd) != 0 && rc == 0)
		rc = -errno;
	free(bytes);
	if (rc == 0)
		return TOOL_DONE;
	fprintf(stderr, "qmltrain: %s: %s\n", path, strerror(-rc));
	return TOOL_FAILED;
}

static int
open_training(struct training *t, const char *federation, const char *data,
    uint16_t threads)
{
	struct session_source source = {
	    .data = data,
	    .threads = threads,
	    .show_values = true,
	    .member = true,
	};
	const struct job *j = &t->federation.job;
	int rc;

	rc = tool_load_federation(federation, &t->federation);
	if (rc == TOOL_DONE)
		rc = tool_open_session(&t->session, &t->federation, &source,
		    NULL);
	if (rc != TOOL_DONE)
		return rc;
	t->model.dim = j->dim;
	t->model.model = calloc(j->dim, sizeof(*t->model.model));
	if (!t->model.model) {
		fprintf(stderr, "qmltrain: train: not enough memory\n");
		return TOOL_FAILED;
	}
	job_start_model(j, t->model.model);
	if (t->rounds == 0 || t->rounds > j->rounds)
		t->rounds = j->rounds;
	return TOOL_DONE;
}

int
tool_train(int argc, char **argv)
{
	const char *federation = NULL, *data = NULL, *out = NULL;
	const char *rounds = NULL, *member = NULL, *threads = NULL;
	const char *noise = NULL;
	struct training t = {.session = SESSION_INIT};
	bool plain = false;
	const struct args_option options[] = {
	    {"federation", &federation, NULL, true},
	    {"data", &data, NULL, true},
	    {"out", &out, NULL, false},
	    {"rounds", &rounds, NULL, false},
	    {"member", &member, NULL, false},
	    {"threads", &threads, NULL, false},
	    {"noise-seed", &noise, NULL, false},
	    {"plain", NULL, &plain, false},
	    {"json", NULL, &t.json, false},
	};
	const uint64_t range[2] = {1, THREADS_MAX};
	const uint64_t any[2] = {1, UINT32_MAX};
	const uint64_t index[2] = {0, FEDERATION_MAX_MEMBERS - 1};
	uint64_t n = 1, i = 0;
	int rc;

	if (args_parse(argc, argv, options,
		sizeof(options) / sizeof(options[0])) < 0 ||
	    args_number("rounds", rounds, any, &t.rounds) < 0 ||
	    args_number("member", member, index, &i) < 0 ||
	    args_number("threads", threads, range, &n) < 0)
		return TOOL_USAGE;
	rc = tool_seed_from(noise, &t.noise);
	if (rc == TOOL_DONE)
		rc = open_training(&t, federation, data, (uint16_t)n);
	t.session.plain = plain;
	t.model.member = (uint16_t)i;
	if (rc == TOOL_DONE)
		rc = run(&t);
	if (rc == TOOL_DONE && out)
		rc = write_model(&t, out);
	free(t.model.model);
	session_close(&t.session);
	federation_close(&t.federation);
	return rc;
}
