/*
 * trace.h - drive one core with words, see its answers in words.
 *
 * A trace is a table of {event, answer}. Blocks are capital letters, nil is
 * '-'. The height is 840, so the proposer of round r is r % n for n <= 8.
 *
 *   enter N SELF       work             time MS | time (to the deadline)
 *   offer R VR A [hdr H] [late]         proposal; header round H
 *   pv WHO R A         pc WHO R A       votes of the digits in WHO
 *   ok A  bad A        verdict          built R A | built R no
 *   sync               all records so far are durable
 *   feed               feed back what was sent, as A4 says
 *   due                answer: ms to the deadline, or none
 *   marks              answer: step, lock and valid value
 */
#ifndef QML_TESTS_CONSENSUS_BFT_TRACE_H
#define QML_TESTS_CONSENSUS_BFT_TRACE_H

#include <stddef.h>

#include "consensus/bft/bft.h"
#include "consensus/bft/view.h"

#define TRACE_HEIGHT 840
#define TRACE_SENT 64
#define TRACE_LOG 64

struct trace_line {
	const char *event;
	const char *answer;
};

struct trace {
	struct bft b;
	struct bft_out out;
	uint64_t now_ms;
	char answer[2048];
	size_t nsent;
	struct bft_action sent[TRACE_SENT]; /* not fed back yet */
	size_t nlog;
	struct bft_record log[TRACE_LOG]; /* what PERSIST asked for */
};

struct hash trace_block(char name);
void trace_init(struct trace *t);
/* Apply one event; the answer is in t->answer. */
void trace_event(struct trace *t, const char *event);
/* A new core on the first n records of the log, height entered again. */
void trace_restart(struct trace *t, uint16_t n, uint16_t self, size_t nlog);
/* Run a table on a fresh core; a wrong answer fails the test. */
void trace_run(const struct trace_line *lines, size_t n);
/* Go on with a core. */
void trace_more(struct trace *t, const struct trace_line *lines, size_t n);

#define TRACE(...)                                                       \
	do {                                                             \
		static const struct trace_line lines_[] = {__VA_ARGS__}; \
		trace_run(lines_, sizeof(lines_) / sizeof(lines_[0]));   \
	} while (0)

#define TRACE_MORE(t, ...)                                                 \
	do {                                                               \
		static const struct trace_line lines_[] = {__VA_ARGS__};   \
		trace_more(t, lines_, sizeof(lines_) / sizeof(lines_[0])); \
	} while (0)

#endif
