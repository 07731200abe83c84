/*
 * federation_rows.c - the keys of federation.yaml, one row each.
 *
 * Defaults are part of version 1 of the format: changing one would change the
 * id of a federation that relies on it.
 */
#include "config/federation_draft.h"
#include "proto/answer.h"

#define DAY 86400000u
#define WEEK (7 * DAY)

static const char *const missing_words[] = {"refuse", "middle", "lowest", NULL};
static const char *const task_words[] = {"vqc", "linear", "qsvm", "qpca", "vqe",
    NULL};
static const char *const stage_words[] = {"none", "qpca", NULL};
static const char *const control_words[] = {"none", "linear", NULL};
static const char *const encoding_words[] = {"angle", "amplitude", "iqp", "zz",
    "reupload", "own", NULL};
static const char *const ansatz_words[] = {"strongly_entangling",
    "hardware_efficient", "rx_rz_rx", "convolutional", "tree", "circuit",
    "uccsd", "adapt", "hamiltonian", NULL};
static const char *const readout_words[] = {"z", "z_zz", "observables", NULL};
static const char *const head_words[] = {"linear", "direct", NULL};
static const char *const loss_words[] = {"cross_entropy", "hinge", "squared",
    NULL};
static const char *const start_words[] = {"uniform", "normal", "identity",
    "layerwise", "zero", NULL};
static const char *const map_words[] = {"zz", "z", "iqp", "ry", NULL};
static const char *const rows_words[] = {"ball", "unit", NULL};
static const char *const mapping_words[] = {"jordan_wigner", "parity", NULL};
static const char *const optimiser_words[] = {"sgd", "adam", "adamw", "rmsprop",
    "spsa", "natural", "rotosolve", NULL};
static const char *const schedule_words[] = {"cosine", "constant", "step",
    NULL};
static const char *const order_words[] = {"shuffled", "file", NULL};
static const char *const gradient_words[] = {"adjoint", "shift", "perturb",
    NULL};
static const char *const mitigation_words[] = {"none", "readout", "zne",
    "readout_zne", NULL};
static const char *const rule_words[] = {"mean", "trimmed_mean", "median",
    "krum", "multi_krum", "geometric_median", "centered_clipping", "mda",
    "meamed", NULL};
static const char *const server_words[] = {"fedavg", "fedavgm", "fedadagrad",
    "fedadam", "fedyogi", NULL};
static const char *const weighting_words[] = {"unweighted", "registered", NULL};
static const char *const straggler_words[] = {"drop", "carry", NULL};
static const char *const auto_words[] = {"auto", NULL};

#define IN(type, member)                         \
	.offset = offsetof(struct type, member), \
	.size = sizeof(((struct type *)0)->member)
#define AT(member) IN(federation_draft, member)
#define JOB(member) IN(federation_draft, f.job.member)
#define MAIN(member) JOB(main.member)
#define V FEDERATION_WHEN(JOB_VQC)
#define L FEDERATION_WHEN(JOB_LINEAR)
#define S FEDERATION_WHEN(JOB_QSVM)
#define P FEDERATION_WHEN(JOB_QPCA)
#define M FEDERATION_WHEN(JOB_VQE)
#define WORD(key_, at, first, list, value, mask, words_)                  \
	{                                                                 \
		.key = key_, .type = SCHEMA_WORD, at, .lo = first,        \
		.words = list, .def = value, .help = words_, .when = mask \
	}
#define INT(key_, at, least, most, value, mask, words_)                       \
	{                                                                     \
		.key = key_, .type = SCHEMA_INT, at, .lo = least, .hi = most, \
		.def = value, .help = words_, .when = mask                    \
	}
#define DECIMAL(key_, at, value, mask, words_)                         \
	{                                                              \
		.key = key_, .type = SCHEMA_DECIMAL, at, .def = value, \
		.help = words_, .when = mask                           \
	}
#define FLAG(key_, at, words_)                                        \
	{                                                             \
		.key = key_, .type = SCHEMA_BOOL, at, .def = "false", \
		.help = words_                                        \
	}
#define BLOCK(key_, at, mask, words_)                                      \
	{                                                                  \
		.key = key_, .type = SCHEMA_BLOCK, at, .hi = JOB_TEXT_MAX, \
		.def = "", .help = words_, .when = mask                    \
	}
#define UNITS(name, least, most, value, words) \
	INT("economy." #name, AT(f.economy.name), least, most, value, 0, words)
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
	.lo = 0,
	.def = "",
	.help = "name of the label column"},
    {.key = "schema.labels",
	.type = SCHEMA_TEXTS,
	AT(labels),
	.lo = 2,
	.hi = FEDERATION_MAX_LABELS,
	.def = "",
	.help = "what stands in the label column; class 0 first"},
    {.key = "schema.label_range",
	.type = SCHEMA_TEXTS,
	AT(label_range),
	.lo = 2,
	.hi = 2,
	.def = "",
	.help = "instead: [lowest, highest] number that stands there"},
    WORD("schema.missing", AT(f.missing), FEDERATION_REFUSE, missing_words,
	"refuse", 0,
	"an empty cell: refused, or the middle or the lower end of the "
	"column's range; never a number from anybody's rows"),
    {.key = "schema.columns",
	.type = SCHEMA_OTHER,
	.def = "",
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
    WORD("job.task", MAIN(kind), JOB_VQC, task_words, NULL, 0,
	"what is learnt: a circuit, softmax regression, a quantum kernel "
	"machine, components, or an energy"),
    {.key = "job.rounds",
	.type = SCHEMA_INT,
	JOB(rounds),
	.lo = 1,
	.hi = 1000000,
	.help = "how many rounds this job has"},
    {.key = "job.seed",
	.type = SCHEMA_TEXT,
	AT(seed),
	.lo = 64,
	.help = "64 hex digits: start model and batches follow from it"},
    {.key = "job.start_model",
	.type = SCHEMA_TEXT,
	AT(start),
	.def = "",
	.help = "id of the model to start from, qm1...; empty: a new one"},
    BLOCK("job.start_params", JOB(start_params), 0,
	"that model in full; qmlctl model export --format yaml has both"),
    WORD("job.encoding", MAIN(encoding), JOB_ANGLE, encoding_words, "amplitude",
	V,
	"angle: columns in turns on the qubits; amplitude: 2^qubits columns; "
	"own: as the circuit says"),
    WORD("job.ansatz", MAIN(ansatz), JOB_STRONGLY_ENTANGLING, ansatz_words,
	"strongly_entangling", V | M, "the layers, or circuit: as given"),
    WORD("job.readout", MAIN(readout), JOB_Z, readout_words, "z_zz", V,
	"z: every <Z>; z_zz: every <Z> and <ZZ>; observables: as given"),
    INT("job.qubits", MAIN(qubits), 1, JOB_QUBITS_MAX, "1", V | M,
	"of the circuit"),
    INT("job.layers", MAIN(layers), 0, 512, "12", V | S | M,
	"of the circuit; repetitions of a qsvm's map"),
    INT("job.uploads", MAIN(uploads), 0, 512, "0", V,
	"layers that the encoding precedes; 0: one, of reupload all"),
    DECIMAL("job.input_scale", MAIN(input_scale), "0", V,
	"features times this; 0: the encoding's own"),
    DECIMAL("job.input_shift", MAIN(input_shift), "0", V, "plus this"),
    INT("job.angles", MAIN(nangles), 0, ANSWER_DIM_MAX, "0", V | M,
	"of a circuit, tree, convolution or vqe: how many it has"),
    INT("job.scales", MAIN(nscales), 0, ANSWER_DIM_MAX, "0", V,
	"of reupload: how many factors it has"),
    BLOCK("job.circuit", MAIN(circuit), V, "OpenQASM 3, with ansatz circuit"),
    BLOCK("job.input", MAIN(input), V | S | M,
	"a vqe's Hamiltonian, a qsvm's landmarks, observables to read"),
    WORD("job.loss", MAIN(loss), JOB_CROSS_ENTROPY, loss_words, "cross_entropy",
	V | L | S, "what is made small; a qsvm's is hinge"),
    WORD("job.head", MAIN(head), JOB_HEAD_LINEAR, head_words, "linear", V,
	"linear: weights on observables; direct: observable i is class i"),
    BLOCK("job.class_weights", MAIN(class_weights), V | L | S,
	"a number per label, a line each"),
    DECIMAL("job.head_scale", MAIN(head_scale), "8", V,
	"the head sees observables times this"),
    WORD("job.start", MAIN(start), JOB_UNIFORM, start_words, "uniform", V | M,
	"how angles begin"),
    DECIMAL("job.init", MAIN(init), "0.1", V | M,
	"uniform: start angles in [-init, init]; normal: their deviation"),
    DECIMAL("job.rate", MAIN(rate), "0.04", V | L | S | M,
	"step size in the first round"),
    DECIMAL("job.rate_last", MAIN(rate_last), "0.004", V | L | S | M,
	"in the last one, with schedule cosine"),
    DECIMAL("job.l2", MAIN(l2), "0", V | L | S | M, "decay of weights"),
    WORD("job.map", MAIN(map), JOB_MAP_ZZ, map_words, "zz", S,
	"the feature map of the kernel"),
    INT("job.landmarks", MAIN(landmarks), 1, JOB_LANDMARKS_MAX, "32", S,
	"public rows the kernel is taken with"),
    DECIMAL("job.map_scale", MAIN(map_scale), "1", S,
	"radians of a feature of 1"),
    BLOCK("job.map_scales", MAIN(map_scales), S,
	"of each feature, a line each"),
    WORD("job.rows", MAIN(rows), JOB_BALL, rows_words, "ball", P,
	"rows as points of a ball, or as unit vectors"),
    INT("job.components", MAIN(components), 1, 64, "2", P, "how many are kept"),
    INT("job.min_rows", MAIN(min_rows), 1, 1000000, "32", P,
	"with fewer a member does not answer"),
    DECIMAL("job.moment_noise", MAIN(noise), "0", P,
	"deviation of the noise on each coordinate of a member's mean"),
    BLOCK("job.means", MAIN(means), P,
	"of the scaled columns, a line each; empty: zero"),
    DECIMAL("job.ball_radius", MAIN(radius), "0", P,
	"of the ball around the means; 0: so that no row is outside"),
    DECIMAL("job.spread", MAIN(spread), "3", P,
	"components reach so many deviations"),
    WORD("job.mapping", MAIN(mapping), JOB_JORDAN_WIGNER, mapping_words,
	"jordan_wigner", M, "fermions to qubits"),
    INT("job.alpha", MAIN(alpha), 0, 64, "0", M,
	"electrons with spin up; 0: as the Hamiltonian says"),
    INT("job.beta", MAIN(beta), 0, 64, "0", M, "with spin down"),
    INT("job.parts", MAIN(parts), 2, JOB_PARTS_MAX, "9", M,
	"groups of terms that members share, and the variance"),
    WORD("job.optimiser", JOB(local.optimiser), JOB_SGD, optimiser_words,
	"adam", 0, "of the local steps"),
    WORD("job.schedule", JOB(local.schedule), JOB_COSINE, schedule_words,
	"cosine", 0, "of the step size over the rounds"),
    INT("job.warmup", JOB(local.warmup), 0, 1000000, "0", 0,
	"rounds in which the step size rises"),
    INT("job.every", JOB(local.every), 0, 1000000, "0", 0,
	"schedule step: rounds between two changes"),
    DECIMAL("job.factor", JOB(local.factor), "1", 0,
	"schedule step: each multiplies the step size by this"),
    INT("job.epochs", JOB(local.epochs), 0, 10000, "0", 0,
	"passes over the rows per round; 0: steps says"),
    INT("job.steps", JOB(local.steps), 0, 1000000, "40", 0,
	"local steps per round, unless epochs are given"),
    INT("job.batch", JOB(local.batch), 1, 1000000, "64", 0, "rows per step"),
    WORD("job.order", JOB(local.order), JOB_SHUFFLED, order_words, "shuffled",
	0, "of the rows: shuffled by the seed, or as in the file"),
    FLAG("job.carry", JOB(local.carry),
	"the optimiser's state is kept between rounds"),
    DECIMAL("job.momentum", JOB(local.beta), "0", 0, "of sgd"),
    DECIMAL("job.prox", JOB(local.prox), "0", 0, "FedProx's mu"),
    FLAG("job.scaffold", JOB(local.scaffold), "control variates against drift"),
    FLAG("job.nova", JOB(local.nova),
	"FedNova: updates are compared per local step"),
    DECIMAL("job.worker_momentum", JOB(local.worker_momentum), "0.9", 0,
	"of the updates that a member sends"),
    WORD("job.gradient", JOB(local.gradient), JOB_ADJOINT, gradient_words,
	"adjoint", 0, "shots and noise need shift or perturb"),
    INT("job.shots", JOB(local.shots), 0, 1u << 24, "0", 0,
	"per circuit; 0: exact"),
    WORD("job.mitigation", JOB(local.mitigation), JOB_UNMITIGATED,
	mitigation_words, "none", 0, "of errors, in evaluations"),
    BLOCK("job.noise_model", JOB(local.noise), 0, "see qmlsim-noise(5)"),
    WORD("job.rule", JOB(combine.rule), JOB_MEAN, rule_words, "trimmed_mean", 0,
	"how updates are combined"),
    {.key = "job.faults",
	.type = SCHEMA_INT,
	JOB(combine.faults),
	.lo = 0,
	.hi = 49,
	.words = auto_words,
	.def = "auto",
	.help = "updates that may be lies; auto: a third of the members"},
    {.key = "job.before",
	.type = SCHEMA_TEXT,
	AT(before),
	.def = "arc nnm",
	.help = "what comes before the rule: clip, arc, nnm, bucketing"},
    DECIMAL("job.radius", JOB(combine.radius), "1", 0,
	"of clip and centered_clipping"),
    INT("job.bucket", JOB(combine.bucket), 1, 50, "2", 0,
	"updates in a bucket"),
    WORD("job.server", JOB(combine.server), JOB_SERVER_ADD, server_words,
	"fedavg", 0, "what is done with the aggregate"),
    DECIMAL("job.server_rate", JOB(combine.server_rate), "1", 0,
	"its step size"),
    DECIMAL("job.server_beta", JOB(combine.server_beta), "0.9", 0,
	"its momentum"),
    DECIMAL("job.server_beta2", JOB(combine.server_beta2), "0.99", 0,
	"of the squares, in fedadam and fedyogi"),
    DECIMAL("job.server_tau", JOB(combine.server_tau), "0.001", 0,
	"added to the root of the squares"),
    WORD("job.weighting", JOB(combine.weighting), JOB_UNWEIGHTED,
	weighting_words, "unweighted", 0,
	"unweighted, or registered: by the members' weights"),
    INT("job.weight_cap", JOB(combine.weight_cap), 0, 1u << 20, "0", 0,
	"of a registered weight; 0: none"),
    DECIMAL("job.participation", JOB(combine.participation), "1", 0,
	"share of the members asked in a round"),
    WORD("job.stragglers", JOB(combine.stragglers), JOB_DROP, straggler_words,
	"drop", 0,
	"what happens to a late update; carry: it counts, less, in "
	"a later round"),
    INT("job.carry_rounds", JOB(combine.carry_rounds), 0, JOB_CARRY_MAX, "0", 0,
	"most aggregations since its model, with carry; 0: 2"),
    DECIMAL("job.validation", JOB(validation), "0", 0,
	"share of a member's rows that only validate"),
    INT("job.validation_every", JOB(validation_every), 0, 1000000, "1", 0,
	"rounds; 0: never"),
    INT("job.checkpoint_every", JOB(checkpoint_every), 0, 1000000, "0", 0,
	"aggregated rounds after which a version is minted; 0: at the end"),
    INT("job.patience", JOB(patience), 0, 1000000, "0", 0,
	"validated rounds without progress that end the job; 0: none do"),
    DECIMAL("job.progress", JOB(progress), "0", 0,
	"the least of the loss that counts as progress"),
    DECIMAL("job.clip", JOB(clip), "16", 0,
	"L2 bound of one update; every member checks it"),
    DECIMAL("job.bound", JOB(bound), "4", 0,
	"bound of every coordinate of an update; a vqe's default is 1000"),
    DECIMAL("privacy.noise", JOB(privacy.noise), "0", 0,
	"deviation of the noise in each local step, times clip; 0: none"),
    DECIMAL("privacy.rate", JOB(privacy.rate), "0.1", 0,
	"chance of each row to be in a step; takes job.batch's place"),
    DECIMAL("privacy.clip", JOB(privacy.clip), "1", 0,
	"L2 bound of one row's gradient"),
    INT("privacy.min_rows", JOB(privacy.min_rows), 0, 1000000, "0", 0,
	"with fewer a member does not answer; 32 where there is noise"),
    WORD("stage.task", AT(stage), 0, stage_words, "none", 0,
	"learnt first, then frozen; the job's task sees what it gives"),
    INT("stage.rounds", JOB(stage_rounds), 1, 1000000, "1", P,
	"aggregated rounds it is learnt in"),
    WORD("stage.rows", JOB(stage.rows), JOB_BALL, rows_words, "ball", P,
	"as job.rows"),
    INT("stage.components", JOB(stage.components), 1, 64, "2", P,
	"how many are kept"),
    INT("stage.min_rows", JOB(stage.min_rows), 1, 1000000, "32", P,
	"as job.min_rows"),
    DECIMAL("stage.moment_noise", JOB(stage.noise), "0", P,
	"as job.moment_noise"),
    BLOCK("stage.means", JOB(stage.means), P, "as job.means"),
    DECIMAL("stage.ball_radius", JOB(stage.radius), "0", P,
	"as job.ball_radius"),
    DECIMAL("stage.spread", JOB(stage.spread), "3", P, "as job.spread"),
    WORD("control.task", AT(control), 0, control_words, "none", 0,
	"a classical model trained beside, on the same rounds"),
    WORD("control.loss", JOB(control.loss), JOB_CROSS_ENTROPY, loss_words,
	"cross_entropy", L, "as job.loss"),
    DECIMAL("control.rate", JOB(control.rate), "0.04", L, "as job.rate"),
    DECIMAL("control.rate_last", JOB(control.rate_last), "0.004", L,
	"as job.rate_last"),
    DECIMAL("control.l2", JOB(control.l2), "0", L, "as job.l2"),
    UNITS(cap, 1, ECONOMY_UNITS_MAX, "1000000000000000",
	"token units; never are there more"),
    UNITS(opening, 0, ECONOMY_UNITS_MAX, "1000000000",
	"units on every founder's account"),
    UNITS(mint, 0, ECONOMY_UNITS_MAX, "100000000",
	"units that are made for the first round"),
    UNITS(half_life, 1, 1000000000, "1000",
	"rounds after which half as many are made"),
    UNITS(fee, 0, ECONOMY_UNITS_MAX, "1000",
	"least fee of a transaction; half of it is burned"),
    UNITS(contributors, 0, ECONOMY_PPM, "700000",
	"millionths of the mint for those whose updates are worth something"),
    UNITS(signers, 0, ECONOMY_PPM, "100000",
	"millionths for those who signed the block"),
    UNITS(assets, 0, ECONOMY_PPM, "100000",
	"millionths for the owners of the data used"),
    UNITS(treasury, 0, ECONOMY_PPM, "100000",
	"millionths for the treasury; the four add up to 1000000"),
    UNITS(voting_period, 1, 10000000, "100", "blocks a proposal is open"),
    UNITS(voting_extension, 0, 10000000, "20",
	"blocks that are left at least, once, when the quorum comes late"),
    UNITS(voting_grace, 1, 10000000, "1000",
	"blocks within which what passed is carried out"),
    UNITS(voting_lock, 0, 100, "100",
	"percent of the time locks between a vote and its effect"),
    UNITS(worth_blocks, 1, 10000000, "20",
	"blocks a round's utilities are waited for"),
    FLAG("economy.assets_needed", AT(f.economy.assets_needed),
	"updates count only with a data asset that is registered"),
    UNITS(validation_shards, 0, ECONOMY_SHARDS_MAX, "0",
	"sealed public shards that tell what updates are worth; 0: none"),
    UNITS(validation_every, 1, 1000000000, "1",
	"one closed round of so many is valued, drawn by lot"),
    {.key = "economy.validation_root",
	.type = SCHEMA_TEXT,
	AT(shards),
	.def = "",
	.help = "64 hex digits over the shards, as qmlnode federation shards "
		"prints them"},
    FLAG("economy.commit_updates", AT(f.economy.commit_updates),
	"a member's update is shown after its hash is on the chain"),
};

_Static_assert(sizeof(rows) / sizeof(rows[0]) <= FEDERATION_DRAFT_ROWS,
    "origins are too few");

const struct schema federation_schema = {rows, sizeof(rows) / sizeof(rows[0])};
