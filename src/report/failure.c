#include "report/failure.h"

#include "base/ascii.h"
#include "base/cur.h"
#include "base/ip.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "report/values.h"

#include <stdio.h>

/* Text for the store: decoded, in one line, cut. */
static str clean(struct arena *arena, str s)
{
	str words = mime_words(arena,
			       str_head(s, (size_t)LIMIT_REPORT_TEXT * 4));
	struct buf b = buf_of(arena, 3 * words.n + 4);

	(void)utf8_clean(&b, words);
	return utf8_head(buf_str(&b), LIMIT_REPORT_TEXT);
}

static str field(struct arena *arena, const struct header *h, str name)
{
	const struct field *f = header_find(h, name, 0);

	return f ? clean(arena, f->value) : STR("");
}

static bool month_of(str s, int64_t *m)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	for (int64_t i = 0; s.n >= 3 && i < 12; i++)
		if (str_ieq(str_head(s, 3), (str){ names + 3 * i, 3 })) {
			*m = i + 1;
			return true;
		}
	return false;
}

bool failure_date(str s, int64_t *out)
{
	struct cur c = cur_of(str_trim(s));
	uint32_t d, y, h, mi, sec = 0;
	int64_t m;
	char iso[48];
	str month, zone;

	(void)cur_while(&c, ASCII_ALPHA);
	(void)cur_char(&c, ',');
	cur_wsp(&c);
	if (!cur_uint(&c, 31, &d))
		return value_time(s, out);
	cur_wsp(&c);
	month = cur_while(&c, ASCII_ALPHA);
	cur_wsp(&c);
	if (!month_of(month, &m) || !cur_uint(&c, 9999, &y))
		return false;
	cur_wsp(&c);
	if (!cur_uint(&c, 24, &h) || !cur_char(&c, ':') ||
	    !cur_uint(&c, 59, &mi) ||
	    (cur_char(&c, ':') && !cur_uint(&c, 60, &sec)))
		return false;
	cur_wsp(&c);
	zone = str_head(cur_rest(&c), 5);
	if (zone.n < 5 || (zone.p[0] != '+' && zone.p[0] != '-'))
		zone = STR("Z");
	(void)snprintf(iso, sizeof iso, "%04u-%02u-%02uT%02u:%02u:%02u%.*s",
		       y < 100 ? y + 2000 : y, (unsigned)m, d, h, mi, sec,
		       STR_ARG(zone));
	return value_time(str_of(iso), out);
}

static str read_ip(struct arena *arena, str s)
{
	struct ip ip;
	size_t n = 0;

	while (n < s.n && !ascii_is(s.p[n], ASCII_SPACE))
		n++;
	s = str_head(s, n);
	if (s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']')
		s = (str){ s.p + 1, s.n - 2 };
	if (!ip_parse(s, &ip))
		return (str){ NULL, 0 };
	return ip_text(ip, arena_alloc(arena, IP_TEXT_MAX));
}

/* The word of RFC 6591 3.2.2 that the text holds. */
static str delivery(str s)
{
	static const str words[] = { STR_INIT("delivered"), STR_INIT("spam"),
				     STR_INIT("policy"), STR_INIT("reject") };

	for (size_t i = 0; s.n && i < sizeof words / sizeof *words; i++)
		for (size_t at = 0; at + words[i].n <= s.n; at++)
			if (str_istarts(str_skip(s, at), words[i]))
				return words[i];
	return s.n ? STR("other") : STR("");
}

/* Some write "\n" as two octets where a line should end. */
static str with_lines(struct arena *arena, str s)
{
	struct buf b = buf_of(arena, s.n + 1);

	s = str_trim(s);
	if (str_find(s, '\n') < s.n || !memmem(s.p, s.n, "\\n", 2))
		return s;
	for (size_t i = 0; i < s.n; i++) {
		bool mark = s.p[i] == '\\' && i + 1 < s.n && s.p[i + 1] == 'n';

		buf_putc(&b, mark ? '\n' : s.p[i]);
		i += mark;
	}
	return buf_str(&b);
}

static int64_t arrival(struct arena *arena, const struct header *feedback,
		       const struct failure_parts *parts)
{
	static const str names[] = { STR_INIT("Arrival-Date"),
				     STR_INIT("Received-Date") };
	int64_t t;

	for (size_t i = 0; i < 2; i++)
		if (failure_date(field(arena, feedback, names[i]), &t))
			return t;
	if (failure_date(field(arena, parts->top, STR("Date")), &t))
		return t;
	return parts->now;
}

static void read_head(struct arena *arena, const struct header *feedback,
		      const struct header *sample,
		      const struct failure_parts *parts, struct store_head *h)
{
	*h = (struct store_head){ .kind = STORE_FAILURE, .policy = STR("{}") };
	h->domain = value_domain(arena, field(arena, feedback,
					      STR("Reported-Domain")));
	if (!h->domain.n)
		h->domain = value_domain(arena,
					 field(arena, sample, STR("From")));
	h->email = field(arena, parts->top, STR("From"));
	h->org = field(arena, feedback, STR("Reporting-MTA"));
	if (str_istarts(h->org, STR("dns;")))
		h->org = str_trim(str_skip(h->org, 4));
	if (!h->org.n)
		h->org = value_domain(arena, h->email);
	h->report_id = field(arena, parts->top, STR("Message-ID"));
	h->begin = h->end = arrival(arena, feedback, parts);
}

static void read_row(struct arena *arena, const struct header *feedback,
		     const struct header *sample, struct store_failure *r)
{
	*r = (struct store_failure){
		.source_ip = read_ip(arena,
				     field(arena, feedback, STR("Source-IP"))),
		.auth_failure = field(arena, feedback, STR("Auth-Failure")),
		.identity_alignment = field(arena, feedback,
					    STR("Identity-Alignment")),
		.delivery_result = delivery(
			field(arena, feedback, STR("Delivery-Result"))),
		.mail_from = field(arena, feedback, STR("Original-Mail-From")),
		.rcpt_to = field(arena, feedback, STR("Original-Rcpt-To")),
		.header_from = field(arena, sample, STR("From")),
		.subject = field(arena, sample, STR("Subject")),
		.message_id = field(arena, sample, STR("Message-ID")),
		.authres = field(arena, feedback,
				 STR("Authentication-Results")),
		.incidents = 1,
	};
	(void)value_count(field(arena, feedback, STR("Incidents")),
			  &r->incidents);
	if (!r->incidents)
		r->incidents = 1;
}

bool failure_read(struct arena *arena, const struct failure_parts *parts,
		  struct store_head *head, struct store_failure *out,
		  bool *other, const char **why)
{
	str body;
	struct header feedback = mime_header(
		arena, with_lines(arena, parts->feedback), &body);
	struct header sample = mime_header(arena, parts->sample, &body);
	str type = field(arena, &feedback, STR("Feedback-Type"));

	*other = type.n && !str_ieq(type, STR("auth-failure"));
	*why = "it is a report of spam, not of a failed check";
	if (*other)
		return false;
	read_head(arena, &feedback, &sample, parts, head);
	read_row(arena, &feedback, &sample, out);
	*why = !head->domain.n ? "it does not say which domain it is about"
	       : !head->org.n  ? "it does not say who made it"
			       : NULL;
	return !*why;
}
