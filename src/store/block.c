#include "store/block.h"

#include "store/digits.h"

enum { DKIM = 1, SPF = 2, CLASSES = 4, NUMBERS_MAX = 256 };

/* disposition, header_from, auth: an absent one is empty. */
enum { ALWAYS = 1 | 2 | 32 };

static void words_of(const struct store_record *r,
		     const str *words[BLOCK_WORDS])
{
	words[0] = &r->disposition;
	words[1] = &r->header_from;
	words[2] = &r->envelope_from;
	words[3] = &r->envelope_to;
	words[4] = &r->reasons;
	words[5] = &r->auth;
	words[6] = &r->raw;
}

/* ---- writing ---- */

struct writer {
	struct buf text;
	struct map words;
	struct arena *arena;
	struct {
		str text;
		uint64_t number;
	} last[BLOCK_WORDS]; /* of the row before */
	str source;
};

static size_t size_of(const struct store_record *r, size_t n)
{
	size_t size = 0;

	for (size_t i = 0; i < n; i++) {
		const str *words[BLOCK_WORDS];

		words_of(&r[i], words);
		size += NUMBERS_MAX + r[i].source_ip.n;
		for (size_t k = 0; k < BLOCK_WORDS; k++)
			size += words[k]->n;
	}
	return size;
}

static uint64_t put_new(struct writer *w, str s)
{
	uint64_t *n = map_find(&w->words, s);

	if (n) {
		digits_put(&w->text, *n);
		return *n;
	}
	n = arena_new_of(w->arena, uint64_t);
	*n = w->words.n + 1;
	*map_put(&w->words, s) = n;
	digits_put(&w->text, *n);
	digits_put(&w->text, s.n);
	buf_put(&w->text, s);
	return *n;
}

static void put_word(struct writer *w, size_t i, str s)
{
	if (!s.p && !(ALWAYS >> i & 1)) {
		digits_put(&w->text, 0);
		return;
	}
	if (w->last[i].number && str_eq(w->last[i].text, s)) {
		digits_put(&w->text, w->last[i].number);
		return;
	}
	w->last[i].number = put_new(w, s);
	w->last[i].text = s;
}

static void put_source(struct writer *w, str s)
{
	if (w->source.p && str_eq(w->source, s)) {
		digits_put(&w->text, 0);
		return;
	}
	digits_put(&w->text, s.n + 1);
	buf_put(&w->text, s);
	w->source = s.p ? s : STR("");
}

static void put_row(struct writer *w, const struct store_record *r)
{
	const str *words[BLOCK_WORDS];

	words_of(r, words);
	digits_put(&w->text, (r->dkim ? DKIM : 0) | (r->spf ? SPF : 0));
	put_source(w, r->source_ip);
	digits_put(&w->text, r->messages);
	for (size_t i = 0; i < BLOCK_WORDS; i++)
		put_word(w, i, *words[i]);
}

str block_write(struct arena *arena, const struct store_record *r, size_t n)
{
	/* no stranger knows where the arena is */
	struct writer w = {
		.text = buf_of(arena, size_of(r, n)),
		.words = map_of(arena, (struct map_seed){ (uintptr_t)arena, 7 },
				false),
		.arena = arena,
	};

	for (size_t i = 0; i < n; i++)
		put_row(&w, &r[i]);
	return buf_str(&w.text);
}

/* ---- reading ---- */

struct block_reader block_reader_of(struct arena *arena)
{
	return (struct block_reader){ .at = cur_of(STR("")), .arena = arena };
}

void block_open(struct block_reader *r, str text)
{
	r->at = cur_of(text.n ? text : STR(""));
	r->n_words = 0;
	r->source = (str){ NULL, 0 };
	r->damaged = false;
}

static bool take_octets(struct cur *c, uint64_t n, str *s)
{
	if (n > (uint64_t)(c->end - c->p))
		return false;
	*s = (str){ c->p, (size_t)n };
	c->p += n;
	return true;
}

static bool take_new(struct block_reader *r, str *out)
{
	uint64_t n;

	if (!digits_take(&r->at, &n) || !take_octets(&r->at, n, out))
		return false;
	if (r->n_words == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 64;

		r->word = arena_grow(r->arena, r->word,
				     r->cap * sizeof *r->word,
				     cap * sizeof *r->word);
		r->cap = cap;
	}
	r->word[r->n_words++] = *out;
	return true;
}

static bool take_word(struct block_reader *r, str *out)
{
	uint64_t n;

	*out = (str){ NULL, 0 };
	if (!digits_take(&r->at, &n))
		return false;
	if (!n)
		return true;
	if (n > r->n_words)
		return n == r->n_words + 1 && take_new(r, out);
	*out = r->word[n - 1];
	return true;
}

static bool take_source(struct block_reader *r)
{
	uint64_t n;

	return digits_take(&r->at, &n) &&
	       (n ? take_octets(&r->at, n - 1, &r->source)
		  : r->source.p != NULL);
}

static bool take_row(struct block_reader *r, struct store_record *row)
{
	uint64_t class;

	*row = (struct store_record){ .selector = STR(""), .via = STR("") };
	if (!digits_take(&r->at, &class) || class >= CLASSES ||
	    !take_source(r) || !digits_take(&r->at, &row->messages))
		return false;
	row->source_ip = r->source;
	row->dkim = class & DKIM;
	row->spf = (class & SPF) != 0;
	return take_word(r, &row->disposition) &&
	       take_word(r, &row->header_from) &&
	       take_word(r, &row->envelope_from) &&
	       take_word(r, &row->envelope_to) && take_word(r, &row->reasons) &&
	       take_word(r, &row->auth) && take_word(r, &row->raw);
}

bool block_next(struct block_reader *r, struct store_record *row)
{
	if (r->damaged || cur_done(&r->at))
		return false;
	r->damaged = !take_row(r, row);
	return !r->damaged;
}
