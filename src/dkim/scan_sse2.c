/* scan by SSE2, which every x86-64 has. */
#include "dkim/scan.h"

#include <emmintrin.h>

static __m128i load(const char *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static __m128i is(__m128i v, char c)
{
	return _mm_cmpeq_epi8(v, _mm_set1_epi8(c));
}

/* The places of the 16 octets from p that need a decision, as bits. */
static unsigned relaxed_places(const char *p)
{
	__m128i v = load(p), next = load(p + 1);
	__m128i before = _mm_or_si128(is(v, ' '), is(v, '\n'));
	__m128i after = _mm_or_si128(
		_mm_or_si128(is(next, ' '), is(next, '\t')), is(next, '\r'));

	return (unsigned)_mm_movemask_epi8(
		_mm_or_si128(is(v, '\t'), _mm_and_si128(before, after)));
}

static unsigned simple_places(const char *p)
{
	return (unsigned)_mm_movemask_epi8(
		_mm_and_si128(is(load(p), '\n'), is(load(p + 1), '\r')));
}

size_t canon_scan_relaxed(const char *p, size_t n)
{
	size_t i = 0;

	for (; i + 17 <= n; i += 16) {
		unsigned places = relaxed_places(p + i);

		if (places)
			return i + (size_t)__builtin_ctz(places);
	}
	return canon_scan_relaxed_plain(p, n, i);
}

size_t canon_scan_simple(const char *p, size_t n)
{
	size_t i = 0;

	for (; i + 17 <= n; i += 16) {
		unsigned places = simple_places(p + i);

		if (places)
			return i + (size_t)__builtin_ctz(places);
	}
	return canon_scan_simple_plain(p, n, i);
}
