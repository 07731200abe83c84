/*
 * test_corpus.c - the seeds of the fuzz targets are what the codecs write.
 *
 * The files are also golden bytes: a codec that changes its encoding fails
 * here. QML_CORPUS_WRITE=1 writes them anew, after a new format version.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/frame.h"
#include "tests/proto/founders.h"
#include "tests/proto/sample.h"

static unsigned nfiles;

/* data is tests/fuzz/corpus/<kind>/<name>, or becomes it. */
static void
golden(const char *kind, const char *name, const void *data, size_t len)
{
	char path[256];
	uint8_t *have = malloc(len + 1);
	bool write = getenv("QML_CORPUS_WRITE") != NULL;
	FILE *f;

	assert_non_null(have);
	snprintf(path, sizeof(path), "tests/fuzz/corpus/%s/%s", kind, name);
	f = fopen(path, write ? "wb" : "rb");
	if (f == NULL)
		fail_msg("%s: cannot be opened", path);
	if (write) {
		assert_int_equal(fwrite(data, 1, len, f), len);
	} else {
		assert_int_equal(fread(have, 1, len + 1, f), len);
		assert_memory_equal(have, data, len);
	}
	assert_int_equal(fclose(f), 0);
	free(have);
	nfiles++;
}

static void
golden_writer(const char *kind, const char *name, struct bytes_writer *w)
{
	assert_int_equal(w->error, 0);
	golden(kind, name, w->data, w->len);
	bytes_writer_close(w);
}

static void
test_transactions(void **state)
{
	struct sample s;
	uint8_t *data;
	size_t len;

	(void)state;
	sample_open(&s, 62);
	for (int t = WIRE_TX; t <= WIRE_JOINED; t++) {
		struct wire_msg m = sample_wire(&s, (enum wire_type)t);

		assert_int_equal(wire_encode(&m, &data, &len), 0);
		golden("wire", wire_type_name(m.type), data, len);
		free(data);
		wire_msg_close(&m);
	}
	sample_close(&s);
}

static void
test_messages(void **state)
{
	struct sample s;
	uint8_t *data;
	size_t len;

	(void)state;
	sample_open(&s, 61);
	for (int t = WIRE_STATUS; t <= WIRE_BYE; t++) {
		struct wire_msg m = sample_wire(&s, (enum wire_type)t);

		assert_int_equal(wire_encode(&m, &data, &len), 0);
		golden("wire", wire_type_name(m.type), data, len);
		free(data);
		wire_msg_close(&m);
	}
	for (int t = TRAINWIRE_SETUP; t <= TRAINWIRE_WORTHED; t++) {
		struct trainwire_msg m =
		    sample_train(&s, (enum trainwire_type)t);
		char name[24];

		assert_int_equal(trainwire_encode(&m, &data, &len), 0);
		snprintf(name, sizeof(name), "type-%d", t);
		golden("trainwire", name, data, len);
		free(data);
		trainwire_msg_close(&m);
	}
	sample_close(&s);
}

static void
golden_job(const char *name, const struct job *j)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	char err[256] = "";

	if (job_check(j, 4, err, sizeof(err)) != 0)
		fail_msg("%s: %s", name, err);
	job_put(&w, j);
	golden_writer("job", name, &w);
}

static void
test_jobs(void **state)
{
	char weights[] = "1\n2\n3\n", ham[] = "1 ZZ\n0.5 XI\n";
	struct job j = sample_job();

	(void)state;
	j.main.class_weights = weights;
	golden_job("vqc", &j);
	j.main.class_weights = NULL;
	j.combine.stragglers = JOB_CARRY;
	j.combine.carry_rounds = 3;
	golden_job("carry", &j);
	j = sample_job();
	j.main.encoding = JOB_REUPLOAD;
	assert_int_equal(job_sizes(&j, 2, 3), 0);
	golden_job("reupload", &j);
	j = sample_job();
	job_task_default(&j.stage, JOB_QPCA);
	job_task_default(&j.control, JOB_LINEAR);
	j.stage_rounds = 2;
	j.local.scaffold = true;
	assert_int_equal(job_sizes(&j, 5, 3), 0);
	golden_job("stage", &j);
	job_default(&j, JOB_QSVM);
	j.rounds = 4;
	assert_int_equal(job_sizes(&j, 3, 2), 0);
	golden_job("qsvm", &j);
	job_default(&j, JOB_VQE);
	j.rounds = 4;
	j.main.qubits = 2;
	j.main.input = ham;
	j.main.nangles = 8;
	assert_int_equal(job_sizes(&j, 0, 0), 0);
	golden_job("vqe", &j);
}

static void
test_objects(void **state)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct sample s;
	struct vote v;
	struct proposal p;
	struct commit c;
	struct attest a;

	(void)state;
	sample_open(&s, 62);
	v = sample_vote(&s);
	p = sample_proposal(&s);
	c = sample_commit(&s, 4);
	a = sample_attest(&s);
	bytes_put_u8(&w, 0);
	vote_put(&w, &v);
	golden_writer("vote", "vote", &w);
	bytes_put_u8(&w, 1);
	proposal_put(&w, &p);
	golden_writer("vote", "proposal", &w);
	bytes_put_u8(&w, 2);
	commit_put(&w, &c);
	golden_writer("vote", "commit", &w);
	attest_put(&w, &a);
	golden_writer("attest", "attest", &w);
	sample_close(&s);
}

static void
test_blocks(void **state)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct answer *update, *none;
	struct sample s;
	struct block *b;
	struct tx *t;

	(void)state;
	sample_open(&s, 63);
	do {
		b = sample_block(&s);
		if (b->header.nanswers == 3 && b->header.nattests > 1 &&
		    b->last_commit != NULL)
			break;
		block_free(b);
	} while (true);
	bytes_put_u8(&w, 0);
	block_put(&w, b);
	golden_writer("block", "by-reference", &w);
	bytes_put_u8(&w, 1);
	block_put_full(&w, b);
	golden_writer("block", "full", &w);
	block_free(b);
	do {
		update = sample_answer(&s, 2);
		none = sample_answer(&s, 3);
		if (update->dim > 0 && none->dim == 0)
			break;
		answer_unref(update);
		answer_unref(none);
	} while (true);
	answer_put(&w, update);
	golden_writer("answer", "update", &w);
	answer_put(&w, none);
	golden_writer("answer", "no-update", &w);
	answer_unref(update);
	answer_unref(none);
	t = sample_tx(&s);
	tx_put(&w, t);
	golden_writer("tx", "tx", &w);
	tx_unref(t);
	sample_close(&s);
}

static void
put_frame(struct bytes_writer *w, const struct fragment *f)
{
	uint8_t head[FRAME_HEAD_LEN], inner[FRAME_FRAGMENT_HEAD];
	size_t n = fragment_head(inner, f);

	frame_head(head, FRAME_DATA, n + f->len);
	bytes_put_raw(w, head, sizeof(head));
	bytes_put_raw(w, inner, n);
	bytes_put_raw(w, f->bytes, f->len);
}

/* A message in two fragments with a vote between them. */
static void
test_frames(void **state)
{
	static const uint8_t text[] = "circuit";
	struct fragment f[] = {
	    {FRAME_B, FRAME_FIRST, 7, text, 4},
	    {FRAME_A, FRAME_FIRST | FRAME_LAST, 7, text, 7},
	    {FRAME_CONTROL, FRAME_FIRST | FRAME_LAST, 1, text, 1},
	    {FRAME_B, FRAME_LAST, 0, text + 4, 3},
	};
	struct bytes_writer w = BYTES_WRITER_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(f) / sizeof(f[0]); i++)
		put_frame(&w, &f[i]);
	golden_writer("frame", "interleaved", &w);
}

static void
test_all_were_looked_at(void **state)
{
	(void)state;
	assert_int_equal(nfiles, 15 + 12 + 6 + 4 + 5 + 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_messages),
	    cmocka_unit_test(test_transactions),
	    cmocka_unit_test(test_jobs),
	    cmocka_unit_test(test_objects),
	    cmocka_unit_test(test_blocks),
	    cmocka_unit_test(test_frames),
	    cmocka_unit_test(test_all_were_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
