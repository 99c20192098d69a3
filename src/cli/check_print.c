#include "cli/check_print.h"

/* Reasons of verdicts come as arguments. */
static struct finding spoken(struct arena *arena, const struct finding *f)
{
	struct finding x = *f;

	for (size_t i = 0; i < FINDING_ARGS; i++)
		if (x.args[i].n)
			x.args[i] = str_of(_(arena_cstr(arena, x.args[i])));
	return x;
}

static str translated(struct arena *arena, const struct finding *f,
		      const char *sentence)
{
	struct finding x = spoken(arena, f);

	return finding_text(arena, &x, *sentence ? _(sentence) : "");
}

/* What was seen; of what was skipped, why. */
static str seen(struct arena *arena, const struct finding *f)
{
	const struct finding_kind *k = &finding_kinds[f->code];
	struct buf b = buf_of(arena, 4096);

	if (f->status != FINDING_SKIP)
		return translated(arena, f,
				  f->status == FINDING_OK ? k->fine : k->seen);
	buf_printf(&b, _("not looked at: %s"), _(f->reason));
	return buf_str(&b);
}

json_t *finding_json(struct arena *arena, const struct finding *f)
{
	const struct finding_kind *k = &finding_kinds[f->code];
	bool bad = f->status != FINDING_OK && f->status != FINDING_SKIP;

	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "code", k->code,
			 "status", finding_status_word(f->status), "subject",
			 json_of(f->subject), "seen", json_of(seen(arena, f)),
			 "wanted", json_of(translated(arena, f, k->wanted)),
			 "why", json_of(translated(arena, f, k->why)), "fix",
			 bad ? json_of(finding_command(arena, f, _(k->fix)))
			     : json_string(""));
}

static enum out_style style_of(enum finding_status s)
{
	static const enum out_style styles[] = {
		[FINDING_OK] = OUT_GOOD,   [FINDING_NOTE] = OUT_STRONG,
		[FINDING_WARN] = OUT_WARN, [FINDING_FAIL] = OUT_BAD,
		[FINDING_SKIP] = OUT_DIM,
	};

	return styles[s];
}

static const char *word_of(enum finding_status s)
{
	static const char *const words[] = {
		[FINDING_OK] = N_("OK"),     [FINDING_NOTE] = N_("NOTE"),
		[FINDING_WARN] = N_("WARN"), [FINDING_FAIL] = N_("FAIL"),
		[FINDING_SKIP] = N_("SKIP"),
	};

	return _(words[s]);
}

static void print_head(struct arena *arena, const struct finding *f)
{
	printf("%s%s%s  %s%s%s  %.*s\n      %.*s\n",
	       out_begin(style_of(f->status)), word_of(f->status), out_end(),
	       out_begin(OUT_STRONG), finding_kinds[f->code].code, out_end(),
	       STR_ARG(out_text(arena, f->subject)),
	       STR_ARG(out_text(arena, seen(arena, f))));
}

static void print_rest(struct arena *arena, const struct finding *f)
{
	const struct finding_kind *k = &finding_kinds[f->code];
	str wanted = translated(arena, f, k->wanted);
	str why = translated(arena, f, k->why);
	str fix = finding_command(arena, f, _(k->fix));

	if (wanted.n)
		printf("      %s %.*s\n", _("wanted:"),
		       STR_ARG(out_text(arena, wanted)));
	if (why.n)
		printf("      %s %.*s\n", _("why:"),
		       STR_ARG(out_text(arena, why)));
	if (fix.n)
		printf("      %s %.*s\n", _("do:"),
		       STR_ARG(out_text(arena, fix)));
	putchar('\n');
}

static void print_summary(const struct findings *f, bool all)
{
	printf(_("%zu fail, %zu warn, %zu note, %zu ok, %zu skipped"),
	       f->count[FINDING_FAIL], f->count[FINDING_WARN],
	       f->count[FINDING_NOTE], f->count[FINDING_OK],
	       f->count[FINDING_SKIP]);
	if (!all && f->count[FINDING_OK] + f->count[FINDING_SKIP])
		printf(_(" (--all shows these too)"));
	putchar('\n');
}

void findings_print(struct arena *arena, const struct findings *f, bool all)
{
	for (const struct finding *x = f->first; x; x = x->next) {
		bool bad = x->status != FINDING_OK && x->status != FINDING_SKIP;

		if (!bad && !all)
			continue;
		print_head(arena, x);
		if (bad)
			print_rest(arena, x);
	}
	print_summary(f, all);
}
