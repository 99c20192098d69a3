#include "store/rollup.h"

#include "base/limits.h"
#include "base/map.h"
#include "store/pack.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>

enum { DAY = 86400, SPREAD_FROM = 36 * 3600, PARTS = 5, PART_MAX = 255 };

struct rollup {
	struct arena *arena; /* of the keys, which rows point into */
	struct map map; /* to rows */
	struct map_seed seed;
	struct traffic *rows;
	size_t n, max;
	bool sorted;
};

struct rollup *rollup_new(size_t max)
{
	struct rollup *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	r->arena = arena_new(1 << 16);
	r->rows = calloc(max, sizeof *r->rows);
	r->max = max;
	if (!r->arena || !r->rows ||
	    getrandom(&r->seed, sizeof r->seed, 0) != sizeof r->seed) {
		rollup_free(r);
		return NULL;
	}
	rollup_reset(r);
	return r;
}

void rollup_free(struct rollup *r)
{
	if (!r)
		return;
	arena_free(r->arena);
	free(r->rows);
	free(r);
}

void rollup_reset(struct rollup *r)
{
	arena_reset(r->arena);
	r->map = map_of(r->arena, r->seed, false);
	r->n = 0;
	r->sorted = false;
}

struct traffic rollup_row(const struct store_record *r)
{
	return (struct traffic){
		.domain = STR(""),
		.source_ip = r->source_ip,
		.disposition = r->disposition,
		.selector = r->selector,
		.via = r->via,
		.dkim = r->dkim,
		.spf = r->spf,
		.hints = r->hints,
		.messages = r->messages,
	};
}

/* What rows are told apart by: numbers, lengths of texts, texts. */
enum {
	NUMBERS = sizeof(int64_t) + 3,
	KEY_MAX = NUMBERS + PARTS * (PART_MAX + 1)
};

static str *part(struct traffic *t, size_t i)
{
	str *const parts[PARTS] = { &t->domain, &t->source_ip, &t->disposition,
				    &t->selector, &t->via };

	return parts[i];
}

static str key_of(char to[KEY_MAX], struct traffic *t)
{
	size_t n = NUMBERS + PARTS;

	memcpy(to, &t->day, sizeof t->day);
	to[sizeof t->day] = (char)t->dkim;
	to[sizeof t->day + 1] = (char)t->spf;
	to[sizeof t->day + 2] = (char)t->hints;
	for (size_t i = 0; i < PARTS; i++) {
		str *s = part(t, i);

		*s = str_head(*s, PART_MAX);
		to[NUMBERS + i] = (char)s->n;
		if (s->n)
			memcpy(to + n, s->p, s->n);
		n += s->n;
	}
	return (str){ to, n };
}

/* The texts are those of the key. */
static void add_new(struct rollup *r, void **slot, str key,
		    const struct traffic *t)
{
	struct traffic *row = &r->rows[r->n++];
	const char *p = key.p + NUMBERS + PARTS;

	*row = *t;
	for (size_t i = 0; i < PARTS; i++) {
		part(row, i)->p = p;
		p += part(row, i)->n;
	}
	row->messages = store_add(0, t->messages);
	*slot = row;
}

bool rollup_add(struct rollup *r, const struct traffic *t)
{
	char text[KEY_MAX];
	struct traffic cut = *t;
	str key = key_of(text, &cut);
	struct traffic *row = map_find(&r->map, key);

	assert(!r->sorted);
	if (row) {
		row->messages = store_add(row->messages, t->messages);
		return true;
	}
	if (r->n == r->max)
		return false;
	/* out of memory: as if it were full */
	if (!arena_enter(r->arena))
		return false;
	key = arena_str(r->arena, key);
	add_new(r, map_put(&r->map, key), key, &cut);
	arena_leave(r->arena);
	return true;
}

static int by_key(const void *a, const void *b)
{
	const struct traffic *x = a, *y = b;
	int d = str_cmp(x->domain, y->domain);

	if (!d)
		d = (x->day > y->day) - (x->day < y->day);
	return d ? d : pack_cmp(x, y);
}

const struct traffic *rollup_sorted(struct rollup *r, size_t *n)
{
	if (!r->sorted)
		qsort(r->rows, r->n, sizeof *r->rows, by_key);
	r->sorted = true;
	*n = r->n;
	return r->rows;
}

static int64_t day_of(int64_t seconds)
{
	return seconds / DAY;
}

/* What is left over goes to the first days. */
uint64_t rollup_share(uint64_t messages, uint64_t i, uint64_t n)
{
	return messages / n + (i < messages % n);
}

uint64_t rollup_days(int64_t begin, int64_t end, int64_t *first)
{
	int64_t last = day_of(end > begin ? end - 1 : end);
	uint64_t days;

	*first = day_of(begin);
	days = (uint64_t)(last - *first) + 1;
	if (end - begin > SPREAD_FROM && days <= LIMIT_REPORT_DAYS)
		return days;
	*first = day_of(begin + (end - begin) / 2);
	return 1;
}

/* The rows of day i of n. */
static bool give_day(struct rollup *r, int64_t day, uint64_t i, uint64_t n,
		     rollup_fn *fn, void *arg)
{
	enum { PIECE = 64 };
	struct traffic piece[PIECE];
	size_t filled = 0;

	for (size_t k = 0; k < r->n; k++) {
		piece[filled] = r->rows[k];
		piece[filled].day = day;
		piece[filled].messages = rollup_share(r->rows[k].messages, i,
						      n);
		filled += piece[filled].messages > 0 || n == 1;
		if (filled == PIECE || k == r->n - 1) {
			if (!fn(arg, piece, filled))
				return false;
			filled = 0;
		}
	}
	return true;
}

bool rollup_spread(struct rollup *r, int64_t begin, int64_t end, rollup_fn *fn,
		   void *arg)
{
	int64_t first;
	uint64_t days = rollup_days(begin, end, &first);
	bool ok = true;

	for (uint64_t i = 0; ok && i < days; i++)
		ok = give_day(r, first + (int64_t)i, i, days, fn, arg);
	rollup_reset(r);
	return ok;
}
