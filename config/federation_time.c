/*
 * federation_time.c - UTC times as federation.yaml writes them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/federation_draft.h"

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
