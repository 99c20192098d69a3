/* form: the message as RFC 5322 and MIME want it. */
#include "base/buf.h"
#include "mail/address.h"
#include "score/score.h"

#define N_(text) text

enum { LINE_MAX_OCTETS = 998, DETAIL_MAX = 1024 };

static const str nothing = { "", 0 };

static str value_of(const struct header *h, str name)
{
	const struct field *f = header_find(h, name, 0);

	return f ? str_trim(f->value) : nothing;
}

static void judge_from(struct arena *arena, const struct header *h,
		       struct score *s)
{
	struct author a;
	bool good = author_of(arena, h, &a);

	score_judge(s, SCORE_FROM, good, N_("one author"), a.why, a.domain);
}

static void judge_date(const struct header *h, struct score *s)
{
	score_judge(s, SCORE_DATE, value_of(h, STR("Date")).n > 0,
		    N_("it is there"), N_("it is missing"), nothing);
}

/* msg-id of RFC 5322 3.6.4, as far as readers care. */
static bool is_message_id(str id)
{
	return id.n > 4 && id.p[0] == '<' && id.p[id.n - 1] == '>' &&
	       str_find(id, '@') < id.n && str_find(id, ' ') == id.n;
}

static void judge_message_id(const struct header *h, struct score *s)
{
	str id = value_of(h, STR("Message-ID"));

	score_judge(s, SCORE_MESSAGE_ID, is_message_id(id), N_("it is there"),
		    id.n ? N_("it is not of the form <something@domain>")
			 : N_("it is missing"),
		    id);
}

static void judge_subject(const struct header *h, struct score *s)
{
	score_judge(s, SCORE_SUBJECT, value_of(h, STR("Subject")).n > 0,
		    N_("it is there"), N_("it is missing or empty"), nothing);
}

/* RFC 5322 3.6, MIME and RFC 8058: at most one of each. */
static void judge_once(struct arena *arena, const struct header *h,
		       struct score *s)
{
	static const str names[] = {
		STR_INIT("From"),
		STR_INIT("Sender"),
		STR_INIT("Reply-To"),
		STR_INIT("To"),
		STR_INIT("Cc"),
		STR_INIT("Bcc"),
		STR_INIT("Date"),
		STR_INIT("Message-ID"),
		STR_INIT("In-Reply-To"),
		STR_INIT("References"),
		STR_INIT("Subject"),
		STR_INIT("MIME-Version"),
		STR_INIT("Content-Type"),
		STR_INIT("Content-Transfer-Encoding"),
		STR_INIT("List-Unsubscribe"),
		STR_INIT("List-Unsubscribe-Post"),
	};
	struct buf b = buf_of(arena, DETAIL_MAX);

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (header_count(h, names[i]) > 1)
			buf_printf(&b, "%s%.*s", b.n ? ", " : "",
				   STR_ARG(names[i]));
	score_judge(s, SCORE_ONCE, !b.n, N_("each is there once at most"),
		    N_("there more than once"), buf_str(&b));
}

static bool is_ascii(str text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] >= 0x80)
			return false;
	return true;
}

static size_t longest_line(str raw)
{
	size_t longest = 0;
	str line;

	while (str_split(&raw, '\n', &line))
		if (line.n > longest)
			longest = line.n;
	return longest;
}

static void judge_raw(const struct header *h, struct score *s)
{
	const struct field *found = NULL;

	for (size_t i = 0; !found && i < h->n; i++)
		if (!is_ascii(h->fields[i].raw))
			found = &h->fields[i];
	score_judge(s, SCORE_RAW, !found && !h->malformed, N_("all ASCII"),
		    found ? N_("a field holds raw 8-bit characters")
			  : N_("a line of the header is no field"),
		    found ? found->name : nothing);
}

static void judge_lines(struct arena *arena, const struct score_facts *f,
			struct score *s)
{
	struct buf b = buf_of(arena, DETAIL_MAX);
	size_t longest = f->body.longest_line;

	for (size_t i = 0; i < f->header->n; i++)
		if (longest_line(f->header->fields[i].raw) > longest)
			longest = longest_line(f->header->fields[i].raw);
	buf_printf(&b, "%zu", longest);
	score_judge(s, SCORE_LINES, longest <= LINE_MAX_OCTETS,
		    N_("the longest one, in characters"),
		    N_("the longest one is too long"), buf_str(&b));
}

static void judge_mime(const struct score_facts *f, struct score *s)
{
	bool declared = header_count(f->header, STR("MIME-Version")) &&
			header_count(f->header, STR("Content-Type"));

	if (!f->body.eight_bit && !declared)
		score_judge(s, SCORE_MIME, true, N_("plain ASCII text"), NULL,
			    nothing);
	else
		score_judge(s, SCORE_MIME, declared, N_("declared"),
			    N_("the text has 8-bit characters and does not "
			       "say which"),
			    nothing);
}

void score_form(struct arena *arena, const struct score_facts *f,
		struct score *s)
{
	judge_from(arena, f->header, s);
	judge_date(f->header, s);
	judge_message_id(f->header, s);
	judge_subject(f->header, s);
	judge_once(arena, f->header, s);
	judge_raw(f->header, s);
	judge_lines(arena, f, s);
	judge_mime(f, s);
}
