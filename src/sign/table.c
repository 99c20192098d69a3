#include "sign/table.h"

#include "base/ascii.h"
#include "base/limits.h"
#include "sign/index.h"
#include "sign/pattern.h"

#include <stdio.h>

enum { LINES_PER_MARK = 256 };

/* Where the plain text of a pattern's end may be looked for. */
struct ends {
	struct index index;
	uint64_t lengths[LIMIT_PATTERN_BYTES / 64 + 1]; /* that occur */
	uint64_t bytes[4]; /* that stand next to the "*" */
};

struct tried { /* one after the other */
	uint32_t at;
	const regex_t *regex; /* NULL: a glob */
};

struct table {
	struct table_spec spec;
	size_t n;
	struct index exact;
	struct ends *suffixes, *prefixes; /* of patterns */
	struct tried *tried;
	size_t n_tried;
	uint32_t *marks; /* the offset of every 256th line */
	size_t n_marks;
};

static void set_bit(uint64_t *bits, size_t i)
{
	bits[i / 64] |= (uint64_t)1 << i % 64;
}

static bool has_bit(const uint64_t *bits, size_t i)
{
	return (bits[i / 64] >> i % 64 & 1) != 0;
}

static uint32_t hash_of(const struct table *t, str s)
{
	return (uint32_t)map_hash(t->spec.seed, s, t->spec.fold);
}

static bool same(const struct table *t, str a, str b)
{
	return t->spec.fold ? str_ieq(a, b) : str_eq(a, b);
}

static struct table_entry row_at(const struct table *t, size_t at)
{
	str rest = str_skip(t->spec.text, at);
	size_t split = str_find(rest, '\0');
	str value = str_skip(rest, split + 1);

	return (struct table_entry){
		.key = str_head(rest, split),
		.value = str_head(value, str_find(value, '\0')),
		.at = (uint32_t)at,
	};
}

/* The line, element or row that begins at offset at, as key and value. */
static struct table_entry entry_at(const struct table *t, size_t at)
{
	if (t->spec.kind == TABLE_ROWS)
		return row_at(t, at);

	bool list = t->spec.kind == TABLE_LIST;
	str rest = str_skip(t->spec.text, at);
	str line = str_head(rest, str_find(rest, list ? ',' : '\n'));
	struct table_entry e = { .at = (uint32_t)at };
	size_t split = 0;

	if (!list)
		line = str_head(line, str_find(line, '#'));
	line = str_trim(line);
	if (list)
		split = str_find(line, '=');
	while (!list && split < line.n && !ascii_is(line.p[split], ASCII_WSP))
		split++;
	e.key = str_trim(str_head(line, split));
	e.value = str_trim(str_skip(line, split + 1));
	return e;
}

static size_t next_start(const struct table *t, size_t at)
{
	str rest = str_skip(t->spec.text, at);

	if (t->spec.kind == TABLE_ROWS) {
		at += str_find(rest, '\0') + 1;
		return at + 1 + str_find(str_skip(t->spec.text, at), '\0');
	}
	return at + 1 + str_find(rest, t->spec.kind == TABLE_LIST ? ',' : '\n');
}

bool table_next(const struct table *t, size_t *at, struct table_entry *out)
{
	while (*at < t->spec.text.n) {
		*out = entry_at(t, *at);
		*at = next_start(t, *at);
		if (out->key.n)
			return true;
	}
	return false;
}

static bool add_end(struct ends *ends, str plain, size_t beside)
{
	if (!plain.n || plain.n > LIMIT_PATTERN_BYTES)
		return false;
	set_bit(ends->lengths, plain.n);
	set_bit(ends->bytes, (unsigned char)ascii_lower(plain.p[beside]));
	return true;
}

enum place { IN_EXACT, IN_SUFFIXES, IN_PREFIXES, IN_TRIED };

/* Where an entry is kept, and under which text. */
static enum place place_of(const struct table *t, str key, str *plain)
{
	*plain = key;
	if (t->spec.kind != TABLE_PATTERNS)
		return IN_EXACT;
	switch (pattern_kind(key)) {
	case PATTERN_LITERAL:
		return IN_EXACT;
	case PATTERN_REGEX:
		return IN_TRIED;
	case PATTERN_GLOB:
		break;
	}
	*plain = pattern_suffix(key);
	if (plain->n)
		return IN_SUFFIXES;
	*plain = pattern_prefix(key);
	return plain->n ? IN_PREFIXES : IN_TRIED;
}

static struct index *index_of(struct table *t, enum place place)
{
	return place == IN_EXACT      ? &t->exact
	       : place == IN_SUFFIXES ? &t->suffixes->index
				      : &t->prefixes->index;
}

static bool wrong_line(const struct table *t, uint32_t at, const char *what,
		       struct err *e)
{
	return err_set(e, ERR_CONFIG, "%.*s:%u: %s", STR_ARG(t->spec.name),
		       table_line(t, at), what);
}

static bool add_tried(struct table *t, struct arena *arena,
		      const struct table_entry *entry, struct err *e)
{
	struct tried *new = &t->tried[t->n_tried];
	char why[128], text[256];

	new->at = entry->at;
	if (pattern_kind(entry->key) == PATTERN_REGEX) {
		new->regex = pattern_compile(arena, entry->key, t->spec.fold,
					     why);
		if (!new->regex) {
			(void)snprintf(text, sizeof text,
				       "pattern \"%.*s\" is no regular "
				       "expression: %s",
				       STR_ARG(str_head(entry->key, 80)), why);
			return wrong_line(t, entry->at, text, e);
		}
	}
	t->n_tried++;
	return true;
}

static bool limits_hold(const struct table *t, const struct table_entry *e,
			const size_t counts[4], struct err *out)
{
	if (t->spec.kind == TABLE_PATTERNS && e->key.n > LIMIT_PATTERN_BYTES)
		return wrong_line(t, e->at, "a pattern of more than 1024 bytes",
				  out);
	if (counts[IN_TRIED] > LIMIT_TRIED_PATTERNS)
		return wrong_line(t, e->at,
				  "too many patterns that begin and end with * "
				  "or are regular expressions: each mail would "
				  "try them all",
				  out);
	if (t->n > LIMIT_TABLE_ENTRIES)
		return wrong_line(t, e->at,
				  "more entries than a table may have", out);
	return true;
}

static void mark_line(struct table *t, struct arena *arena, size_t at)
{
	size_t n = t->n_marks;

	if ((n & (n - 1)) == 0) /* full: twice as many */
		t->marks = arena_grow(arena, t->marks, n * sizeof *t->marks,
				      (n ? 2 * n : 1) * sizeof *t->marks);
	t->marks[t->n_marks++] = (uint32_t)at;
}

/* First round: how many entries go where; the marks on the way. */
static bool count_places(struct table *t, struct arena *arena, size_t counts[4],
			 struct err *e)
{
	size_t lines = 0;
	str plain;

	for (size_t at = 0; at < t->spec.text.n; at = next_start(t, at)) {
		struct table_entry entry = entry_at(t, at);

		if (lines++ % LINES_PER_MARK == 0)
			mark_line(t, arena, at);
		if (!entry.key.n)
			continue;
		t->n++;
		counts[place_of(t, entry.key, &plain)]++;
		if (!limits_hold(t, &entry, counts, e))
			return false;
	}
	return true;
}

static void hash_entries(struct table *t)
{
	struct table_entry entry;
	size_t at = 0;
	str plain;

	while (table_next(t, &at, &entry)) {
		enum place place = place_of(t, entry.key, &plain);

		if (place != IN_TRIED)
			index_count(index_of(t, place), hash_of(t, plain));
		if (place == IN_SUFFIXES)
			add_end(t->suffixes, plain, 0);
		if (place == IN_PREFIXES)
			add_end(t->prefixes, plain, plain.n - 1);
	}
}

static bool place_entries(struct table *t, struct arena *arena, struct err *e)
{
	struct table_entry entry;
	size_t at = 0;
	str plain;

	while (table_next(t, &at, &entry)) {
		enum place place = place_of(t, entry.key, &plain);

		if (place != IN_TRIED)
			index_place(index_of(t, place), hash_of(t, plain),
				    entry.at);
		else if (!add_tried(t, arena, &entry, e))
			return false;
	}
	return true;
}

static bool index_entries(struct table *t, struct arena *arena, struct err *e)
{
	size_t counts[4] = { 0 };

	if (!count_places(t, arena, counts, e))
		return false;
	t->suffixes = arena_new_of(arena, struct ends);
	t->prefixes = arena_new_of(arena, struct ends);
	t->tried = arena_array_of(arena, struct tried, counts[IN_TRIED]);
	for (enum place p = IN_EXACT; p < IN_TRIED; p++)
		index_init(index_of(t, p), arena, counts[p]);
	hash_entries(t);
	for (enum place p = IN_EXACT; p < IN_TRIED; p++)
		index_sum(index_of(t, p));
	if (!place_entries(t, arena, e))
		return false;
	for (enum place p = IN_EXACT; p < IN_TRIED; p++)
		index_end(index_of(t, p));
	return true;
}

struct table *table_new(struct arena *arena, const struct table_spec *spec,
			struct err *e)
{
	struct table *t = arena_new_of(arena, struct table);

	t->spec = *spec;
	if (spec->text.n >= UINT32_MAX) {
		err_set(e, ERR_CONFIG, "%.*s is too large",
			STR_ARG(spec->name));
		return NULL;
	}
	if (spec->kind != TABLE_ROWS &&
	    str_find(spec->text, '\0') < spec->text.n) {
		err_set(e, ERR_CONFIG,
			"%.*s holds NUL bytes: is it a text file?",
			STR_ARG(spec->name));
		return NULL;
	}
	return index_entries(t, arena, e) ? t : NULL;
}

/* A lookup in progress: the best entry so far, and the one to stay behind. */
struct search {
	const struct table *t;
	str key;
	uint64_t after, best; /* offsets; best is past the end at first */
	struct table_entry found;
};

static bool matches(const struct search *s, const struct table_entry *e)
{
	if (s->t->spec.kind != TABLE_PATTERNS ||
	    pattern_kind(e->key) == PATTERN_LITERAL)
		return same(s->t, e->key, s->key);
	return pattern_glob_match(e->key, s->key, s->t->spec.fold);
}

static void search_index(struct search *s, const struct index *x, str plain)
{
	uint32_t hash = hash_of(s->t, plain);
	const struct index_slot *slot, *end = index_find(x, hash, &slot);

	for (; slot < end && slot->at < s->best; slot++) {
		if (slot->hash != hash || slot->at < s->after)
			continue;

		struct table_entry e = entry_at(s->t, slot->at);

		if (matches(s, &e)) {
			s->best = slot->at;
			s->found = e;
			return;
		}
	}
}

/* Every end of the key at which a pattern's plain text could begin. */
static void search_suffixes(struct search *s)
{
	const struct ends *ends = s->t->suffixes;
	size_t n = s->key.n;

	if (!ends->index.n)
		return;
	for (size_t length = 1; length <= n && length <= LIMIT_PATTERN_BYTES;
	     length++) {
		char c = ascii_lower(s->key.p[n - length]);

		if (has_bit(ends->lengths, length) &&
		    has_bit(ends->bytes, (unsigned char)c))
			search_index(s, &ends->index,
				     str_skip(s->key, n - length));
	}
}

static void search_prefixes(struct search *s)
{
	const struct ends *ends = s->t->prefixes;

	if (!ends->index.n)
		return;
	for (size_t length = 1;
	     length <= s->key.n && length <= LIMIT_PATTERN_BYTES; length++) {
		char c = ascii_lower(s->key.p[length - 1]);

		if (has_bit(ends->lengths, length) &&
		    has_bit(ends->bytes, (unsigned char)c))
			search_index(s, &ends->index, str_head(s->key, length));
	}
}

static void search_tried(struct search *s)
{
	const struct table *t = s->t;

	for (size_t i = 0; i < t->n_tried && t->tried[i].at < s->best; i++) {
		const struct tried *tried = &t->tried[i];

		if (tried->at < s->after)
			continue;

		struct table_entry e = entry_at(t, tried->at);
		bool hit = tried->regex
				   ? pattern_regex_match(tried->regex, s->key)
				   : pattern_glob_match(e.key, s->key,
							t->spec.fold);

		if (hit) {
			s->best = tried->at;
			s->found = e;
			return;
		}
	}
}

bool table_find_next(const struct table *t, str key, uint32_t last,
		     struct table_entry *out)
{
	struct search s = { .t = t,
			    .key = key,
			    .after = last == TABLE_START ? 0
							 : (uint64_t)last + 1,
			    .best = UINT64_MAX };

	if (!t->n)
		return false;
	search_index(&s, &t->exact, key);
	if (t->spec.kind == TABLE_PATTERNS) {
		search_suffixes(&s);
		search_prefixes(&s);
		search_tried(&s);
	}
	*out = s.found;
	return s.best != UINT64_MAX;
}

bool table_find(const struct table *t, str key, struct table_entry *out)
{
	return table_find_next(t, key, TABLE_START, out);
}

/* The entry before slot n of x with the same key.  Those of one hash stand
 * close together, so looking at a few neighbours is enough, and a million lines
 * of one name stay cheap. */
static bool find_double(const struct table *t, const struct index *x, size_t n,
			struct table_entry *earlier, struct table_entry *later)
{
	const struct index_slot *s = &x->slots[n], *first;

	(void)index_find(x, s->hash, &first);
	for (const struct index_slot *p = s; p > first && s - p < 8;) {
		if ((--p)->hash != s->hash)
			continue;
		*earlier = entry_at(t, p->at);
		*later = entry_at(t, s->at);
		if (same(t, earlier->key, later->key))
			return true;
	}
	return false;
}

bool table_next_double(const struct table *t, size_t *i,
		       struct table_entry *earlier, struct table_entry *later)
{
	const struct index *all[] = { &t->exact, &t->suffixes->index,
				      &t->prefixes->index };

	for (size_t n = (*i)++;; n = (*i)++) {
		size_t x = 0;

		while (x < 3 && n >= all[x]->n)
			n -= all[x++]->n;
		if (x == 3)
			return false;
		if (find_double(t, all[x], n, earlier, later))
			return true;
	}
}

size_t table_count(const struct table *t)
{
	return t->n;
}

enum table_kind table_kind(const struct table *t)
{
	return t->spec.kind;
}

str table_name(const struct table *t)
{
	return t->spec.name;
}

size_t table_size(const struct table *t)
{
	return t->spec.text.n;
}

size_t table_slow_patterns(const struct table *t)
{
	return t->n_tried;
}

/* The last mark at or before `at`, then counting on. */
unsigned table_line(const struct table *t, uint32_t at)
{
	size_t low = 0, high = t->n_marks;

	if (t->spec.kind == TABLE_LIST)
		return t->spec.line;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (t->marks[middle] <= at)
			low = middle;
		else
			high = middle;
	}

	size_t line = low * LINES_PER_MARK + 1;

	for (size_t p = t->n_marks ? t->marks[low] : at; p < at;
	     p = next_start(t, p))
		line++;
	return (unsigned)line;
}

str table_field(str *value, unsigned n)
{
	str field = { "", 0 };

	if (!value->p)
		return field;
	if (n > 1) {
		if (!str_split(value, ':', &field))
			field = STR("");
		return str_trim(field);
	}
	field = str_trim(*value);
	*value = (str){ NULL, 0 };
	return field;
}
