#include "store/rollup.h"

#include "base/limits.h"
#include "base/map.h"
#include "store/pack.h"

#include <stdlib.h>
#include <sys/random.h>

enum { DAY = 86400, SPREAD_FROM = 36 * 3600, KEY_MAX = 1024 };

struct entry {
	struct traffic t;
	str key;
};

struct rollup {
	struct arena *arena;
	struct map map;
	struct map_seed seed;
	struct entry *entries;
	size_t n;
	bool sorted;
};

struct rollup *rollup_new(void)
{
	struct rollup *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	r->arena = arena_new(1 << 16);
	r->entries = calloc(LIMIT_ROLLUP, sizeof *r->entries);
	if (!r->arena || !r->entries ||
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
	free(r->entries);
	free(r);
}

void rollup_reset(struct rollup *r)
{
	arena_reset(r->arena);
	r->map = map_of(r->arena, r->seed, false);
	r->n = 0;
	r->sorted = false;
}

static size_t put(char *to, size_t n, str s)
{
	s = str_head(s, (KEY_MAX - 8) / 4);
	if (s.n)
		memcpy(to + n, s.p, s.n);
	to[n + s.n] = '\0';
	return n + s.n + 1;
}

static str key_of(char *to, const struct store_record *rec)
{
	size_t n = 0;

	to[n++] = rec->dkim ? '1' : '0';
	to[n++] = rec->spf ? '1' : '0';
	to[n++] = (char)('0' + rec->hints);
	n = put(to, n, rec->source_ip);
	n = put(to, n, rec->disposition);
	n = put(to, n, rec->selector);
	n = put(to, n, rec->via);
	return (str){ to, n };
}

static str copy(struct rollup *r, str s)
{
	return arena_str(r->arena, str_head(s, (KEY_MAX - 8) / 4));
}

static void add_new(struct rollup *r, void **slot, str key,
		    const struct store_record *rec)
{
	struct entry *en = &r->entries[r->n];

	*en = (struct entry){
		.key = key,
		.t = { .source_ip = copy(r, rec->source_ip),
		       .disposition = copy(r, rec->disposition),
		       .selector = copy(r, rec->selector),
		       .via = copy(r, rec->via),
		       .dkim = rec->dkim,
		       .spf = rec->spf,
		       .hints = rec->hints,
		       .messages = store_add(0, rec->messages) },
	};
	*slot = en;
	r->n++;
	r->sorted = false;
}

bool rollup_add(struct rollup *r, const struct store_record *rec)
{
	char text[KEY_MAX];
	str key = key_of(text, rec);
	struct entry *en = map_find(&r->map, key);

	if (en) {
		en->t.messages = store_add(en->t.messages, rec->messages);
		return true;
	}
	if (r->n == LIMIT_ROLLUP)
		return false;
	/* out of memory: as if it were full */
	if (!arena_enter(r->arena))
		return false;
	key = arena_str(r->arena, key);
	add_new(r, map_put(&r->map, key), key, rec);
	arena_leave(r->arena);
	return true;
}

static int by_key(const void *a, const void *b)
{
	return pack_cmp(&((const struct entry *)a)->t,
			&((const struct entry *)b)->t);
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

static bool give(const struct entry *en, int64_t first, uint64_t days,
		 rollup_fn *fn, void *arg)
{
	struct traffic t = en->t;

	for (uint64_t i = 0; i < days; i++) {
		t.day = first + (int64_t)i;
		t.messages = rollup_share(en->t.messages, i, days);
		if ((t.messages || days == 1) && !fn(arg, &t))
			return false;
	}
	return true;
}

static void sort(struct rollup *r)
{
	if (!r->sorted)
		qsort(r->entries, r->n, sizeof *r->entries, by_key);
	r->sorted = true;
}

bool rollup_each(struct rollup *r, rollup_fn *fn, void *arg)
{
	sort(r);
	for (size_t i = 0; i < r->n; i++)
		if (!fn(arg, &r->entries[i].t))
			return false;
	return true;
}

bool rollup_flush(struct rollup *r, int64_t begin, int64_t end, rollup_fn *fn,
		  void *arg)
{
	int64_t first;
	uint64_t days = rollup_days(begin, end, &first);
	bool ok = true;

	sort(r);
	for (size_t i = 0; ok && i < r->n; i++)
		ok = give(&r->entries[i], first, days, fn, arg);
	rollup_reset(r);
	return ok;
}
