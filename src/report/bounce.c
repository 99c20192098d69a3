#include "report/bounce.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "mail/mime.h"

struct reading {
	struct arena *arena;
	struct bounce *out;
	bool status; /* a delivery status was there */
};

static str decoded(struct reading *r, const struct mime_part *part)
{
	struct buf b = buf_of(r->arena, part->body.n * 3 + 4);

	mime_decode(part, &b);
	return buf_str(&b);
}

/* Behind "rfc822;" and the like, in one line. */
static str typed_value(struct reading *r, const struct header *h, str name)
{
	const struct field *f = header_find(h, name, 0);
	struct buf b, line;
	str v;

	if (!f)
		return STR("");
	v = str_trim(f->value);
	if (str_find(v, ';') < v.n)
		v = str_trim(str_skip(v, str_find(v, ';') + 1));
	v = str_head(v, LIMIT_REPORT_TEXT);
	b = buf_of(r->arena, 3 * v.n + 4);
	(void)utf8_clean(&b, v);
	v = buf_str(&b);
	line = buf_of(r->arena, v.n + 1);
	for (size_t i = 0; i < v.n; i++)
		if ((unsigned char)v.p[i] > ' ')
			buf_putc(&line, v.p[i]);
		else if (line.n && line.p[line.n - 1] != ' ')
			buf_putc(&line, ' ');
	return buf_str(&line);
}

static bool field_starts(const struct header *h, str name, str prefix)
{
	const struct field *f = header_find(h, name, 0);

	return f && str_istarts(str_trim(f->value), prefix);
}

/* Groups of fields with blank lines between them: of the mail, then one for each
 * recipient (RFC 3464 2.1). */
static void read_status(struct reading *r, str text)
{
	for (size_t i = 0; text.n && i < LIMIT_MIME_PARTS; i++) {
		str rest;
		struct header h = mime_header(r->arena, text, &rest);

		if (rest.n >= text.n)
			return;
		text = rest;
		r->status |= header_find(&h, STR("Action"), 0) != NULL;
		if (!field_starts(&h, STR("Action"), STR("failed")) ||
		    !field_starts(&h, STR("Status"), STR("5.")))
			continue;
		r->out->failed = true;
		r->out->recipient = typed_value(r, &h, STR("Final-Recipient"));
		r->out->why = typed_value(r, &h, STR("Diagnostic-Code"));
	}
}

static void read_original(struct reading *r, str text)
{
	str rest;
	struct header h = mime_header(r->arena, text, &rest);
	const struct field *f = header_find(&h, STR("Message-ID"), 0);
	str id;

	if (!f || r->out->message_id.n)
		return;
	id = str_trim(f->value);
	if (id.n > 2 && id.p[0] == '<' && id.p[id.n - 1] == '>')
		r->out->message_id = (str){ id.p + 1, id.n - 2 };
}

static bool take_part(void *arg, const struct mime_part *part)
{
	struct reading *r = arg;

	if (str_eq(part->type, STR("message/delivery-status")) ||
	    str_eq(part->type, STR("message/global-delivery-status")))
		read_status(r, decoded(r, part));
	else if (str_eq(part->type, STR("message/rfc822")) ||
		 str_eq(part->type, STR("message/global")) ||
		 str_eq(part->type, STR("message/global-headers")) ||
		 str_eq(part->type, STR("text/rfc822-headers")))
		read_original(r, decoded(r, part));
	return true;
}

bool bounce_read(struct arena *arena, str mail, struct bounce *out)
{
	struct reading r = { .arena = arena, .out = out };

	*out = (struct bounce){ .message_id = STR(""),
				.recipient = STR(""),
				.why = STR("") };
	(void)mime_walk(arena, mail, NULL, take_part, &r);
	return r.status && out->message_id.n;
}
