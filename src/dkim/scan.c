#include "dkim/scan.h"

#include <stdbool.h>

static bool is_wsp_or_cr(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

size_t canon_scan_relaxed_plain(const char *p, size_t n, size_t from)
{
	size_t i = from;

	for (; i + 1 < n; i++)
		if (p[i] == '\t' ||
		    ((p[i] == ' ' || p[i] == '\n') && is_wsp_or_cr(p[i + 1])))
			break;
	return i;
}

size_t canon_scan_simple_plain(const char *p, size_t n, size_t from)
{
	size_t i = from;

	for (; i + 1 < n; i++)
		if (p[i] == '\n' && p[i + 1] == '\r')
			break;
	return i;
}
