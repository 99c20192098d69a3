/* score_print: see cli/score_out.h. */
#include "cli/score_out.h"

#include <stdio.h>

const char *score_title(enum score_category c)
{
	static const char *const titles[] = {
		[SCORE_AUTHENTICATION] = N_("Authentication"),
		[SCORE_TRANSPORT] = N_("Sending host"),
		[SCORE_FORM] = N_("Form of the message"),
		[SCORE_LIST] = N_("Rules for bulk mail"),
		[SCORE_REPUTATION] = N_("Reputation"),
	};

	return _(titles[c]);
}

static void print_points(int hundredths)
{
	if (hundredths % 10)
		printf("%d.%02d", hundredths / 100, hundredths % 100);
	else
		printf("%d.%d", hundredths / 100, hundredths % 100 / 10);
}

static void print_lost(const struct score_row *row)
{
	static const char *const marks[] = {
		[SCORE_OK] = N_("ok"),           [SCORE_NOTE] = N_("note"),
		[SCORE_WARN] = N_("warn"),       [SCORE_FAIL] = N_("fail"),
		[SCORE_SKIP] = N_("not tested"),
	};
	static const enum out_style styles[] = { OUT_GOOD, OUT_PLAIN, OUT_WARN,
						 OUT_BAD, OUT_DIM };

	printf("  %s", out_begin(styles[row->status]));
	if (row->lost) {
		putchar('-');
		print_points(row->lost);
	} else {
		fputs(_(marks[row->status]), stdout);
	}
	printf("%s  ", out_end());
}

static void print_row(struct cli *cli, const struct score_kind *kind,
		      const struct score_row *row)
{
	str detail = out_text(cli->arena, str_head(row->detail, 200));

	print_lost(row);
	printf("%s: %s", _(kind->title), row->seen ? _(row->seen) : "");
	if (detail.n)
		printf(" (%.*s)", STR_ARG(detail));
	putchar('\n');
	if (row->status == SCORE_WARN || row->status == SCORE_FAIL)
		printf("      %s: %s\n      %s: %s\n      %s: %s\n",
		       _("wanted"), _(kind->wanted), _("why"), _(kind->why),
		       _("do"), _(kind->fix));
}

void score_print(struct cli *cli, const struct score *s)
{
	printf("%s", out_begin(OUT_STRONG));
	print_points(s->total);
	printf(" / 10%s\n", out_end());
	for (int c = 0; c < SCORE_CATEGORIES; c++) {
		printf("\n%s%s%s  ", out_begin(OUT_STRONG),
		       score_title((enum score_category)c), out_end());
		print_points(s->points[c]);
		printf(" / ");
		print_points(score_out_of[c]);
		putchar('\n');
		for (int i = 0; i < SCORE_ROWS; i++)
			if (score_kinds[i].category == (enum score_category)c)
				print_row(cli, &score_kinds[i], &s->rows[i]);
	}
}

static json_t *points_json(int hundredths)
{
	return json_real((double)hundredths / 100);
}

static json_t *row_json(const struct score_kind *kind,
			const struct score_row *row)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:s, s:o, s:o}",
			 "code", kind->code, "status",
			 score_status_word(row->status), "subject",
			 _(kind->title), "seen", row->seen ? _(row->seen) : "",
			 "detail", json_of(row->detail), "wanted",
			 _(kind->wanted), "why", _(kind->why), "fix",
			 _(kind->fix), "lost", points_json(row->lost), "out_of",
			 points_json(kind->points));
}

json_t *score_json(const struct score *s)
{
	json_t *all = json_array();

	for (int c = 0; c < SCORE_CATEGORIES; c++) {
		json_t *rows = json_array();

		for (int i = 0; i < SCORE_ROWS; i++)
			if (score_kinds[i].category == (enum score_category)c)
				json_array_append_new(rows,
						      row_json(&score_kinds[i],
							       &s->rows[i]));
		json_array_append_new(
			all,
			json_pack("{s:s, s:o, s:o, s:o}", "name",
				  score_category_word((enum score_category)c),
				  "points", points_json(s->points[c]), "out_of",
				  points_json(score_out_of[c]), "findings",
				  rows));
	}
	return json_pack("{s:o, s:i, s:o}", "score", points_json(s->total),
			 "out_of", 10, "categories", all);
}
