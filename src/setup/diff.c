#include "setup/diff.h"

#include <stdint.h>

/* What is compared line by line with a table of lengths; beyond, the whole
 * middle part is shown as replaced. */
enum { CELLS_MAX = 4 << 20 };

struct lines {
	str *line; /* with their line ends */
	size_t n;
};

static struct lines lines_of(struct arena *arena, str text)
{
	struct lines l = { NULL, 1 };

	for (size_t i = 0; i < text.n; i++)
		l.n += text.p[i] == '\n';
	l.line = arena_array_of(arena, str, l.n);
	l.n = 0;
	while (text.n) {
		l.line[l.n] = str_head(text, str_find(text, '\n') + 1);
		text = str_skip(text, l.line[l.n++].n);
	}
	return l;
}

struct diff {
	struct buf *out;
	struct lines a, b;
	/* pairs of equal lines, one list: same_b[i] is the line of b that is
	 * line i of a, or SIZE_MAX */
	size_t *same_b;
	size_t context;
};

/* The longest common subsequence of a[from..a_end) and b[from..b_end). */
static void match_middle(struct arena *arena, struct diff *d, size_t from,
			 size_t a_end, size_t b_end)
{
	size_t n = a_end - from, m = b_end - from, w = m + 1;

	if ((n + 1) * w > CELLS_MAX)
		return;

	uint32_t *len = arena_array_of(arena, uint32_t, (n + 1) * w);

	for (size_t i = n; i-- > 0;)
		for (size_t j = m; j-- > 0;) {
			uint32_t down = len[(i + 1) * w + j];
			uint32_t right = len[i * w + j + 1];

			if (str_eq(d->a.line[from + i], d->b.line[from + j]))
				len[i * w + j] = len[(i + 1) * w + j + 1] + 1;
			else
				len[i * w + j] = down > right ? down : right;
		}
	for (size_t i = 0, j = 0; i < n && j < m;) {
		if (str_eq(d->a.line[from + i], d->b.line[from + j])) {
			d->same_b[from + i++] = from + j;
			j++;
		} else if (len[(i + 1) * w + j] >= len[i * w + j + 1]) {
			i++;
		} else {
			j++;
		}
	}
}

static void match(struct arena *arena, struct diff *d)
{
	size_t from = 0, a_end = d->a.n, b_end = d->b.n;

	d->same_b = arena_array_of(arena, size_t, d->a.n + 1);
	for (size_t i = 0; i < d->a.n; i++)
		d->same_b[i] = SIZE_MAX;
	while (from < a_end && from < b_end &&
	       str_eq(d->a.line[from], d->b.line[from])) {
		d->same_b[from] = from;
		from++;
	}
	while (a_end > from && b_end > from &&
	       str_eq(d->a.line[a_end - 1], d->b.line[b_end - 1]))
		d->same_b[--a_end] = --b_end;
	match_middle(arena, d, from, a_end, b_end);
}

static void put_line(struct buf *out, char sign, str line)
{
	buf_putc(out, sign);
	buf_put(out, line);
	if (!line.n || line.p[line.n - 1] != '\n')
		buf_put(out, STR("\n\\ No newline at end of file\n"));
}

/* The next lines that differ: [i, i_end) of a against [j, j_end) of b. */
struct change {
	size_t i, i_end, j, j_end;
};

static bool change_next(const struct diff *d, size_t i, size_t j,
			struct change *c)
{
	while (i < d->a.n && d->same_b[i] == j) {
		i++;
		j++;
	}
	*c = (struct change){ i, i, j, d->b.n };
	while (c->i_end < d->a.n && d->same_b[c->i_end] == SIZE_MAX)
		c->i_end++;
	if (c->i_end < d->a.n)
		c->j_end = d->same_b[c->i_end];
	return c->i < c->i_end || c->j < c->j_end;
}

static size_t back(size_t n, size_t by)
{
	return n > by ? n - by : 0;
}

/* Changes that are at most two contexts apart share a hunk. */
static size_t hunk_end(const struct diff *d, struct change first,
		       struct change *last)
{
	struct change next;

	*last = first;
	while (change_next(d, last->i_end, last->j_end, &next) &&
	       next.i - last->i_end <= 2 * d->context)
		*last = next;
	return last->i_end + d->context < d->a.n ? last->i_end + d->context
						 : d->a.n;
}

static void put_range(struct buf *out, char sign, size_t start, size_t n)
{
	buf_printf(out, " %c%zu", sign, n ? start + 1 : start);
	if (n != 1)
		buf_printf(out, ",%zu", n);
}

static void put_hunk(const struct diff *d, struct change first, size_t *i_out,
		     size_t *j_out)
{
	struct change last, c = first;
	size_t end = hunk_end(d, first, &last);
	size_t start = back(first.i, d->context), i = start;
	size_t j_start = first.j - (first.i - start);
	size_t j_end = last.j_end + (end - last.i_end);

	buf_put(d->out, STR("@@"));
	put_range(d->out, '-', start, end - start);
	put_range(d->out, '+', j_start, j_end - j_start);
	buf_put(d->out, STR(" @@\n"));
	for (;;) {
		while (i < c.i)
			put_line(d->out, ' ', d->a.line[i++]);
		while (i < c.i_end)
			put_line(d->out, '-', d->a.line[i++]);
		for (size_t j = c.j; j < c.j_end; j++)
			put_line(d->out, '+', d->b.line[j]);
		if (c.i_end == last.i_end && c.j_end == last.j_end)
			break;
		(void)change_next(d, c.i_end, c.j_end, &c);
	}
	while (i < end)
		put_line(d->out, ' ', d->a.line[i++]);
	*i_out = end;
	*j_out = j_end;
}

void diff_write(struct arena *arena, struct buf *out, const char *path,
		str before, str after, size_t context)
{
	struct diff d = { .out = out, .context = context };
	struct change c;
	size_t i = 0, j = 0;

	d.a = lines_of(arena, before);
	d.b = lines_of(arena, after);
	match(arena, &d);
	if (!change_next(&d, 0, 0, &c))
		return;
	buf_printf(out, "--- %s\n+++ %s\n", before.p ? path : "/dev/null",
		   path);
	while (change_next(&d, i, j, &c))
		put_hunk(&d, c, &i, &j);
}
