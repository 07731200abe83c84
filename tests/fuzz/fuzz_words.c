/*
 * fuzz_words.c - every short text that somebody types or pastes.
 *
 * First byte: which reader. What is taken has its canonical text read back as
 * the same, or bounds that hold; what is refused has a sentence, where there
 * is room for one.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/federation_draft.h"
#include "consensus/aggregate/combine.h"
#include "consensus/votes/payload.h"
#include "daemon/cli/base64.h"
#include "daemon/cli/join_line.h"
#include "daemon/cli/refounded.h"
#include "daemon/node/address.h"
#include "daemon/node/credential.h"
#include "daemon/trainer/csv.h"
#include "proto/base58.h"
#include "proto/decimal.h"
#include "proto/id.h"
#include "tests/fuzz/whole.h"

#define INPUT_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
word_id(const char *text)
{
	char again[ID_TEXT_LEN];
	struct hash h;

	for (unsigned k = ID_NODE; k <= ID_BLOCK; k++)
		if (id_parse((enum id_kind)k, text, &h) == 0)
			assert(strcmp(id_text((enum id_kind)k, &h, again),
				   text) == 0);
}

static void
word_hex(const char *text)
{
	char hex[HASH_HEX_LEN];
	struct hash h;

	if (hash_from_hex(text, &h) == 0)
		assert(strcasecmp(hash_hex(&h, hex), text) == 0);
}

static void
word_base58(const char *text)
{
	static const size_t lens[] = {0, 1, 34, 64, BASE58_BYTES_MAX};
	char again[BASE58_TEXT_MAX];
	uint8_t bytes[BASE58_BYTES_MAX];

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
		if (base58_parse(text, bytes, lens[i]) == 0)
			assert(strcmp(base58_text(bytes, lens[i], again),
				   text) == 0);
}

static void
word_base64(const char *text)
{
	static const size_t lens[] = {0, 1, 2, 3, 32, 68};
	char again[BASE64_LEN(68)];
	uint8_t bytes[68];

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
		if (base64_parse(text, strlen(text), bytes, lens[i]) == 0)
			assert(strcmp(base64_text(bytes, lens[i], again),
				   text) == 0);
}

static void
word_decimal(const char *text)
{
	char out[DECIMAL_TEXT_LEN];
	struct decimal d, again;
	int64_t q;

	if (decimal_parse(text, &d) < 0)
		return;
	assert(decimal_parse(decimal_text(&d, out), &again) == 0);
	assert(again.mant == d.mant && again.exp == d.exp);
	assert(decimal_compare(&d, &again) == 0);
	if (decimal_q24(&d, &q) == 0)
		assert((q >= 0) == (d.mant >= 0) || q == 0);
}

static void
join_line(const char *text)
{
	char err[256] = "", line[JOIN_LINE_LEN];
	struct join_line j, again;

	if (join_line_parse(text, &j, err, sizeof(err)) < 0) {
		assert(err[0] != '\0');
		return;
	}
	assert(join_line_like(text + strspn(text, " \t\r\n")));
	assert(federation_name_ok(j.host.name));
	join_line_make(&j, line);
	assert(join_line_parse(line, &again, err, sizeof(err)) == 0);
	assert(hash_equal(&j.federation, &again.federation));
	assert(strcmp(j.host.name, again.host.name) == 0);
	assert(strcmp(j.host.address, again.host.address) == 0);
	assert(memcmp(j.host.network, again.host.network, 32) == 0);
	assert(j.has_ticket == again.has_ticket);
	assert(strcmp(j.who, again.who) == 0);
	assert(memcmp(j.ticket, again.ticket, sizeof(j.ticket)) == 0);
	(void)address_is_loopback(j.host.address);
}

/* As it is, and as a stranger would make it: with its check. */
static void
word_join(const char *text)
{
	char line[JOIN_LINE_LEN];

	join_line(text);
	if (whole_line(text, "qmljoin", "qml.joinline", line, sizeof(line)))
		join_line(line);
}

static void
refound_line(const char *text)
{
	struct refound r, again;
	struct hash a, b;
	char *line;

	if (refounded_parse(text, &r) < 0)
		return;
	line = refounded_line(&r);
	assert(line != NULL && refounded_parse(line, &again) == 0);
	a = refound_id(&r);
	b = refound_id(&again);
	assert(hash_equal(&a, &b));
	assert(refound_complete(&r) == refound_complete(&again));
	free(line);
}

static void
word_refound(const char *text)
{
	char line[2 * INPUT_MAX];

	refound_line(text);
	if (whole_line(text, REFOUNDED_MAGIC, "qml.refoundline", line,
		sizeof(line)))
		refound_line(line);
}

static void
word_time(const char *text)
{
	char out[FEDERATION_TIME_LEN];
	uint64_t ms, again;

	if (federation_time_parse(text, &ms) == 0)
		assert(federation_time_parse(federation_time_text(ms, out),
			   &again) == 0 &&
		    again == ms);
}

static void
word_did(const char *text)
{
	char did[CREDENTIAL_DID_LEN];
	struct sign_public pk, again;

	if (credential_did_parse(text, &pk) == 0)
		assert(credential_did_parse(credential_did(&pk, did), &again) ==
			0 &&
		    memcmp(&pk, &again, sizeof(pk)) == 0);
}

static void
word_rule(const char *text)
{
	struct combine_settings s = {0};
	uint8_t pre[JOB_PRE_MAX];
	double v;

	if (combine_parse(text, &s) == 0)
		assert(s.rule != 0);
	if (federation_before_parse(text, pre) == 0)
		assert(pre[0] <= JOB_BUCKETING && pre[1] <= JOB_BUCKETING);
	(void)csv_parse_number(text, &v);
	assert(payload_param_named(text) < PARAMS);
	(void)credential_type_named(text);
}

static void
word_address(const char *text)
{
	assert(address_same_host(text, text) || strchr(text, ':') == NULL ||
	    text[0] == '\0');
	if (federation_address_ok(text))
		(void)address_is_loopback(text);
}

typedef void word_fn(const char *text);

static word_fn *const readers[] = {word_id, word_hex, word_base58, word_base64,
    word_decimal, word_join, word_time, word_did, word_rule, word_address,
    word_refound};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text;

	if (len == 0 || len > INPUT_MAX)
		return 0;
	text = malloc(len);
	assert(text != NULL);
	memcpy(text, data + 1, len - 1);
	text[len - 1] = '\0';
	readers[data[0] % (sizeof(readers) / sizeof(readers[0]))](text);
	free(text);
	return 0;
}
