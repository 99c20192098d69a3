/* squeeze for x86-64: SSE2, which all have, looks for what must change; AVX2
 * and AVX-512 (VBMI2) also move octets together without a branch. */
#include "dkim/squeeze.h"
#include "dkim/squeeze_table.h"

#include <immintrin.h>
#include <stdbool.h>

#define AVX2 __attribute__((target("avx2,popcnt")))
#define AVX512 __attribute__((target("avx512bw,avx512vbmi2,popcnt")))

static __m128i sse_load(const char *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static __m128i sse_is(__m128i v, char c)
{
	return _mm_cmpeq_epi8(v, _mm_set1_epi8(c));
}

static size_t sse_clean(const char *p, size_t n)
{
	size_t i = 0;

	for (; i + 16 <= n; i += 16) {
		__m128i v = sse_load(p + i), next = sse_load(p + i + 1);
		__m128i after = _mm_or_si128(_mm_or_si128(sse_is(next, ' '),
							  sse_is(next, '\t')),
					     sse_is(next, '\r'));
		__m128i places = _mm_or_si128(
			sse_is(v, '\t'), _mm_and_si128(sse_is(v, ' '), after));
		unsigned mask = (unsigned)_mm_movemask_epi8(places);

		if (mask)
			return i + (size_t)__builtin_ctz(mask);
	}
	return i + squeeze_plain.clean(p + i, n - i);
}

static size_t sse_squeeze(const char *p, size_t n, char *to)
{
	return squeeze_plain.squeeze(p, n, to);
}

AVX2 static inline __m256i avx_load(const char *p)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

AVX2 static inline __m256i avx_is(__m256i v, char c)
{
	return _mm256_cmpeq_epi8(v, _mm256_set1_epi8(c));
}

AVX2 static inline __m256i avx_wsp(__m256i v)
{
	return _mm256_or_si256(avx_is(v, ' '), avx_is(v, '\t'));
}

AVX2 static size_t avx_clean(const char *p, size_t n)
{
	size_t i = 0;

	for (; i + 32 <= n; i += 32) {
		__m256i v = avx_load(p + i), next = avx_load(p + i + 1);
		__m256i after = _mm256_or_si256(avx_wsp(next),
						avx_is(next, '\r'));
		__m256i places = _mm256_or_si256(
			avx_is(v, '\t'),
			_mm256_and_si256(avx_is(v, ' '), after));
		unsigned mask = (unsigned)_mm256_movemask_epi8(places);

		if (mask)
			return i + (size_t)__builtin_ctz(mask);
	}
	return i + squeeze_plain.clean(p + i, n - i);
}

/* Those of 16 octets whose bit is set, 8 and 8. */
AVX2 static inline char *avx_pack(char *to, __m128i v, unsigned mask)
{
	unsigned low = mask & 0xff, high = mask >> 8 & 0xff;
	__m128i first = _mm_loadl_epi64(
		(const __m128i *)(const void *)&squeeze_table[low]);
	__m128i second = _mm_loadl_epi64(
		(const __m128i *)(const void *)&squeeze_table[high]);

	_mm_storel_epi64((__m128i *)(void *)to, _mm_shuffle_epi8(v, first));
	to += _mm_popcnt_u32(low);
	second = _mm_add_epi8(second, _mm_set1_epi8(8));
	_mm_storel_epi64((__m128i *)(void *)to, _mm_shuffle_epi8(v, second));
	return to + _mm_popcnt_u32(high);
}

AVX2 static size_t avx_squeeze(const char *p, size_t n, char *to)
{
	char *start = to;
	size_t i = 0;

	for (; i + 32 <= n; i += 32) {
		__m256i v = avx_load(p + i), next = avx_load(p + i + 1);
		__m256i crlf = _mm256_and_si256(
			avx_is(next, '\r'), avx_is(avx_load(p + i + 2), '\n'));
		__m256i wsp = avx_wsp(v);
		__m256i drop = _mm256_and_si256(
			wsp, _mm256_or_si256(avx_wsp(next), crlf));
		unsigned keep = ~(unsigned)_mm256_movemask_epi8(drop);

		v = _mm256_blendv_epi8(v, _mm256_set1_epi8(' '), wsp);
		to = avx_pack(to, _mm256_castsi256_si128(v), keep & 0xffff);
		to = avx_pack(to, _mm256_extracti128_si256(v, 1), keep >> 16);
	}
	to += squeeze_plain.squeeze(p + i, n - i, to);
	return (size_t)(to - start);
}

AVX512 static inline __mmask64 wide_is(__m512i v, char c)
{
	return _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(c));
}

AVX512 static inline __mmask64 wide_wsp(__m512i v)
{
	return wide_is(v, ' ') | wide_is(v, '\t');
}

AVX512 static size_t wide_clean(const char *p, size_t n)
{
	size_t i = 0;

	for (; i + 64 <= n; i += 64) {
		__m512i v = _mm512_loadu_si512(p + i);
		__m512i next = _mm512_loadu_si512(p + i + 1);
		__mmask64 after = wide_wsp(next) | wide_is(next, '\r');
		__mmask64 mask = wide_is(v, '\t') | (wide_is(v, ' ') & after);

		if (mask)
			return i + (size_t)__builtin_ctzll(mask);
	}
	return i + squeeze_plain.clean(p + i, n - i);
}

AVX512 static size_t wide_squeeze(const char *p, size_t n, char *to)
{
	char *start = to;
	size_t i = 0;

	for (; i + 64 <= n; i += 64) {
		__m512i v = _mm512_loadu_si512(p + i);
		__m512i next = _mm512_loadu_si512(p + i + 1);
		__mmask64 crlf = wide_is(next, '\r') &
				 wide_is(_mm512_loadu_si512(p + i + 2), '\n');
		__mmask64 wsp = wide_wsp(v);
		__mmask64 keep = ~(wsp & (wide_wsp(next) | crlf));

		v = _mm512_mask_blend_epi8(wsp, v, _mm512_set1_epi8(' '));
		_mm512_storeu_si512(to, _mm512_maskz_compress_epi8(keep, v));
		to += _mm_popcnt_u64(keep);
	}
	to += squeeze_plain.squeeze(p + i, n - i, to);
	return (size_t)(to - start);
}

static const struct squeeze sse2 = { "SSE2", sse_clean, sse_squeeze };
static const struct squeeze avx2 = { "AVX2", avx_clean, avx_squeeze };
static const struct squeeze avx512 = { "AVX-512", wide_clean, wide_squeeze };

static bool has_avx512(void)
{
	return __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512vbmi2") &&
	       __builtin_cpu_supports("popcnt");
}

static bool has_avx2(void)
{
	return __builtin_cpu_supports("avx2") &&
	       __builtin_cpu_supports("popcnt");
}

const struct squeeze *squeeze_best(void)
{
	if (has_avx512())
		return &avx512;
	return has_avx2() ? &avx2 : &sse2;
}

const struct squeeze *squeeze_nth(size_t i)
{
	const struct squeeze *all[4] = { &squeeze_plain, &sse2 };
	size_t n = 2;

	if (has_avx2())
		all[n++] = &avx2;
	if (has_avx512())
		all[n++] = &avx512;
	return i < n ? all[i] : NULL;
}
