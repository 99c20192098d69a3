/* scan for machines without a vector version: the reference itself. */
#include "dkim/scan.h"

size_t canon_scan_relaxed(const char *p, size_t n)
{
	return canon_scan_relaxed_plain(p, n, 0);
}

size_t canon_scan_simple(const char *p, size_t n)
{
	return canon_scan_simple_plain(p, n, 0);
}
