#include "inbox/result.h"

#include "base/jsontext.h"
#include "base/limits.h"
#include "base/tr.h"
#include "base/utf8.h"
#include "mail/mime.h"

#include <jansson.h>

enum { VALUE_MAX = 1000 };

/* As a reader sees it. */
static str value_of(struct arena *arena, const struct header *h, str name)
{
	enum { ENCODED = 3 * VALUE_MAX };
	const struct field *f = header_find(h, name, 0);

	if (!f)
		return STR("");
	return utf8_head(mime_words(arena,
				    str_head(str_trim(f->value), ENCODED)),
			 VALUE_MAX);
}

static str header_lines(struct arena *arena, const struct header *h)
{
	struct buf b = buf_of(arena, LIMIT_SCORE_HEADER);

	for (size_t i = 0; i < h->n && !b.overflow; i++) {
		str rest = h->fields[i].raw, line;

		while (rest.p && str_split(&rest, '\n', &line)) {
			if (line.n && line.p[line.n - 1] == '\r')
				line.n--;
			buf_put(&b, line);
			buf_putc(&b, '\n');
		}
	}
	return buf_str(&b);
}

void result_of(struct arena *arena, const struct judge *j, struct result *out)
{
	const struct header *h = j->facts.header;

	*out = (struct result){
		.score = j->score,
		.now = j->o->now,
		.ip = j->facts.ip,
		.helo = str_head(j->facts.helo, VALUE_MAX),
		.mail_from = str_head(j->facts.verdict->mail_from, VALUE_MAX),
		.from = value_of(arena, h, STR("From")),
		.subject = value_of(arena, h, STR("Subject")),
		.own = j->own,
		.header = header_lines(arena, h),
	};
}

const char *result_as_is(const char *sentence)
{
	return sentence;
}

const char *result_translated(const char *sentence)
{
	return _(sentence);
}

static void put_points(struct buf *out, const char *name, int hundredths)
{
	char text[SCORE_POINTS_MAX];

	buf_printf(out, ",\"%s\":%.*s", name,
		   STR_ARG(score_points(hundredths, text)));
}

static void put_row(struct buf *out, enum score_id id,
		    const struct score_row *row,
		    const char *(*tr)(const char *), bool whole)
{
	const struct score_kind *kind = &score_kinds[id];
	bool first = true;

	buf_putc(out, '{');
	jsontext_member(out, &first, "code", str_of(kind->code));
	jsontext_member(out, &first, "status",
			str_of(score_status_word(row->status)));
	jsontext_member(out, &first, "subject", str_of(tr(kind->title)));
	jsontext_member(out, &first, "seen",
			str_of(row->seen && *row->seen ? tr(row->seen) : ""));
	jsontext_member(out, &first, "detail",
			str_head(row->detail, VALUE_MAX));
	jsontext_member(out, &first, "wanted", str_of(tr(kind->wanted)));
	jsontext_member(out, &first, "why", str_of(tr(kind->why)));
	jsontext_member(out, &first, "fix", str_of(tr(kind->fix)));
	if (whole)
		jsontext_member(out, &first, "evidence", row->evidence);
	put_points(out, "lost", row->lost);
	put_points(out, "out_of", kind->points);
	buf_putc(out, '}');
}

static void put_category(struct buf *out, const struct score *s,
			 enum score_category c, const char *(*tr)(const char *),
			 bool whole)
{
	const char *comma = "";

	buf_printf(out, "{\"name\":\"%s\"", score_category_word(c));
	put_points(out, "points", s->points[c]);
	put_points(out, "out_of", score_out_of[c]);
	buf_put(out, STR(",\"findings\":["));
	for (int i = 0; i < SCORE_ROWS; i++) {
		if (score_kinds[i].category != c)
			continue;
		buf_put(out, str_of(comma));
		put_row(out, (enum score_id)i, &s->rows[i], tr, whole);
		comma = ",";
	}
	buf_put(out, STR("]}"));
}

void result_json(struct buf *out, const struct result *r,
		 const char *(*tr)(const char *sentence), bool whole)
{
	char ip[IP_TEXT_MAX] = "", points[SCORE_POINTS_MAX];
	bool first = false;

	if (r->ip.family != IP_NONE)
		(void)ip_text(r->ip, ip);
	buf_printf(out, "{\"score\":%.*s,\"out_of\":10,\"time\":%lld",
		   STR_ARG(score_points(r->score.total, points)),
		   (long long)r->now);
	jsontext_member(out, &first, "ip", str_of(ip));
	jsontext_member(out, &first, "helo", r->helo);
	jsontext_member(out, &first, "mail_from", r->mail_from);
	jsontext_member(out, &first, "from", r->from);
	jsontext_member(out, &first, "subject", r->subject);
	buf_printf(out, ",\"own\":%s,\"categories\":[",
		   r->own ? "true" : "false");
	for (int c = 0; c < SCORE_CATEGORIES; c++) {
		if (c)
			buf_putc(out, ',');
		put_category(out, &r->score, (enum score_category)c, tr, whole);
	}
	buf_putc(out, ']');
	if (whole)
		jsontext_member(out, &first, "header", r->header);
	buf_put(out, STR("}\n"));
}

/* ---- read again ---- */

static str text_of(struct arena *arena, const json_t *j, const char *name)
{
	const json_t *v = json_object_get(j, name);

	if (!json_is_string(v))
		return STR("");
	return arena_str(arena,
			 (str){ json_string_value(v), json_string_length(v) });
}

static int points_of(const json_t *j, const char *name, int most)
{
	double points = json_number_value(json_object_get(j, name)) * 100;

	if (!(points > 0))
		return 0;
	return points >= most ? most : (int)(points + 0.5);
}

static void read_row(struct arena *arena, const json_t *j, struct score *s)
{
	str code = text_of(arena, j, "code");
	str status = text_of(arena, j, "status");

	for (int i = 0; i < SCORE_ROWS; i++) {
		struct score_row *row = &s->rows[i];

		if (!str_eq(code, str_of(score_kinds[i].code)))
			continue;
		for (int k = SCORE_OK; k <= SCORE_SKIP; k++)
			if (str_eq(status, str_of(score_status_word(
						   (enum score_status)k))))
				row->status = (enum score_status)k;
		row->lost = points_of(j, "lost", score_kinds[i].points);
		row->seen = arena_cstr(arena, text_of(arena, j, "seen"));
		row->detail = text_of(arena, j, "detail");
		row->evidence = text_of(arena, j, "evidence");
	}
}

static void read_category(struct arena *arena, const json_t *j, struct score *s)
{
	str name = text_of(arena, j, "name");
	const json_t *row;
	size_t i;

	for (int c = 0; c < SCORE_CATEGORIES; c++)
		if (str_eq(name,
			   str_of(score_category_word((enum score_category)c))))
			s->points[c] = points_of(j, "points", score_out_of[c]);
	json_array_foreach(json_object_get(j, "findings"), i, row)
		read_row(arena, row, s);
}

static void free_json(void *json)
{
	json_decref(json);
}

bool result_parse(struct arena *arena, str text, struct result *out)
{
	struct arena_slot *slot = arena_defer_slot(arena, free_json);
	json_t *j = json_loadb(text.p, text.n, 0, NULL);
	const json_t *c;
	size_t i;

	if (!j)
		return false;
	arena_defer_set(slot, j);
	*out = (struct result){
		.now = json_integer_value(json_object_get(j, "time")),
		.helo = text_of(arena, j, "helo"),
		.mail_from = text_of(arena, j, "mail_from"),
		.from = text_of(arena, j, "from"),
		.subject = text_of(arena, j, "subject"),
		.own = json_is_true(json_object_get(j, "own")),
		.header = text_of(arena, j, "header"),
	};
	(void)ip_parse(text_of(arena, j, "ip"), &out->ip);
	out->score.total = points_of(j, "score", 1000);
	for (int row = 0; row < SCORE_ROWS; row++) /* of another version */
		out->score.rows[row].status = SCORE_SKIP;
	json_array_foreach(json_object_get(j, "categories"), i, c)
		read_category(arena, c, &out->score);
	return json_is_array(json_object_get(j, "categories"));
}
