/* One row made what the store takes: words in the standards' spelling, the
 * aligned results, and what tells its source from others. */
#include "base/ip.h"
#include "base/jsontext.h"
#include "report/aggregate_inside.h"
#include "report/values.h"

/* An address: without a zone, in canonical form; IPv4 within IPv6 is IPv4. */
static bool read_ip(str s, struct arena *arena, str *out)
{
	struct ip ip;
	char *text;

	if (s.n >= 2 && s.p[0] == '[' && s.p[s.n - 1] == ']')
		s = (str){ s.p + 1, s.n - 2 };
	s = str_head(s, str_find(s, '%'));
	if (!ip_parse(s, &ip))
		return false;
	if (ip.family == IP_V4 && str_find(s, ':') == s.n) {
		*out = s; /* there is one form only */
		return true;
	}
	text = arena_alloc(arena, IP_TEXT_MAX);
	*out = ip_text(ip, text);
	return true;
}

/* Aligned and passed: only when it says so.  *odd: another word. */
static bool read_pass(str s, bool *odd)
{
	if (!str_eq(s, STR("pass")) && !str_eq(s, STR("fail")))
		*odd = true;
	return str_ieq(s, STR("pass"));
}

static bool is_forwarding(str type)
{
	return str_ieq(type, STR("forwarded")) ||
	       str_ieq(type, STR("mailing_list")) ||
	       str_ieq(type, STR("trusted_forwarder"));
}

static str put_reasons(const struct raw_record *raw, struct buf *text,
		       struct store_record *out)
{
	size_t start = text->n;
	bool any = false;

	buf_putc(text, '[');
	for (size_t i = 0; i < raw->n_reasons; i++) {
		const struct reason *r = &raw->reasons[i];
		bool first = true;

		if (!r->type.n && !r->comment.n)
			continue;
		if (any)
			buf_putc(text, ',');
		any = true;
		buf_putc(text, '{');
		jsontext_member(text, &first, "type", r->type);
		if (r->comment.n)
			jsontext_member(text, &first, "comment", r->comment);
		buf_putc(text, '}');
		if (is_forwarding(r->type))
			out->hints |= STORE_HINT_FORWARDED;
	}
	buf_putc(text, ']');
	if (any)
		return (str){ NULL, text->n - start };
	text->n = start;
	return (str){ NULL, 0 };
}

static void put_auth(const struct auth *auth, str domain, str result, bool odd,
		     struct buf *text)
{
	bool first = true;

	buf_putc(text, '{');
	jsontext_member(text, &first, "method",
			auth->spf ? STR("spf") : STR("dkim"));
	jsontext_member(text, &first, "domain", domain);
	if (auth->selector.n)
		jsontext_member(text, &first, "selector", auth->selector);
	if (auth->scope.n)
		jsontext_member(text, &first, "scope", auth->scope);
	jsontext_member(text, &first, "result", result);
	if (odd)
		jsontext_member(text, &first, "result_as_written",
				auth->result);
	if (auth->human.n)
		jsontext_member(text, &first, "human_result", auth->human);
	buf_putc(text, '}');
}

/* What this result tells of the source. */
static void learn(const struct auth *auth, str domain, str result, str policy,
		  struct store_record *out)
{
	bool ours = value_same_owner(domain, policy);
	bool pass = str_eq(result, STR("pass"));

	if (pass && !ours && domain.n && (!out->via.n || !auth->spf))
		out->via = domain;
	if (pass && ours && !auth->spf && out->dkim && !out->selector.n)
		out->selector = auth->selector.p ? auth->selector : STR("");
	if (!pass && ours && !auth->spf && !out->dkim)
		out->hints |= STORE_HINT_BROKEN;
	if (!pass && ours && auth->spf && !out->spf)
		out->hints |= STORE_HINT_SPF_OURS;
}

/* Most names of a report are the policy domain, which is a key already. */
static str read_domain(str s, str policy, struct arena *arena)
{
	return str_eq(s, policy) ? policy : value_domain(arena, s);
}

static str put_results(const struct raw_record *raw, str policy,
		       struct arena *arena, struct buf *text,
		       unsigned *warnings, struct store_record *out)
{
	size_t start = text->n;
	bool any = false;

	buf_putc(text, '[');
	for (size_t i = 0; i < raw->n_auth; i++) {
		const struct auth *auth = &raw->auth[i];
		str domain = read_domain(auth->domain, policy, arena);
		bool odd = false;
		str result = value_result(auth->spf ? VALUE_SPF : VALUE_DKIM,
					  auth->result, &odd);

		if (odd || !domain.n)
			*warnings |= REPORT_RESULTS;
		if (!auth->domain.n)
			continue;
		if (any)
			buf_putc(text, ',');
		any = true;
		put_auth(auth, domain.n ? domain : auth->domain, result, odd,
			 text);
		learn(auth, domain, result, policy, out);
	}
	buf_putc(text, ']');
	if (!any)
		*warnings |= REPORT_RESULTS;
	return (str){ NULL, text->n - start };
}

static str put_raw(const struct raw_record *raw, bool disposition, bool pass,
		   struct buf *text)
{
	size_t start = text->n;
	bool first = true;

	if (!disposition && !pass)
		return (str){ NULL, 0 };
	buf_putc(text, '{');
	if (disposition)
		jsontext_member(text, &first, "disposition", raw->disposition);
	if (pass) {
		jsontext_member(text, &first, "dkim", raw->dkim);
		jsontext_member(text, &first, "spf", raw->spf);
	}
	buf_putc(text, '}');
	return (str){ NULL, text->n - start };
}

static void read_names(const struct raw_record *raw, str policy,
		       struct arena *arena, unsigned *warnings,
		       struct store_record *out)
{
	out->header_from = read_domain(raw->header_from, policy, arena);
	if (!out->header_from.n) {
		*warnings |= REPORT_IDENTIFIERS;
		out->header_from = policy;
	}
	out->envelope_from = raw->envelope_from.p ? raw->envelope_from
						  : (str){ NULL, 0 };
	out->envelope_to = raw->envelope_to.n ? raw->envelope_to
					      : (str){ NULL, 0 };
}

/* The text moved while it grew: a length becomes a slice now. */
static str settle(const struct buf *text, size_t *at, str s)
{
	str out = { s.n ? text->p + *at : NULL, s.n };

	*at += s.n;
	return out;
}

bool record_read(const struct raw_record *raw, str domain, struct arena *arena,
		 struct buf *text, unsigned *warnings, struct store_record *out)
{
	bool odd_pass = false, odd_disposition = false;
	size_t at = 0;

	*out = (struct store_record){ .selector = STR(""), .via = STR("") };
	text->n = 0;
	if (!read_ip(raw->source_ip, arena, &out->source_ip) ||
	    !value_count(raw->count, &out->messages))
		return false;
	out->disposition = value_disposition(raw->disposition,
					     &odd_disposition);
	out->dkim = read_pass(raw->dkim, &odd_pass);
	out->spf = read_pass(raw->spf, &odd_pass);
	if (odd_pass || odd_disposition || !raw->disposition.n)
		*warnings |= REPORT_EVALUATED;
	read_names(raw, domain, arena, warnings, out);
	out->reasons = put_reasons(raw, text, out);
	out->auth = put_results(raw, domain, arena, text, warnings, out);
	out->raw = put_raw(raw, odd_disposition, odd_pass, text);
	if (text->overflow) {
		text->overflow = false;
		*warnings |= REPORT_CUT;
		return false;
	}
	out->reasons = settle(text, &at, out->reasons);
	out->auth = settle(text, &at, out->auth);
	out->raw = settle(text, &at, out->raw);
	return true;
}
