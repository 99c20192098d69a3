#include "doctor/finding.h"

#include "base/ascii.h"
#include "base/tr.h"

const struct finding_kind finding_kinds[FIND_CODES] = {
#define CODE(id, code, status, seen, fine, wanted, why, fix) \
	{ code, FINDING_##status, seen, fine, wanted, why, fix },
#include "doctor/codes.def"
#undef CODE
};

enum { TEXT_MAX = 65536 };

const char *finding_status_word(enum finding_status s)
{
	static const char *const words[] = { "ok", "note", "warn", "fail",
					     "skip" };

	return words[s];
}

void findings_init(struct findings *f, struct arena *arena)
{
	*f = (struct findings){ .arena = arena };
	f->end = &f->first;
}

void finding_put(struct findings *f, enum finding_code code,
		 enum finding_status status, str subject, const str *args)
{
	struct finding *x = arena_new_of(f->arena, struct finding);

	*x = (struct finding){ .code = code,
			       .status = status,
			       .subject = subject };
	for (size_t i = 0; args && i < FINDING_ARGS; i++)
		x->args[i] = args[i];
	*f->end = x;
	f->end = &x->next;
	f->count[status]++;
}

void judge(struct findings *f, enum finding_code code, bool good, str subject,
	   const str *args)
{
	finding_put(f, code, good ? FINDING_OK : finding_kinds[code].status,
		    subject, args);
}

void finding_skip(struct findings *f, enum finding_code code, str subject,
		  const char *reason)
{
	struct finding **at = f->end;

	finding_put(f, code, FINDING_SKIP, subject, NULL);
	(*at)->reason = reason;
}

void findings_sort(struct findings *f)
{
	struct finding *sorted = NULL, **end = &sorted;

	for (unsigned code = 0; code < FIND_CODES; code++)
		for (struct finding **x = &f->first; *x;)
			if ((*x)->code == code) {
				*end = *x;
				*x = (*x)->next;
				end = &(*end)->next;
			} else {
				x = &(*x)->next;
			}
	*end = NULL;
	f->first = sorted;
	f->end = end;
}

static void put_plain(struct buf *b, str s)
{
	buf_put(b, s);
}

static bool needs_quotes(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is(s.p[i], ASCII_ALPHA | ASCII_DIGIT) &&
		    str_find(STR("_./:@%+,=-"), s.p[i]) == 10)
			return true;
	return s.n == 0;
}

static void put_quoted(struct buf *b, str s)
{
	if (!needs_quotes(s)) {
		buf_put(b, s);
		return;
	}
	buf_putc(b, '\'');
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\'')
			buf_put(b, STR("'\\''"));
		else
			buf_putc(b, s.p[i]);
	buf_putc(b, '\'');
}

static str render(struct arena *arena, const struct finding *f,
		  const char *sentence, void (*put)(struct buf *, str))
{
	struct buf b = buf_of(arena, TEXT_MAX);

	for (const char *p = sentence ? sentence : ""; *p; p++) {
		bool named = p[0] == '{' && p[1] >= '0' &&
			     p[1] <= '0' + FINDING_ARGS && p[2] == '}';

		if (!named) {
			buf_putc(&b, *p);
			continue;
		}
		put(&b, p[1] == '0' ? f->subject : f->args[p[1] - '1']);
		p += 2;
	}
	return buf_str(&b);
}

str finding_text(struct arena *arena, const struct finding *f,
		 const char *sentence)
{
	return render(arena, f, sentence, put_plain);
}

str finding_command(struct arena *arena, const struct finding *f,
		    const char *sentence)
{
	bool words = finding_kinds[f->code].fix[0] == '#';

	return render(arena, f, sentence, words ? put_plain : put_quoted);
}
