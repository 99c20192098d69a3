/* show: days, times and numbers as people read them. */
#ifndef REPORT_SHOW_H
#define REPORT_SHOW_H

#include <stdint.h>

/* "2026-11-24" of a day of 1970, "2026-11-24T00:00:00Z" of a second. */
const char *show_day(int64_t day, char text[32]);
const char *show_time(int64_t seconds, char text[32]);
/* A number for people: digits in groups of three. */
const char *show_number(uint64_t n, char text[32]);

#endif
