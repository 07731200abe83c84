#include <langinfo.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/cli/ctl.h"
#include "daemon/cli/ctl_text.h"

#define CURVE_MAX 60
#define SINCE_MS 2000

static int64_t
wall_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static bool
draws_curves(void)
{
	return isatty(STDOUT_FILENO) != 0 &&
	    strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* Only when it has lasted: most of the time the next block is under way. */
static void
print_since(const struct jv *w)
{
	const int64_t for_ms = ctl_integer(w, "for_ms");
	const time_t t = (time_t)(ctl_integer(w, "since_ms") / 1000);
	char clock[16] = "?", span[CTL_TEXT_LEN];
	struct tm tm;

	if (for_ms < SINCE_MS)
		return;
	if (localtime_r(&t, &tm) != NULL)
		(void)strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	printf("  since    %s, for %s; block %lld, attempt %lld, step %s\n",
	    clock, ctl_text_span(for_ms, span),
	    (long long)ctl_integer(w, "height"),
	    (long long)ctl_integer(w, "attempt"), ctl_string(w, "step"));
}

static void
print_round(const struct jv *s)
{
	const struct jv *r = jv_get(s, "round");
	char why[512], span[CTL_TEXT_LEN];

	if (jv_true(jv_get(r, "finished")))
		printf("  job      finished after %lld rounds",
		    (long long)ctl_integer(r, "job_round"));
	else
		printf("  round    %lld of %lld (the first is 0%s)",
		    (long long)ctl_integer(r, "job_round"),
		    (long long)ctl_integer(r, "of"),
		    ctl_integer(r, "first") > 0 ? " of this job" : "");
	printf("; %lld aggregated, %lld skipped\n",
	    (long long)ctl_integer(r, "aggregated"),
	    (long long)ctl_integer(r, "skipped"));
	ctl_text_clean(ctl_string(s, "why"), why, sizeof(why));
	printf("  now      %s\n", why);
	print_since(jv_get(s, "waiting"));
	printf("  chain    height %lld, last block %s ago\n",
	    (long long)ctl_integer(s, "height"),
	    ctl_text_span(wall_ms() - ctl_integer(s, "head_time_ms"), span));
}

/* What members should know about each other: usually nothing is printed. */
static void
print_conduct(const struct jv *s)
{
	const struct jv *a = jv_get(s, "agreement");
	const struct jv *out = jv_get(a, "benched");
	const struct jv *found = jv_get(a, "evidence");
	char name[CTL_TEXT_LEN];

	for (size_t i = 0; i < jv_len(out); i++) {
		ctl_text_clean(jv_text(jv_at(out, i), "?"), name, sizeof(name));
		printf("  bench    %s has no turn to propose until it signs "
		       "blocks again\n",
		    name);
	}
	for (size_t i = 0; i < jv_len(found); i++) {
		ctl_text_clean(ctl_string(jv_at(found, i), "member"), name,
		    sizeof(name));
		printf("  evidence %s signed two different things, %lld "
		       "times\n",
		    name, (long long)ctl_integer(jv_at(found, i), "times"));
	}
}

/* Rules that were decided on and are to come. */
static void
print_rules(const struct jv *s)
{
	const struct jv *p = jv_get(s, "params");
	const int64_t next = ctl_integer(p, "next_version");
	const int64_t known = ctl_integer(s, "rules_known");

	if (next == 0 || next == ctl_integer(p, "version"))
		return;
	printf("  rules    version %lld from block %lld on", (long long)next,
	    (long long)ctl_integer(p, "next_version_at"));
	if (next > known)
		printf("; this program knows up to %lld and will stop there: "
		       "install a newer one",
		    (long long)known);
	putchar('\n');
}

static void
print_loss(const struct jv *rounds)
{
	const struct jv *list = jv_get(rounds, "rounds");
	char curve[3 * CURVE_MAX + 1] = "";
	double v[CURVE_MAX];
	bool told = true; /* by the newest round with updates */
	size_t n = 0;

	for (size_t i = 0; i < jv_len(list) && n < CURVE_MAX; i++)
		if (ctl_integer(jv_at(list, i), "updates") > 0) {
			told = ctl_text_has_loss(jv_at(list, i));
			if (!told)
				continue;
			v[n++] =
			    jv_real(jv_get(jv_at(list, i), "loss_before"), 0);
		}
	if (!told)
		puts("  loss     not told: the job adds noise");
	if (n == 0 || !told)
		return;
	if (draws_curves())
		ctl_text_spark(v, n, curve, sizeof(curve));
	printf("  loss     %.4f", v[n - 1]);
	if (n > 1)
		printf("%s%s  (%.4f %zu rounds before)",
		    curve[0] != '\0' ? "  " : "", curve, v[0], n - 1);
	putchar('\n');
}

static void
print_trainer(const struct jv *s)
{
	const struct jv *t = jv_get(s, "trainer");
	char problem[256];

	printf("  trainer  %s", ctl_string(t, "state"));
	if (ctl_integer(t, "rows") > 0)
		printf(", %lld rows, %s", (long long)ctl_integer(t, "rows"),
		    jv_true(jv_get(t, "confined")) ? "confined"
						   : "not confined");
	ctl_text_clean(ctl_string(t, "problem"), problem, sizeof(problem));
	printf("%s%s\n", problem[0] != '\0' ? ": " : "", problem);
}

static void
print_next(const struct jv *s)
{
	const struct jv *r = jv_get(s, "round");

	if (strcmp(ctl_string(jv_get(s, "waiting"), "reason"), "no_quorum") ==
	    0)
		puts("next: qmlctl peers; if they are lost for good: qmlnode "
		     "refound --help");
	else if (ctl_string(s, "halted")[0] != '\0' ||
	    ctl_integer(s, "connected") < ctl_integer(s, "members"))
		puts("next: qmlctl health, qmlctl peers");
	else if (jv_true(jv_get(r, "finished")))
		puts("next: qmlctl model export -o model.json");
	else
		puts("next: qmlctl rounds, qmlctl events");
}

static void
print_status(const struct jv *s, const struct jv *rounds)
{
	const struct jv *c = jv_get(s, "counts");
	const struct jv *list;
	char span[CTL_TEXT_LEN], rss[CTL_TEXT_LEN];

	printf("%s  of %s  %lld of %lld members connected  up %s\n",
	    ctl_string(s, "name"), ctl_string(s, "federation_name"),
	    (long long)ctl_integer(s, "connected"),
	    (long long)ctl_integer(s, "members"),
	    ctl_text_span(ctl_integer(s, "uptime_ms"), span));
	print_round(s);
	print_conduct(s);
	print_rules(s);
	print_loss(rounds);
	list = jv_get(rounds, "rounds");
	if (jv_len(list) > 0)
		ctl_text_arms(jv_at(list, jv_len(list) - 1));
	print_trainer(s);
	printf("  faults   %s%lld of %lld members may be faulty; "
	       "%lld double votes, %lld bad messages seen\n",
	    ctl_integer(s, "tolerates") == 0 ? "tolerates 0 faulty members: "
					     : "",
	    (long long)ctl_integer(s, "tolerates"),
	    (long long)ctl_integer(s, "members"),
	    (long long)ctl_integer(c, "equivocations"),
	    (long long)ctl_integer(c, "bad_messages"));
	printf("  daemon   qmlnode %s, %s resident\n", ctl_string(s, "version"),
	    ctl_text_bytes(ctl_integer(c, "resident_bytes"), rss));
	printf("  node     %s\n", ctl_string(s, "node"));
	printf("  joined   %s\n", ctl_string(s, "federation"));
	printf("  model    %s\n", ctl_string(s, "model"));
	print_next(s);
}

int
ctl_cmd_status(int argc, char **argv)
{
	const struct ctl_args a = {NULL, 0,
	    "usage: qmlctl status [OPTIONS]\n"
	    "Where the node stands, and what it waits for.\n",
	    0};
	struct jv *s = NULL, *rounds = NULL, *p = NULL;
	struct ctl c;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc == CLI_OK)
		rc = ctl_call(&c, "status", NULL, &s);
	if (rc == CLI_OK && c.json) {
		rc = ctl_print_json(s);
	} else if (rc == CLI_OK) {
		p = jv_object();
		jv_put_integer(p, "n", CURVE_MAX);
		rc = ctl_call(&c, "rounds", p, &rounds);
		if (rc == CLI_OK)
			print_status(s, rounds);
	}
	jv_free(s);
	jv_free(rounds);
	ctl_close(&c);
	return rc < 0 ? CLI_OK : rc;
}

static void
print_checks(const struct jv *h)
{
	const struct jv *checks = jv_get(h, "checks");
	size_t n = jv_len(checks), bad = 0;
	char why[512];

	for (size_t i = 0; i < n; i++) {
		const struct jv *k = jv_at(checks, i);
		bool ok = jv_true(jv_get(k, "ok"));

		ctl_text_clean(ctl_string(k, "why"), why, sizeof(why));
		printf("%-5s %s%s%s\n", ok ? "ok" : "FAIL",
		    ctl_string(k, "check"), why[0] != '\0' ? ": " : "", why);
		bad += !ok;
	}
	if (bad == 0)
		puts("healthy");
	else
		printf("unhealthy: %zu of %zu checks failed\n"
		       "next: qmlctl status, qmlctl peers\n",
		    bad, n);
}

int
ctl_cmd_health(int argc, char **argv)
{
	const struct ctl_args a = {NULL, 0,
	    "usage: qmlctl health [OPTIONS]\n"
	    "Exit code 0: healthy; 7: not, and why.\n",
	    0};
	struct jv *h = NULL;
	struct ctl c;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc == CLI_OK)
		rc = ctl_call(&c, "health", NULL, &h);
	if (rc == CLI_OK) {
		if (c.json)
			rc = ctl_print_json(h);
		else
			print_checks(h);
		if (rc == CLI_OK && !jv_true(jv_get(h, "ok")))
			rc = CLI_UNHEALTHY;
	}
	jv_free(h);
	ctl_close(&c);
	return rc < 0 ? CLI_OK : rc;
}
