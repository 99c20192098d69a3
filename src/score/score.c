/* score: the table and the sums; see score/score.h. */
#include "score/score.h"

#include <stdio.h>

#define N_(text) text /* translated where it is printed */

const struct score_kind score_kinds[SCORE_ROWS] = {
#define ROW(id, code, category, points, title, wanted, why, fix)        \
	[SCORE_##id] = {                                                \
		code, SCORE_##category, points, title, wanted, why, fix \
	},
#include "score/rows.def"
#undef ROW
};

const int score_out_of[SCORE_CATEGORIES] = { 500, 200, 150, 100, 50 };

const char *const score_titles[SCORE_CATEGORIES] = {
	[SCORE_AUTHENTICATION] = N_("Authentication"),
	[SCORE_TRANSPORT] = N_("Sending host"),
	[SCORE_FORM] = N_("Form of the message"),
	[SCORE_LIST] = N_("Rules for bulk mail"),
	[SCORE_REPUTATION] = N_("Reputation"),
};

str score_points(int hundredths, char out[SCORE_POINTS_MAX])
{
	int n = hundredths % 10
			? snprintf(out, SCORE_POINTS_MAX, "%d.%02d",
				   hundredths / 100, hundredths % 100)
			: snprintf(out, SCORE_POINTS_MAX, "%d.%d",
				   hundredths / 100, hundredths % 100 / 10);

	return (str){ out, (size_t)n };
}

const char *score_category_word(enum score_category c)
{
	static const char *const words[] = { "authentication", "transport",
					     "form", "list", "reputation" };

	return words[c];
}

const char *score_status_word(enum score_status s)
{
	static const char *const words[] = { "ok", "note", "warn", "fail",
					     "skip" };

	return words[s];
}

void score_put(struct score *s, enum score_id id, enum score_status status,
	       int lost, const char *seen, str detail)
{
	s->rows[id] =
		(struct score_row){ status, lost, seen, detail, { "", 0 } };
}

void score_judge(struct score *s, enum score_id id, bool good, const char *fine,
		 const char *bad, str detail)
{
	score_put(s, id, good ? SCORE_OK : SCORE_FAIL,
		  good ? 0 : score_kinds[id].points, good ? fine : bad, detail);
}

/* Lines end with CRLF; a CR alone is an octet of its line. */
void score_body_add(struct score_body *b, str chunk)
{
	b->octets += chunk.n;
	for (size_t i = 0; i < chunk.n; i++) {
		unsigned char c = (unsigned char)chunk.p[i];

		if (c == '\n') {
			b->line -= b->cr;
			if (b->line > b->longest_line)
				b->longest_line = b->line;
			b->line = 0;
			b->cr = false;
			continue;
		}
		b->cr = c == '\r';
		b->line++;
		b->eight_bit = b->eight_bit || c >= 0x80;
	}
	if (b->line > b->longest_line)
		b->longest_line = b->line;
}

void score_make(struct arena *arena, const struct score_facts *f,
		struct score *out)
{
	*out = (struct score){ .total = 0 };
	score_authentication(arena, f, out);
	score_host(arena, f, out);
	score_form(arena, f, out);
	score_list(arena, f, out);
	score_evidence(arena, f, out);
	for (int c = 0; c < SCORE_CATEGORIES; c++)
		out->points[c] = score_out_of[c];
	for (int i = 0; i < SCORE_ROWS; i++)
		out->points[score_kinds[i].category] -= out->rows[i].lost;
	for (int c = 0; c < SCORE_CATEGORIES; c++) {
		if (out->points[c] < 0)
			out->points[c] = 0;
		out->total += out->points[c];
	}
}
