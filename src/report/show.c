#include "report/show.h"

#include <stdio.h>
#include <time.h>

const char *show_day(int64_t day, char text[32])
{
	(void)show_time(day * 86400, text);
	text[10] = '\0';
	return text;
}

const char *show_time(int64_t seconds, char text[32])
{
	time_t t = (time_t)seconds;
	struct tm tm = { .tm_mday = 1 };

	/* years of four digits: others are no time of a report */
	if (t < 0 || t > 253402300799)
		t = t < 0 ? 0 : 253402300799;
	(void)gmtime_r(&t, &tm);
	(void)snprintf(text, 32, "%04d-%02d-%02dT%02d:%02d:%02dZ",
		       (tm.tm_year + 1900) % 10000, (tm.tm_mon + 1) % 100,
		       tm.tm_mday % 100, tm.tm_hour % 100, tm.tm_min % 100,
		       tm.tm_sec % 100);
	return text;
}

const char *show_number(uint64_t n, char text[32])
{
	char plain[24];
	int length = snprintf(plain, sizeof plain, "%llu",
			      (unsigned long long)n);
	char *to = text;

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			*to++ = ',';
		*to++ = plain[i];
	}
	*to = '\0';
	return text;
}
