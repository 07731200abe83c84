/*
 * sim_vqe.c - qmlsim vqe: the lowest energy of a Hamiltonian by a variational
 * circuit, with exact diagonalisation beside it.
 */
#include "daemon/cli/sim.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/sim_noise.h"
#include "sim/learn/rng.h"
#include "sim/learn/vqe_model.h"
#include "sim/learn/vqe_sampled.h"
#include "sim/learn/vqe_solve.h"
#include "sim/state/noise_model.h"

#define EXACT_MAX_QUBITS 20
#define STEPS_EXACT 3000
#define STEPS_SAMPLED 150
#define STARTS_HEA 10
#define RATE 0.1
#define SPSA_STEP 0.1
#define SPSA_DRAWS 1

static const char usage[] =
    "usage: qmlsim vqe FILE [--ansatz uccsd|adapt|hea|hva] [--layers L]\n"
    "         [--mapping jw|parity] [--electrons UP,DOWN] [--starts K]\n"
    "         [--method adjoint|shift|spsa] [--shots N] [--noise FILE]\n"
    "         [--mitigate none|readout|zne|both] [--steps K] [--rate R]\n"
    "         [--seed S] [--json]\n"
    "FILE: lines \"coefficient X0 Y2\", JSON, or a molecule's FCIDUMP. With "
    "electrons\n"
    "known uccsd, else adapt is the default. adjoint finds the angles "
    "exactly and\n"
    "measures at the end; shift and spsa see only what --shots and --noise "
    "show.\n";

struct job {
	const char *ansatz, *layers, *mapping, *electrons, *starts, *method;
	const char *shots, *noise, *mitigate, *steps, *rate, *seed;
	bool json;
	const char *path;
	char *text;
	struct vqe_spec spec;
	struct vqe_model model;
	struct vqe_solve solve;
	struct vqe_sampled sampled;
	struct noise_model model_noise;
	bool noisy;
	uint8_t draws[RNG_SEED_BYTES];
	double *theta;
	struct vqe_solution found;
	double exact, reference; /* NAN: not known */
	double measured, error, mitigated, mitigated_error;
};

static int
parse_options(struct job *j, int argc, char **argv)
{
	const struct cli_option table[] = {{"ansatz", &j->ansatz, NULL},
	    {"layers", &j->layers, NULL}, {"mapping", &j->mapping, NULL},
	    {"electrons", &j->electrons, NULL}, {"starts", &j->starts, NULL},
	    {"method", &j->method, NULL}, {"shots", &j->shots, NULL},
	    {"noise", &j->noise, NULL}, {"mitigate", &j->mitigate, NULL},
	    {"steps", &j->steps, NULL}, {"rate", &j->rate, NULL},
	    {"seed", &j->seed, NULL}, {"json", NULL, &j->json}};
	const struct cli_options o = {.options = table,
	    .n = sizeof(table) / sizeof(table[0]),
	    .usage = usage,
	    .positional_max = 1};
	int rc = cli_parse(&o, &argc, argv);

	if (rc == CLI_OK && argc < 2)
		rc = cli_error(CLI_USAGE, "which file?\n%s", usage);
	if (rc == CLI_OK)
		j->path = argv[1];
	return rc;
}

static int
number(const char *name, const char *text, uint64_t max, uint64_t *out)
{
	char *end;

	if (text == NULL)
		return CLI_OK;
	errno = 0;
	*out = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || text[0] < '0' || text[0] > '9' ||
	    *out > max)
		return cli_error(CLI_USAGE,
		    "--%s wants a number up to %" PRIu64 ", not \"%.40s\"",
		    name, max, text);
	return CLI_OK;
}

static int
number32(const char *name, const char *text, uint32_t max, uint32_t *out)
{
	uint64_t wide = *out;
	int rc = number(name, text, max, &wide);

	*out = (uint32_t)wide;
	return rc;
}

/* The place of a word in a list of names, ended by NULL. */
static int
choose(const char *option, const char *word, const char *const *names, int *out)
{
	int i;

	if (word == NULL)
		return CLI_OK;
	for (i = 0; names[i]; i++) {
		if (strcmp(names[i], word) == 0) {
			*out = i;
			return CLI_OK;
		}
	}
	return cli_error(CLI_USAGE, "--%s: there is no \"%.40s\"\n%s", option,
	    word, usage);
}

static int
take_electrons(struct job *j)
{
	char *end;
	unsigned long up, down;

	if (j->electrons == NULL)
		return CLI_OK;
	up = strtoul(j->electrons, &end, 10);
	down = *end == ',' ? strtoul(end + 1, &end, 10) : 1000;
	if (*end != '\0' || up > 64 || down > 64 || up + down == 0)
		return cli_error(CLI_USAGE,
		    "--electrons wants UP,DOWN, as in 1,1");
	j->spec.alpha = (uint32_t)up;
	j->spec.beta = (uint32_t)down;
	return CLI_OK;
}

static int
take_choices(struct job *j)
{
	static const char *const methods[] = {"adjoint", "shift", "spsa", NULL};
	static const char *const mappings[] = {"jw", "parity", NULL};
	static const char *const cures[] = {"none", "readout", "zne", "both",
	    NULL};
	int method = 0, mapping = 0, cure = 0;
	int rc = choose("method", j->method, methods, &method);

	if (rc == CLI_OK)
		rc = choose("mapping", j->mapping, mappings, &mapping);
	if (rc == CLI_OK)
		rc = choose("mitigate", j->mitigate, cures, &cure);
	j->spec.mapping = mapping ? MAPPING_PARITY : MAPPING_JW;
	j->sampled.perturbations = method == 2 ? SPSA_DRAWS : 0;
	j->sampled.undo_readout = cure == 1 || cure == 3;
	j->sampled.extrapolate = cure >= 2;
	j->solve.sampled = method ? &j->sampled : NULL;
	j->solve.steps = method ? STEPS_SAMPLED : STEPS_EXACT;
	return rc;
}

static int
take_numbers(struct job *j)
{
	char *end = NULL;
	int rc = number("shots", j->shots, 100000000, &j->sampled.shots);

	if (rc == CLI_OK)
		rc = number("seed", j->seed, UINT64_MAX, &j->solve.seed);
	if (rc == CLI_OK)
		rc = number32("layers", j->layers, VQE_MAX_LAYERS,
		    &j->spec.layers);
	if (rc == CLI_OK)
		rc = number32("starts", j->starts, 1000, &j->solve.starts);
	if (rc == CLI_OK)
		rc = number32("steps", j->steps, 1000000, &j->solve.steps);
	if (j->rate)
		j->solve.rate = strtod(j->rate, &end);
	if (rc == CLI_OK && j->rate &&
	    (*end != '\0' || !(j->solve.rate > 0.0 && j->solve.rate <= 10.0)))
		rc = cli_error(CLI_USAGE, "--rate wants a number up to 10");
	memcpy(j->draws, &j->solve.seed, sizeof(j->solve.seed));
	j->sampled.seed = j->draws;
	return rc;
}

static int
read_text(struct job *j)
{
	FILE *f = fopen(j->path, "rb");
	int rc = CLI_OK;

	if (f == NULL)
		return cli_error(errno == ENOENT ? CLI_NOT_FOUND : CLI_IO,
		    "%s: %s", j->path, strerror(errno));
	j->text = malloc(HAMILTONIAN_BYTES_MAX + 1);
	if (j->text == NULL) {
		rc = cli_error(CLI_FAILED, "no memory");
	} else {
		j->spec.hamiltonian = j->text;
		j->spec.len = fread(j->text, 1, HAMILTONIAN_BYTES_MAX + 1, f);
		if (ferror(f))
			rc =
			    cli_error(CLI_IO, "%s: it cannot be read", j->path);
	}
	fclose(f);
	return rc;
}

/* The ansatz that suits, if none is named, and its size. */
static int
take_ansatz(struct job *j)
{
	static const char *const names[] = {"hea", "uccsd", "adapt", "hva",
	    NULL};
	const struct hamiltonian_options o = {.mapping = j->spec.mapping,
	    .alpha = j->spec.alpha,
	    .beta = j->spec.beta};
	char err[HAMILTONIAN_ERROR_LEN];
	struct hamiltonian h;
	uint32_t layers = 0;
	int ansatz, rc;

	if (hamiltonian_read(&h, j->text, j->spec.len, &o, err) < 0)
		return cli_error(CLI_FAILED, "%s: %s", j->path, err);
	ansatz = h.electrons ? VQE_UCCSD : VQE_ADAPT;
	rc = choose("ansatz", j->ansatz, names, &ansatz);
	j->spec.ansatz = (enum vqe_ansatz)ansatz;
	j->solve.ansatz = j->spec.ansatz;
	switch (j->spec.ansatz) {
	case VQE_HEA:
		layers = h.nqubits < 4 ? 2 : h.nqubits;
		break;
	case VQE_ADAPT:
		layers = 8 * h.nqubits;
		break;
	case VQE_HVA:
		layers = h.nqubits;
		break;
	case VQE_UCCSD:
		break;
	}
	if (j->layers == NULL)
		j->spec.layers = layers;
	if (j->starts == NULL)
		j->solve.starts = ansatz == VQE_HEA ? STARTS_HEA : 1;
	if (j->solve.starts == 0)
		rc = cli_error(CLI_USAGE, "--starts wants at least 1");
	hamiltonian_close(&h);
	return rc;
}

static int
load(struct job *j)
{
	char why[SIM_NOISE_ERROR_LEN], err[160];
	int rc = read_text(j);

	if (rc == CLI_OK)
		rc = take_ansatz(j);
	if (rc == CLI_OK && vqe_model_open(&j->model, &j->spec, err) < 0)
		rc = cli_error(CLI_FAILED, "%s: %s", j->path, err);
	if (rc == CLI_OK && j->noise) {
		j->noisy = true;
		if (sim_noise_read(&j->model_noise, j->noise, why) < 0)
			rc = cli_error(CLI_FAILED, "%s", why);
		j->sampled.noise = &j->model_noise;
	}
	if (rc == CLI_OK && j->noisy &&
	    j->model.h.nqubits > VQE_SAMPLED_MAX_QUBITS)
		rc = cli_error(CLI_FAILED,
		    "--noise works up to %d qubits, this has %u",
		    VQE_SAMPLED_MAX_QUBITS, j->model.h.nqubits);
	return rc;
}

/* The energy of the basis state that the electrons start from. */
static double
reference_energy(const struct hamiltonian *h)
{
	struct vector v;
	double e = (double)NAN;

	if (!h->electrons || vector_init(&v, h->nqubits, NULL) < 0)
		return e;
	v.amp[0][0] = 0.0;
	v.amp[0][hamiltonian_reference(h)] = 1.0;
	e = pauli_expect(&h->sum, &v);
	vector_close(&v);
	return e;
}

/* What a machine would report at the angles found. */
static int
measure(struct job *j)
{
	struct vqe_sampled plain = j->sampled;
	int rc;

	plain.parts = &j->model.h.sum;
	plain.nparts = 1;
	plain.undo_readout = plain.extrapolate = false;
	rc = vqe_sampled_values(&plain, &j->model.c, j->theta, &j->measured,
	    &j->error);
	if (rc < 0 || !(j->sampled.undo_readout || j->sampled.extrapolate))
		return rc;
	plain.undo_readout = j->sampled.undo_readout;
	plain.extrapolate = j->sampled.extrapolate;
	return vqe_sampled_values(&plain, &j->model.c, j->theta, &j->mitigated,
	    &j->mitigated_error);
}

static int
work(struct job *j)
{
	int rc;

	j->theta = calloc(j->model.c.nparams, sizeof(*j->theta));
	rc = j->theta ? vqe_solve(&j->model, &j->solve, j->theta, &j->found)
		      : -ENOMEM;
	j->exact = j->reference = (double)NAN;
	if (rc == 0 && j->model.h.nqubits <= EXACT_MAX_QUBITS &&
	    hamiltonian_ground(&j->model.h, true, &j->exact) < 0)
		j->exact = (double)NAN;
	j->reference = reference_energy(&j->model.h);
	j->measured = j->mitigated = (double)NAN;
	if (rc == 0 && (j->noisy || j->sampled.shots > 0))
		rc = measure(j);
	return rc < 0
	    ? cli_error(CLI_FAILED, "%s",
		  rc == -EINVAL ? "a channel does not fit the gate of its rule"
				: strerror(-rc))
	    : CLI_OK;
}

static const char *
ansatz_name(const struct job *j)
{
	switch (j->spec.ansatz) {
	case VQE_HEA:
		return "hea";
	case VQE_UCCSD:
		return "uccsd";
	case VQE_ADAPT:
		return "adapt";
	case VQE_HVA:
		break;
	}
	return "hva";
}

static void
print_number(const char *name, double value)
{
	if (isfinite(value))
		printf(",\"%s\":%.15g", name, value);
	else
		printf(",\"%s\":null", name);
}

static void
print_json(const struct job *j)
{
	const struct vqe_model *m = &j->model;
	uint32_t i;

	printf("{\"name\":\"%s\",\"qubits\":%u,\"terms\":%zu,\"groups\":%u,"
	       "\"ansatz\":\"%s\",\"layers\":%u,\"parameters\":%u",
	    m->h.name, m->h.nqubits, m->h.sum.nterms, m->nparts, ansatz_name(j),
	    j->spec.layers, m->c.nparams);
	print_number("energy", j->found.energy);
	print_number("exact", j->exact);
	print_number("error", j->found.energy - j->exact);
	print_number("reference", j->reference);
	print_number("variance", j->found.variance);
	print_number("gradient", j->found.gradient);
	printf(",\"steps\":%u,\"converged\":%s", j->found.steps,
	    j->found.converged ? "true" : "false");
	print_number("measured", j->measured);
	print_number("measured_error", j->error);
	print_number("mitigated", j->mitigated);
	print_number("mitigated_error", j->mitigated_error);
	printf(",\"parts\":%u", m->nparts + 1);
	print_number("reach", vqe_model_reach(m));
	printf(",\"theta\":[");
	for (i = 0; i < m->c.nparams; i++)
		printf("%s%.15g", i ? "," : "", j->theta[i]);
	printf("]}\n");
}

static void
print_measured(const char *name, double value, double error)
{
	if (!isfinite(value))
		return;
	printf("%-10s %.12f", name, value);
	if (error > 0.0)
		printf(" +- %.2g", error);
	putchar('\n');
}

static void
print_text(const struct job *j)
{
	const struct vqe_model *m = &j->model;

	printf("%u qubits, %zu terms, %u angles (%s%s)\n", m->h.nqubits,
	    m->h.sum.nterms, m->c.nparams, ansatz_name(j),
	    j->solve.sampled ? ", trained on measured values" : "");
	printf("%-10s %.12f\n", "energy", j->found.energy);
	if (isfinite(j->exact))
		printf("%-10s %.12f  (error %.3g%s)\n", "exact", j->exact,
		    j->found.energy - j->exact,
		    m->h.electrons ? ", in the electrons' sector" : "");
	if (isfinite(j->reference))
		printf("%-10s %.12f  (Hartree-Fock)\n", "reference",
		    j->reference);
	printf("%-10s %.3g\n", "variance", j->found.variance);
	printf("%-10s %.3g after %u steps%s\n", "gradient", j->found.gradient,
	    j->found.steps,
	    j->found.converged     ? ", converged"
		: j->solve.sampled ? ""
				   : ", not converged: more --steps");
	printf("%-10s angles: %u, parts: %u, bound: above %.3g\n", "in a job",
	    m->c.nparams, m->nparts + 1, vqe_model_reach(m));
	print_measured("measured", j->measured, j->error);
	print_measured("mitigated", j->mitigated, j->mitigated_error);
}

int
sim_vqe(int argc, char **argv)
{
	struct job *j = calloc(1, sizeof(*j));
	int rc;

	if (j == NULL)
		return cli_error(CLI_FAILED, "no memory");
	j->solve.rate = RATE;
	j->sampled.perturb = SPSA_STEP;
	rc = parse_options(j, argc, argv);
	if (rc == CLI_OK)
		rc = take_choices(j);
	if (rc == CLI_OK)
		rc = take_numbers(j);
	if (rc == CLI_OK)
		rc = take_electrons(j);
	if (rc == CLI_OK)
		rc = load(j);
	if (rc == CLI_OK)
		rc = work(j);
	if (rc == CLI_OK && j->json)
		print_json(j);
	else if (rc == CLI_OK)
		print_text(j);
	vqe_model_close(&j->model);
	noise_model_close(&j->model_noise);
	free(j->theta);
	free(j->text);
	free(j);
	return rc < 0 ? CLI_OK : rc;
}
