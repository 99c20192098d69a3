#include "store/pack.h"

#include "store/digits.h"

enum { SOURCE = '!' };

int pack_cmp(const struct traffic *a, const struct traffic *b)
{
	int d = str_cmp(a->source_ip, b->source_ip);

	if (!d)
		d = (int)a->dkim - (int)b->dkim;
	if (!d)
		d = (int)a->spf - (int)b->spf;
	if (!d)
		d = str_cmp(a->disposition, b->disposition);
	if (!d)
		d = (int)a->hints - (int)b->hints;
	if (!d)
		d = str_cmp(a->selector, b->selector);
	return d ? d : str_cmp(a->via, b->via);
}

/* ---- writing ---- */

struct pack_writer pack_begin(struct arena *arena, size_t max)
{
	/* the words are of the program's own tables: no stranger's seed */
	return (struct pack_writer){
		.text = buf_of(arena, max),
		.words = map_of(arena, (struct map_seed){ (uintptr_t)arena, 4 },
				false),
		.arena = arena,
	};
}

static void put_word(struct pack_writer *w, str s)
{
	char *number;

	s = str_head(s.p ? s : STR(""), PACK_TEXT);
	number = map_find(&w->words, s);
	if (number) {
		digits_put(&w->text, *(const uint64_t *)(const void *)number);
		return;
	}
	digits_put(&w->text, w->words.n);
	digits_put(&w->text, s.n);
	buf_put(&w->text, s);

	uint64_t *n = arena_new_of(w->arena, uint64_t);

	*n = w->words.n;
	*map_put(&w->words, arena_str(w->arena, s)) = n;
}

static void put_source(struct pack_writer *w, str s)
{
	size_t shared = 0;

	while (shared < s.n && shared < w->source_n &&
	       s.p[shared] == w->source[shared])
		shared++;
	buf_putc(&w->text, SOURCE);
	digits_put(&w->text, shared);
	digits_put(&w->text, s.n - shared);
	buf_put(&w->text, str_skip(s, shared));
	if (s.n)
		memcpy(w->source, s.p, s.n);
	w->source_n = s.n;
}

void pack_put(struct pack_writer *w, const struct traffic *t)
{
	str source = str_head(t->source_ip, PACK_TEXT);

	if (!w->rows++ || !str_eq(source, (str){ w->source, w->source_n }))
		put_source(w, source);
	buf_putc(&w->text, (char)(DIGITS_LAST + (t->dkim ? 1 : 0) +
				  (t->spf ? 2 : 0) + (int)(t->hints & 7) * 4));
	put_word(w, t->disposition);
	put_word(w, t->selector);
	put_word(w, t->via);
	digits_put(&w->text, t->messages);
}

/* ---- reading ---- */

static bool take_octets(struct cur *c, str *s)
{
	uint64_t n;

	if (!digits_take(c, &n) || n > PACK_TEXT ||
	    n > (uint64_t)(c->end - c->p))
		return false;
	*s = (str){ c->p, (size_t)n };
	c->p += n;
	return true;
}

static bool new_word(struct pack_reader *r)
{
	str s;

	if (!take_octets(&r->at, &s))
		return false;
	if (r->n_words == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 16;

		r->word = arena_grow(r->arena, r->word,
				     r->cap * sizeof *r->word,
				     cap * sizeof *r->word);
		r->cap = cap;
	}
	r->word[r->n_words++] = (struct pack_word){ s, NULL };
	return true;
}

static inline bool take_word(struct pack_reader *r, uint64_t *n)
{
	return digits_take(&r->at, n) &&
	       (*n < r->n_words || (*n == r->n_words && new_word(r)));
}

static bool take_source(struct pack_reader *r)
{
	uint64_t shared;
	str s;

	if (!digits_take(&r->at, &shared) || shared > r->source_n ||
	    !take_octets(&r->at, &s) || s.n > PACK_TEXT - shared)
		return false;
	if (s.n)
		memcpy(r->source + shared, s.p, s.n);
	r->source_n = (size_t)shared + s.n;
	return true;
}

struct pack_reader pack_open(struct arena *arena, str text)
{
	return (struct pack_reader){ .at = cur_of(text.n ? text : STR("")),
				     .arena = arena };
}

void pack_again(struct pack_reader *r, str text)
{
	r->at = cur_of(text.n ? text : STR(""));
	r->n_words = r->source_n = 0;
	r->damaged = false;
}

static bool take_row(struct pack_reader *r, struct pack_row *row)
{
	uint64_t disposition, selector, via;
	unsigned class;

	row->new_source = cur_char(&r->at, SOURCE);
	if ((row->new_source && !take_source(r)) || cur_done(&r->at))
		return false;
	class = (unsigned char)*r->at.p++ - (unsigned)DIGITS_LAST;
	if (class > 31 || !take_word(r, &disposition) ||
	    !take_word(r, &selector) || !take_word(r, &via) ||
	    !digits_take(&r->at, &row->t.messages))
		return false;
	/* taking a word may have moved the others */
	row->disposition = &r->word[disposition];
	row->selector = &r->word[selector];
	row->via = &r->word[via];
	row->t.source_ip = (str){ r->source, r->source_n };
	row->t.disposition = row->disposition->text;
	row->t.selector = row->selector->text;
	row->t.via = row->via->text;
	row->t.dkim = class & 1;
	row->t.spf = (class & 2) != 0;
	row->t.hints = class >> 2;
	return true;
}

bool pack_next(struct pack_reader *r, struct pack_row *row)
{
	if (r->damaged || cur_done(&r->at))
		return false;
	r->damaged = !take_row(r, row);
	return !r->damaged;
}
