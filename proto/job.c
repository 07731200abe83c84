#include "proto/job.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/answer.h"
#include "proto/q24.h"

#define JOB_BYTES_MAX 160
#define QUBITS_MAX 16
#define LAYERS_MAX 512
#define ROUNDS_MAX 1000000
#define STEPS_MAX 1000000
#define BATCH_MAX 1000000
/* A sum of Q24 numbers stays below this; a factor of two is kept back. */
#define SUM_MAX ((int64_t)1 << 62)

void
job_put(struct bytes_writer *w, const struct job *j)
{
	bytes_put_u8(w, j->task);
	bytes_put_u8(w, j->encoding);
	bytes_put_u8(w, j->ansatz);
	bytes_put_u8(w, j->readout);
	bytes_put_u8(w, j->qubits);
	bytes_put_u16(w, j->layers);
	bytes_put_u32(w, j->dim);
	bytes_put_u32(w, j->nangles);
	bytes_put_u32(w, j->rounds);
	bytes_put_hash(w, &j->seed);
	decimal_put(w, &j->init);
	decimal_put(w, &j->head_scale);
	bytes_put_u32(w, j->steps);
	bytes_put_u32(w, j->batch);
	decimal_put(w, &j->rate);
	decimal_put(w, &j->rate_last);
	bytes_put_u8(w, j->rule);
	bytes_put_u16(w, j->trim);
	bytes_put_u8(w, j->weighting);
	decimal_put(w, &j->clip);
	decimal_put(w, &j->bound);
}

void
job_get(struct bytes_reader *r, struct job *out)
{
	out->task = bytes_get_u8(r);
	out->encoding = bytes_get_u8(r);
	out->ansatz = bytes_get_u8(r);
	out->readout = bytes_get_u8(r);
	out->qubits = bytes_get_u8(r);
	out->layers = bytes_get_u16(r);
	out->dim = bytes_get_u32(r);
	out->nangles = bytes_get_u32(r);
	out->rounds = bytes_get_u32(r);
	out->seed = bytes_get_hash(r);
	decimal_get(r, &out->init);
	decimal_get(r, &out->head_scale);
	out->steps = bytes_get_u32(r);
	out->batch = bytes_get_u32(r);
	decimal_get(r, &out->rate);
	decimal_get(r, &out->rate_last);
	out->rule = bytes_get_u8(r);
	out->trim = bytes_get_u16(r);
	out->weighting = bytes_get_u8(r);
	decimal_get(r, &out->clip);
	decimal_get(r, &out->bound);
}

struct hash
job_hash(const struct job *j)
{
	uint8_t room[JOB_BYTES_MAX];
	struct bytes_writer w = bytes_writer_over(room, sizeof(room));

	job_put(&w, j);
	assert(w.error == 0); /* a job has one size */
	return hash_bytes("qml.job", w.data, w.len);
}

static int __attribute__((format(printf, 3, 4)))
fail(char *err, size_t errlen, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(err, errlen, format, ap);
	va_end(ap);
	return -EINVAL;
}

/* Each field alone. */
struct range {
	const char *name;
	uint64_t value, lo, hi;
};

static int
check_ranges(const struct job *j, char *err, size_t errlen)
{
	uint64_t vqc = j->task == JOB_VQC;
	const struct range ranges[] = {
	    {"task", j->task, JOB_VQC, JOB_LINEAR},
	    {"encoding", j->encoding, vqc, vqc * JOB_AMPLITUDE},
	    {"ansatz", j->ansatz, vqc, vqc * JOB_HARDWARE_EFFICIENT},
	    {"readout", j->readout, vqc, vqc * JOB_Z_ZZ},
	    {"qubits", j->qubits, vqc, vqc * QUBITS_MAX},
	    {"layers", j->layers, vqc, vqc * LAYERS_MAX},
	    {"dim", j->dim, 1, ANSWER_DIM_MAX},
	    {"nangles", j->nangles, vqc, vqc * j->dim},
	    {"rounds", j->rounds, 1, ROUNDS_MAX},
	    {"steps", j->steps, 1, STEPS_MAX},
	    {"batch", j->batch, 1, BATCH_MAX},
	    {"rule", j->rule, JOB_MEAN, JOB_TRIMMED_MEAN},
	    {"weighting", j->weighting, JOB_UNWEIGHTED, JOB_REGISTERED},
	};
	size_t i;

	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (ranges[i].value < ranges[i].lo ||
		    ranges[i].value > ranges[i].hi)
			return fail(err, errlen,
			    "job.%s: want %llu to %llu, got %llu",
			    ranges[i].name, (unsigned long long)ranges[i].lo,
			    (unsigned long long)ranges[i].hi,
			    (unsigned long long)ranges[i].value);
	if (j->rule == JOB_MEAN && j->trim != 0)
		return fail(err, errlen, "job.trim: want 0 with rule mean");
	if (j->rule == JOB_TRIMMED_MEAN && j->trim == 0)
		return fail(err, errlen,
		    "job.trim: want at least 1 with rule trimmed_mean");
	if (j->rule == JOB_TRIMMED_MEAN && j->weighting != JOB_UNWEIGHTED)
		return fail(err, errlen,
		    "job.weighting: want unweighted with trimmed_mean");
	return 0;
}

struct bounds {
	const char *name;
	const struct decimal *value;
	struct decimal lo, hi;
};

static int
check_decimals(const struct job *j, char *err, size_t errlen)
{
	/* The least nonzero Q24 number is 6e-8. */
	const struct bounds bounds[] = {
	    {"init", &j->init, {0, 0}, {1, 3}},
	    {"head_scale", &j->head_scale, {1, -6}, {1, 6}},
	    {"rate", &j->rate, {1, -9}, {1, 1}},
	    {"rate_last", &j->rate_last, {0, 0}, {1, 1}},
	    {"clip", &j->clip, {1, -6}, {1, 9}},
	    {"bound", &j->bound, {1, -6}, {1, 9}},
	};
	char lo[DECIMAL_TEXT_LEN], hi[DECIMAL_TEXT_LEN];
	char got[DECIMAL_TEXT_LEN];
	size_t i;

	for (i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
		if (decimal_compare(bounds[i].value, &bounds[i].lo) < 0 ||
		    decimal_compare(bounds[i].value, &bounds[i].hi) > 0)
			return fail(err, errlen,
			    "job.%s: want %s to %s, got %s", bounds[i].name,
			    decimal_text(&bounds[i].lo, lo),
			    decimal_text(&bounds[i].hi, hi),
			    decimal_text(bounds[i].value, got));
	if (decimal_compare(&j->rate_last, &j->rate) > 0)
		return fail(err, errlen,
		    "job.rate_last: want at most job.rate, %s, got %s",
		    decimal_text(&j->rate, hi),
		    decimal_text(&j->rate_last, got));
	return 0;
}

int
job_check(const struct job *j, uint32_t weight_sum, char *err, size_t errlen)
{
	int64_t init = 0, bound = 0;
	int rc;

	rc = check_ranges(j, err, errlen);
	if (rc == 0)
		rc = check_decimals(j, err, errlen);
	if (rc != 0)
		return rc;
	if (decimal_q24(&j->init, &init) != 0 ||
	    decimal_q24(&j->bound, &bound) != 0 || bound < 1)
		return fail(err, errlen, "job.bound: not a Q24 number");
	/* The sum of one round, and the model after the last. */
	if ((q24_wide)bound * weight_sum >= SUM_MAX)
		return fail(err, errlen,
		    "job.bound: too large: a sum over "
		    "all members could overflow");
	if ((q24_wide)bound * j->rounds + init >= SUM_MAX)
		return fail(err, errlen,
		    "job.bound: too large: the model "
		    "could overflow within job.rounds rounds");
	return 0;
}

int
job_sizes(const struct job *j, uint32_t nfeatures, uint32_t nclasses,
    uint32_t *dim, uint32_t *nangles)
{
	uint64_t q = j->qubits, angles = 0, inputs = nfeatures, total;

	if (nfeatures == 0 || nclasses < 2)
		return -EINVAL;
	if (j->task == JOB_VQC) {
		if (q < 1 || q > QUBITS_MAX)
			return -EINVAL;
		if (nfeatures >
		    (j->encoding == JOB_AMPLITUDE ? (uint64_t)1 << q : q))
			return -EINVAL;
		angles = (j->ansatz == JOB_STRONGLY_ENTANGLING ? 3 : 2) * q *
		    j->layers;
		inputs = j->readout == JOB_Z_ZZ ? q + q * (q - 1) / 2 : q;
	}
	total = angles + nclasses * (inputs + 1);
	if (total > ANSWER_DIM_MAX)
		return -EINVAL;
	*dim = (uint32_t)total;
	*nangles = (uint32_t)angles;
	return 0;
}

void
job_start_model(const struct job *j, int64_t *model)
{
	struct hash seed = hash_bytes("qml.model0", j->seed.b, HASH_LEN);
	int64_t init = 0;

	if (decimal_q24(&j->init, &init) != 0)
		init = 0; /* job_check has refused such a job */
	memset(model, 0, j->dim * sizeof(*model));
	q24_stream(&seed, init, model, j->nangles);
}
