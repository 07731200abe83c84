/*
 * federation_rows.c - the keys of federation.yaml, one row each.
 *
 * Defaults are part of version 1 of the format: changing one would change the
 * id of a federation that relies on it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/federation_draft.h"

#define DAY 86400000u
#define WEEK (7 * DAY)

static const char *const task_words[] = {"vqc", "linear", NULL};
static const char *const encoding_words[] = {"angle", "amplitude", NULL};
static const char *const ansatz_words[] = {"strongly_entangling",
    "hardware_efficient", NULL};
static const char *const readout_words[] = {"z", "z_zz", NULL};
static const char *const rule_words[] = {"mean", "trimmed_mean", NULL};
static const char *const weighting_words[] = {"unweighted", "registered", NULL};

#define IN(type, member)                         \
	.offset = offsetof(struct type, member), \
	.size = sizeof(((struct type *)0)->member)
#define AT(member) IN(federation_draft, member)
#define TIMING(name, least, most, value, words)                           \
	{                                                                 \
		.key = "timing." #name, .type = SCHEMA_DURATION,          \
		AT(f.timing.name), .lo = least, .hi = most, .def = value, \
		.help = words                                             \
	}

static const struct schema_row rows[] = {
    {.key = "version",
	.type = SCHEMA_INT,
	AT(f.version),
	.lo = 1,
	.hi = 1,
	.help = "format of this file"},
    {.key = "name",
	.type = SCHEMA_TEXT,
	AT(f.name),
	.lo = 1,
	.help = "of the federation: letters, digits, '.', '-', '_'"},
    {.key = "founded",
	.type = SCHEMA_TEXT,
	AT(founded),
	.lo = 1,
	.help = "UTC time of block 0, like 2026-11-22T09:00:00Z"},
    {.key = "shared_key",
	.type = SCHEMA_BOOL,
	AT(f.shared_key),
	.def = "false",
	.help = "links also need a key that every member has in psk_file"},
    {.key = "answers_min",
	.type = SCHEMA_INT,
	AT(f.answers_min),
	.lo = 0,
	.hi = FEDERATION_MAX_MEMBERS,
	.def = "0",
	.help = "answers that close a round when time is over; 0: all but a "
		"third"},
    {.key = "members",
	.type = SCHEMA_OTHER,
	.def = "",
	.help = "the list of members"},
    {.key = "schema.label",
	.type = SCHEMA_TEXT,
	AT(f.label),
	.lo = 1,
	.help = "name of the label column"},
    {.key = "schema.labels",
	.type = SCHEMA_TEXTS,
	AT(labels),
	.lo = 2,
	.hi = FEDERATION_MAX_LABELS,
	.help = "what stands in the label column; class 0 first"},
    {.key = "schema.columns",
	.type = SCHEMA_OTHER,
	.help = "the list of feature columns with their public ranges"},
    TIMING(collect, 1, DAY, "60s", "answers are waited for this long"),
    TIMING(straggler, 1, WEEK, "5m",
	"then, with too few, the round is skipped"),
    TIMING(heartbeat, 1, DAY, "60s", "an empty block at least this often"),
    TIMING(propose, 1, DAY, "3s", "wait for a proposal"),
    TIMING(prevote, 1, DAY, "1s", "wait for more prevotes"),
    TIMING(precommit, 1, DAY, "1s", "wait for more precommits"),
    TIMING(round_step, 0, DAY, "500ms",
	"added to the three in every further BFT round"),
    TIMING(timeout_max, 1, DAY, "60s", "the three never grow beyond this"),
    TIMING(precision, 1, DAY, "1s", "clocks of members agree to this"),
    TIMING(delay, 1, DAY, "4s", "a proposal travels at most this long"),
    TIMING(interval, 1, DAY, "1s", "least time between two blocks"),
    {.key = "job.task",
	.type = SCHEMA_WORD,
	AT(f.job.task),
	.lo = JOB_VQC,
	.words = task_words,
	.help = "vqc: a quantum circuit; linear: softmax regression"},
    {.key = "job.encoding",
	.type = SCHEMA_WORD,
	AT(f.job.encoding),
	.lo = JOB_ANGLE,
	.words = encoding_words,
	.def = "amplitude",
	.help = "angle: a qubit per column; amplitude: 2^qubits columns"},
    {.key = "job.ansatz",
	.type = SCHEMA_WORD,
	AT(f.job.ansatz),
	.lo = JOB_STRONGLY_ENTANGLING,
	.words = ansatz_words,
	.def = "strongly_entangling",
	.help = "layers: strongly_entangling or hardware_efficient"},
    {.key = "job.readout",
	.type = SCHEMA_WORD,
	AT(f.job.readout),
	.lo = JOB_Z,
	.words = readout_words,
	.def = "z_zz",
	.help = "z: every <Z>; z_zz: every <Z> and <ZZ>"},
    {.key = "job.qubits",
	.type = SCHEMA_INT,
	AT(f.job.qubits),
	.lo = 1,
	.hi = 16,
	.def = "1",
	.help = "of the circuit"},
    {.key = "job.layers",
	.type = SCHEMA_INT,
	AT(f.job.layers),
	.lo = 1,
	.hi = 512,
	.def = "12",
	.help = "of the circuit"},
    {.key = "job.rounds",
	.type = SCHEMA_INT,
	AT(f.job.rounds),
	.lo = 1,
	.hi = 1000000,
	.help = "how many rounds this job has"},
    {.key = "job.seed",
	.type = SCHEMA_TEXT,
	AT(seed),
	.lo = 64,
	.help = "64 hex digits: start model and batches follow from it"},
    {.key = "job.init",
	.type = SCHEMA_DECIMAL,
	AT(f.job.init),
	.def = "0.1",
	.help = "start angles are uniform in [-init, init]"},
    {.key = "job.head_scale",
	.type = SCHEMA_DECIMAL,
	AT(f.job.head_scale),
	.def = "8",
	.help = "the head sees observables times this"},
    {.key = "job.steps",
	.type = SCHEMA_INT,
	AT(f.job.steps),
	.lo = 1,
	.hi = 1000000,
	.def = "40",
	.help = "local Adam steps per round"},
    {.key = "job.batch",
	.type = SCHEMA_INT,
	AT(f.job.batch),
	.lo = 1,
	.hi = 1000000,
	.def = "64",
	.help = "rows per step"},
    {.key = "job.rate",
	.type = SCHEMA_DECIMAL,
	AT(f.job.rate),
	.def = "0.04",
	.help = "Adam's step size in the first round"},
    {.key = "job.rate_last",
	.type = SCHEMA_DECIMAL,
	AT(f.job.rate_last),
	.def = "0.004",
	.help = "in the last one; a cosine lies between them"},
    {.key = "job.rule",
	.type = SCHEMA_WORD,
	AT(f.job.rule),
	.lo = JOB_MEAN,
	.words = rule_words,
	.def = "mean",
	.help = "how updates are combined: mean or trimmed_mean"},
    {.key = "job.trim",
	.type = SCHEMA_INT,
	AT(f.job.trim),
	.lo = 0,
	.hi = 49,
	.def = "0",
	.help = "trimmed_mean: how many it drops at each end"},
    {.key = "job.weighting",
	.type = SCHEMA_WORD,
	AT(f.job.weighting),
	.lo = JOB_UNWEIGHTED,
	.words = weighting_words,
	.def = "unweighted",
	.help = "unweighted, or registered: by the members' weights"},
    {.key = "job.clip",
	.type = SCHEMA_DECIMAL,
	AT(f.job.clip),
	.def = "16",
	.help = "L2 bound of one update; every member checks it"},
    {.key = "job.bound",
	.type = SCHEMA_DECIMAL,
	AT(f.job.bound),
	.def = "4",
	.help = "bound of every coordinate of an update"},
};

_Static_assert(sizeof(rows) / sizeof(rows[0]) <= FEDERATION_DRAFT_ROWS,
    "origins are too few");

const struct schema federation_schema = {rows, sizeof(rows) / sizeof(rows[0])};

static const struct schema_row member_rows[] = {
    {.key = "name",
	.type = SCHEMA_TEXT,
	IN(federation_member_draft, m.name),
	.lo = 1,
	.help = "letters, digits, '.', '-', '_'"},
    {.key = "id",
	.type = SCHEMA_TEXT,
	IN(federation_member_draft, id),
	.def = "",
	.help = "qn1...; follows from the keys and is checked"},
    {.key = "sign",
	.type = SCHEMA_TEXT,
	IN(federation_member_draft, sign),
	.lo = 64,
	.help = "Ed25519 public key, 64 hex digits"},
    {.key = "network",
	.type = SCHEMA_TEXT,
	IN(federation_member_draft, network),
	.lo = 64,
	.help = "X25519 public key, 64 hex digits"},
    {.key = "address",
	.type = SCHEMA_TEXT,
	IN(federation_member_draft, m.address),
	.def = "",
	.help = "host:port to dial; empty: it dials out only"},
    {.key = "power",
	.type = SCHEMA_INT,
	IN(federation_member_draft, m.power),
	.lo = 1,
	.hi = 1u << 20,
	.def = "1",
	.help = "votes"},
    {.key = "weight",
	.type = SCHEMA_INT,
	IN(federation_member_draft, m.weight),
	.lo = 1,
	.hi = 1u << 20,
	.def = "1",
	.help = "in a weighted mean"},
};

const struct schema federation_member_schema = {member_rows,
    sizeof(member_rows) / sizeof(member_rows[0])};

static const struct schema_row column_rows[] = {
    {.key = "name",
	.type = SCHEMA_TEXT,
	IN(federation_column_draft, c.name),
	.def = "",
	.help = "as it stands in the header of the CSV"},
    {.key = "names",
	.type = SCHEMA_TEXTS,
	IN(federation_column_draft, names),
	.lo = 1,
	.hi = FEDERATION_MAX_COLUMNS,
	.def = "",
	.help = "several columns with one unit and range, in order"},
    {.key = "unit",
	.type = SCHEMA_TEXT,
	IN(federation_column_draft, c.unit),
	.def = "",
	.help = "for people"},
    {.key = "range",
	.type = SCHEMA_TEXTS,
	IN(federation_column_draft, range),
	.lo = 2,
	.hi = 2,
	.help = "[lowest, highest] value, public"},
};

const struct schema federation_column_schema = {column_rows,
    sizeof(column_rows) / sizeof(column_rows[0])};

/* Days since 1970-01-01 of a Gregorian date (Howard Hinnant's algorithm). */
static int64_t
days_from(int64_t y, int64_t m, int64_t d)
{
	int64_t era, yoe, doy;

	y -= m <= 2;
	era = y / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

int
federation_time_parse(const char *text, uint64_t *ms)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";
	char back[FEDERATION_TIME_LEN];
	int64_t v[6] = {0}, days;
	size_t i, field = 0;
	uint64_t out;

	if (strlen(text) != sizeof(shape) - 1)
		return -EINVAL;
	for (i = 0; shape[i] != '\0'; i++) {
		if (shape[i] != 'd') {
			if (text[i] != shape[i])
				return -EINVAL;
			field++;
			continue;
		}
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		v[field] = 10 * v[field] + (text[i] - '0');
	}
	if (v[0] < 1970 || v[1] < 1 || v[1] > 12)
		return -EINVAL;
	days = days_from(v[0], v[1], v[2]);
	out = (uint64_t)(((days * 24 + v[3]) * 60 + v[4]) * 60 + v[5]) * 1000;
	/* The 31st of June and 25:00 come back as something else. */
	if (strcmp(federation_time_text(out, back), text) != 0)
		return -EINVAL;
	*ms = out;
	return 0;
}

char *
federation_time_text(uint64_t ms, char out[static FEDERATION_TIME_LEN])
{
	int64_t s = (int64_t)(ms / 1000), z = s / 86400 + 719468;
	int64_t era = z / 146097, doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int64_t month = mp < 10 ? mp + 3 : mp - 9;
	int64_t year = yoe + era * 400 + (month <= 2);
	char text[160];

	snprintf(text, sizeof(text),
	    "%04" PRId64 "-%02" PRId64 "-%02" PRId64 "T%02" PRId64 ":%02" PRId64
	    ":%02" PRId64 "Z",
	    year, month, doy - (153 * mp + 2) / 5 + 1, s / 3600 % 24,
	    s / 60 % 60, s % 60);
	memcpy(out, text, FEDERATION_TIME_LEN - 1);
	out[FEDERATION_TIME_LEN - 1] = '\0';
	return out;
}
