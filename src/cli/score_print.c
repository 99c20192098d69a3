/* score_print: see cli/score_out.h. */
#include "cli/score_out.h"

#include <stdio.h>

static void print_points(int hundredths)
{
	char text[SCORE_POINTS_MAX];

	printf("%.*s", STR_ARG(score_points(hundredths, text)));
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
		printf("\n%s%s%s  ", out_begin(OUT_STRONG), _(score_titles[c]),
		       out_end());
		print_points(s->points[c]);
		printf(" / ");
		print_points(score_out_of[c]);
		putchar('\n');
		for (int i = 0; i < SCORE_ROWS; i++)
			if (score_kinds[i].category == (enum score_category)c)
				print_row(cli, &score_kinds[i], &s->rows[i]);
	}
}
