/* A mail: every part that may be a report is tried, whatever type it is given
 * and however many there are. */
#include "mail/mime.h"
#include "report/failure.h"
#include "report/failure_text.h"
#include "report/import_inside.h"

struct mail {
	struct importer *im;
	struct report_hints hints;
	struct outcome out;
	bool looks; /* a name or a type says that it carries a report */
	struct failure_parts failure;
	str text; /* the first part for people */
};

static bool is_report_kind(enum unpack_kind kind)
{
	return kind == UNPACK_XML || kind == UNPACK_JSON ||
	       kind == UNPACK_GZIP || kind == UNPACK_ZIP;
}

static enum unpack_kind kind_of(str s)
{
	return unpack_kind_of(str_head(s, 512));
}

/* The octets of the part as they were meant: decoded as it says, or by base64
 * although it does not say so, or as they are. */
static str octets_of(struct importer *im, const struct mime_part *p)
{
	struct buf b = buf_of(im->arena, LIMIT_REPORT_PACKED);

	if (!p->encoding.n || str_eq(p->encoding, STR("7bit")) ||
	    str_eq(p->encoding, STR("8bit")) ||
	    str_eq(p->encoding, STR("binary")))
		if (is_report_kind(kind_of(p->body)))
			return p->body;
	mime_decode(p, &b);
	if (is_report_kind(kind_of(buf_str(&b))))
		return buf_str(&b);
	if (is_report_kind(kind_of(p->body)))
		return p->body;
	b = buf_of(im->arena, LIMIT_REPORT_PACKED);
	mime_base64(p->body, &b);
	return buf_str(&b);
}

/* XML in a part for people: only when it is a report's. */
static bool is_pasted(str s)
{
	s = str_head(s, 4096);
	return kind_of(s) == UNPACK_XML && memmem(s.p, s.n, "<feedback", 9);
}

static void add(struct outcome *to, const struct outcome *o)
{
	to->reports += o->reports;
	if (!to->bad)
		to->bad = o->bad;
	if (!to->other)
		to->other = o->other;
}

static void take_failure(struct mail *m, const struct mime_part *p)
{
	struct buf b = buf_of(m->im->arena, LIMIT_HEADER_BYTES);

	if (str_eq(p->type, STR("message/feedback-report"))) {
		mime_decode(p, &b);
		m->failure.feedback = buf_str(&b);
		m->looks = true;
	} else if (!m->failure.sample.p &&
		   (str_eq(p->type, STR("message/rfc822")) ||
		    str_eq(p->type, STR("text/rfc822-headers")) ||
		    str_eq(p->type, STR("message/rfc822-headers")))) {
		mime_decode(p, &b);
		m->failure.sample = b.overflow ? p->body : buf_str(&b);
	}
}

static void take_text(struct mail *m, const struct mime_part *p)
{
	struct buf b = buf_of(m->im->arena, LIMIT_HEADER_BYTES);

	if (m->text.p || p->filename.n)
		return;
	mime_decode(p, &b);
	m->text = b.overflow ? p->body : buf_str(&b);
}

static bool take_part(void *arg, const struct mime_part *p)
{
	struct mail *m = arg;
	struct report_hints hints = m->hints;
	bool text = str_eq(p->type, STR("text/plain")) ||
		    str_eq(p->type, STR("text/html")) || !p->type.n;
	struct outcome o;
	str octets;

	take_failure(m, p);
	if (text)
		take_text(m, p);
	if (str_starts(p->type, STR("message/")))
		return true;
	hints_of_name(p->filename, &hints);
	octets = octets_of(m->im, p);
	if (!is_report_kind(kind_of(octets)) ||
	    (text && !p->filename.n && kind_of(octets) == UNPACK_XML &&
	     !is_pasted(octets)))
		return true;
	if (str_find(p->filename, '!') < p->filename.n ||
	    str_starts(p->type, STR("application/tlsrpt")))
		m->looks = true;
	o = import_documents(m->im, octets, &hints);
	add(&m->out, &o);
	return !m->im->store_failed;
}

static bool put_failure(struct mail *m, const struct store_head *h,
			const struct store_failure *f)
{
	struct importer *im = m->im;
	struct ident *ident;

	if (!import_begin(im, h))
		return false;
	ident = ident_new(im, h);
	ident_add(ident, f->source_ip);
	ident_add(ident, f->auth_failure);
	ident_add(ident, f->mail_from);
	ident_add(ident, f->rcpt_to);
	ident_add(ident, f->message_id);
	ident_count(ident, f->incidents);
	return (intake_put_failure(im->intake, f, im->e) || store_broke(im)) &&
	       import_end(im, ident_end(ident), 0, 0);
}

static void read_failure(struct mail *m, const struct header *top)
{
	struct store_head head;
	struct store_failure f;
	const char *why;
	bool other;

	m->failure.top = top;
	m->failure.now = m->im->now;
	if (!m->failure.sample.p)
		m->failure.sample = STR("");
	if (failure_read(m->im->arena, &m->failure, &head, &f, &other, &why)) {
		if (put_failure(m, &head, &f))
			m->out.reports++;
	} else if (other) {
		m->looks = false;
		m->out.other = why;
	} else {
		m->out.bad = why;
	}
}

/* Without a part for programs: what the text says, if it is such a report. */
static void read_text(struct mail *m)
{
	str said, sample;

	if (m->failure.feedback.p || !m->text.p || !failure_text_is(m->text))
		return;
	said = failure_text_read(m->im->arena, m->text, &sample);
	if (!m->failure.sample.p)
		m->failure.sample = sample;
	/* else it is about nobody: somebody writes of such reports */
	m->looks = m->failure.sample.n ||
		   memmem(said.p, said.n, "Reported-Domain", 15);
	if (m->looks)
		m->failure.feedback = said;
}

static bool contains(str s, str word)
{
	for (size_t i = 0; i + word.n <= s.n && i < 2000; i++)
		if (str_istarts(str_skip(s, i), word))
			return true;
	return false;
}

struct outcome import_mail(struct importer *im, str mail, bool *looks)
{
	struct mail m = { .im = im };
	struct header top;
	const struct field *f;
	str subject, body;

	top = mime_header(im->arena, mail, &body);
	f = header_find(&top, STR("Subject"), 0);
	subject = f ? mime_words(im->arena, f->value) : STR("");
	hints_of_subject(im->arena, subject, &m.hints);
	m.looks = contains(subject, STR("report domain")) ||
		  contains(subject, STR("report-id"));
	(void)mime_walk(im->arena, mail, &top, take_part, &m);
	if (!m.out.reports)
		read_text(&m);
	if (m.failure.feedback.p && !im->store_failed)
		read_failure(&m, &top);
	/* an attachment of another kind is broken for its owner, not for us */
	if (!m.looks && m.out.bad && !m.out.reports) {
		m.out.other = m.out.bad;
		m.out.bad = NULL;
	}
	if (!m.out.reports && !m.out.bad)
		m.out.other = m.out.other ? m.out.other
					  : "it carries no report";
	*looks = m.looks;
	return m.out;
}
