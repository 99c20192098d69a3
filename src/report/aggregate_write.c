#include "report/aggregate_write.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "dns/name.h"

static bool is_blank(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f;
}

/* One character of text as XML has it. */
static void put_character(struct buf *out, str c)
{
	switch (c.p[0]) {
	case '<':
		buf_put(out, STR("&lt;"));
		break;
	case '>':
		buf_put(out, STR("&gt;"));
		break;
	case '&':
		buf_put(out, STR("&amp;"));
		break;
	case '"':
		buf_put(out, STR("&quot;"));
		break;
	default:
		buf_put(out, c);
	}
}

/* XML 1.0 2.2 knows neither of U+FFFE and U+FFFF; controls of the C1 set are
 * allowed there, and obeyed by some terminals. */
static bool is_no_character(str c)
{
	const unsigned char *p = (const unsigned char *)c.p;

	return (c.n == 3 && p[0] == 0xef && p[1] == 0xbf && p[2] >= 0xbe) ||
	       (c.n == 2 && p[0] == 0xc2 && p[1] < 0xa0);
}

/* Controls and white space are spaces, none at the ends: what is written is what
 * a reader gets, whatever it does with line ends.  At most max octets of it. */
static void put_text(struct buf *out, str s, size_t max)
{
	size_t spaces = 0, n = 0;

	while (s.n) {
		str c = str_head(s, utf8_at(s));

		s = str_skip(s, c.n ? c.n : 1);
		if (c.n == 1 && is_blank(c.p[0])) {
			spaces += n > 0;
			continue;
		}
		if (!c.n || is_no_character(c))
			c = STR("\xef\xbf\xbd");
		n += spaces + c.n;
		if (n > max)
			return;
		for (; spaces; spaces--)
			buf_putc(out, ' ');
		put_character(out, c);
	}
}

static void put_element(struct buf *out, const char *name, str value,
			size_t max)
{
	buf_putc(out, '<');
	buf_put(out, str_of(name));
	buf_putc(out, '>');
	put_text(out, value, max);
	buf_put(out, STR("</"));
	buf_put(out, str_of(name));
	buf_put(out, STR(">\n"));
}

static void put_name(struct buf *out, const char *name, str value)
{
	put_element(out, name, value, LIMIT_REPORT_NAME);
}

static void put_some(struct buf *out, const char *name, str value, size_t max)
{
	size_t i = 0;

	while (i < value.n && is_blank(value.p[i]))
		i++;
	if (i < value.n)
		put_element(out, name, value, max);
}

static void put_meta(struct buf *out, const struct aggregate_meta *m)
{
	buf_put(out, STR("<report_metadata>\n"));
	put_name(out, "org_name", m->org);
	put_name(out, "email", m->email);
	put_some(out, "extra_contact_info", m->contact, LIMIT_REPORT_TEXT);
	put_name(out, "report_id", m->report_id);
	buf_printf(out,
		   "<date_range><begin>%lld</begin><end>%lld</end>"
		   "</date_range>\n",
		   (long long)m->begin, (long long)m->end);
	put_some(out, "error", m->error, LIMIT_REPORT_TEXT);
	put_some(out, "generator", m->generator, LIMIT_REPORT_NAME);
	buf_put(out, STR("</report_metadata>\n"));
}

static void put_policy(struct buf *out, const struct aggregate_policy *p)
{
	buf_put(out, STR("<policy_published>\n"));
	put_name(out, "domain", p->domain);
	put_name(out, "p", p->p.n ? p->p : STR("none"));
	put_some(out, "sp", p->sp, LIMIT_REPORT_NAME);
	put_some(out, "np", p->np, LIMIT_REPORT_NAME);
	put_some(out, "adkim", p->adkim, LIMIT_REPORT_NAME);
	put_some(out, "aspf", p->aspf, LIMIT_REPORT_NAME);
	put_some(out, "fo", p->fo, LIMIT_REPORT_NAME);
	put_some(out, "testing", p->testing, LIMIT_REPORT_NAME);
	put_some(out, "discovery_method", p->discovery, LIMIT_REPORT_NAME);
	buf_put(out, STR("</policy_published>\n"));
}

void aggregate_write_begin(struct buf *out, const struct aggregate_meta *m,
			   const struct aggregate_policy *p)
{
	buf_put(out, STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			 "<feedback xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\">"
			 "\n<version>1.0</version>\n"));
	put_meta(out, m);
	put_policy(out, p);
}

static bool is_enforcing(str policy)
{
	return str_eq(policy, STR("quarantine")) ||
	       str_eq(policy, STR("reject"));
}

/* What the domain asks for; of a name below it, with and without an existing
 * name (which of them it is was not kept). */
static void asked_for(const struct aggregate_policy *p, str from, str out[2])
{
	str sp = p->sp.n ? p->sp : p->p;

	if (str_ieq(from, p->domain)) {
		out[0] = out[1] = p->p;
		return;
	}
	out[0] = sp;
	out[1] = p->np.n ? p->np : sp;
}

/* The types that RFC 9990 knows; others, RFC 7489's among them, are "other". */
static str reason_type(str type)
{
	static const str known[] = {
		STR_INIT("local_policy"),
		STR_INIT("mailing_list"),
		STR_INIT("policy_test_mode"),
		STR_INIT("trusted_forwarder"),
		STR_INIT("other"),
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (str_eq(type, known[i]))
			return type;
	return STR("other");
}

static void put_reason(struct buf *out, str type, str comment)
{
	buf_put(out, STR("<reason>\n"));
	put_name(out, "type", reason_type(type));
	put_some(out, "comment", comment, LIMIT_REPORT_TEXT);
	buf_put(out, STR("</reason>\n"));
}

/* "pass" is for mail that passed where the policy would have been enforced.  A
 * failure that was treated otherwise than the policy asks needs a reason. */
static void put_evaluated(struct buf *out, const struct aggregate_policy *p,
			  const struct aggregate_row *row)
{
	bool passed = row->dkim || row->spf;
	str policy[2], done = row->disposition;
	bool testing = str_eq(p->testing, STR("y"));

	asked_for(p, row->header_from, policy);
	if (passed && !testing && str_eq(done, STR("none")) &&
	    is_enforcing(policy[0]))
		done = STR("pass");
	buf_put(out, STR("<policy_evaluated>\n"));
	put_name(out, "disposition", done);
	put_name(out, "dkim", row->dkim ? STR("pass") : STR("fail"));
	put_name(out, "spf", row->spf ? STR("pass") : STR("fail"));
	for (size_t i = 0; i < row->n_reasons && i < LIMIT_REPORT_AUTH; i++)
		put_reason(out, row->reasons[i].type, row->reasons[i].comment);
	if (!passed && !row->n_reasons && !str_eq(done, policy[0]) &&
	    !str_eq(done, policy[1]))
		put_reason(out,
			   testing ? STR("policy_test_mode")
				   : STR("local_policy"),
			   STR(""));
	buf_put(out, STR("</policy_evaluated>\n"));
}

static void put_identifiers(struct buf *out, const struct aggregate_row *row)
{
	buf_put(out, STR("<identifiers>\n"));
	put_name(out, "header_from", row->header_from);
	if (row->envelope_from.p)
		put_name(out, "envelope_from", row->envelope_from);
	put_some(out, "envelope_to", row->envelope_to, LIMIT_REPORT_NAME);
	buf_put(out, STR("</identifiers>\n"));
}

/* RFC 9990 3.1.1.13: at most a hundred, those that matter first: passed and
 * aligned strictly, passed and aligned, passed, the others. */
static unsigned rank_of(const struct aggregate_result *r, str from)
{
	if (!str_eq(r->result, STR("pass")))
		return 3;
	if (str_ieq(r->domain, from))
		return 0;
	return r->domain.n && (dns_name_is_below(r->domain, from) ||
			       dns_name_is_below(from, r->domain))
		       ? 1
		       : 2;
}

static void put_signature(struct buf *out, const struct aggregate_result *r)
{
	buf_put(out, STR("<dkim>\n"));
	put_name(out, "domain", r->domain);
	put_name(out, "selector", r->selector);
	put_name(out, "result", r->result);
	put_some(out, "human_result", r->human, LIMIT_REPORT_TEXT);
	buf_put(out, STR("</dkim>\n"));
}

static void put_results(struct buf *out, const struct aggregate_row *row)
{
	const struct aggregate_result *spf = &row->spf_result;
	size_t n = 0;

	buf_put(out, STR("<auth_results>\n"));
	for (unsigned rank = 0; rank < 4; rank++)
		for (size_t i = 0;
		     i < row->n_signatures && n < LIMIT_REPORT_AUTH; i++)
			if (rank_of(&row->signatures[i], row->header_from) ==
			    rank) {
				put_signature(out, &row->signatures[i]);
				n++;
			}
	if (spf->domain.n) {
		buf_put(out, STR("<spf>\n"));
		put_name(out, "domain", spf->domain);
		if (!row->spf_helo)
			put_name(out, "scope", STR("mfrom"));
		put_name(out, "result", spf->result);
		put_some(out, "human_result", spf->human, LIMIT_REPORT_TEXT);
		buf_put(out, STR("</spf>\n"));
	}
	buf_put(out, STR("</auth_results>\n"));
}

void aggregate_write_row(struct buf *out, const struct aggregate_policy *p,
			 const struct aggregate_row *row)
{
	buf_put(out, STR("<record>\n<row>\n"));
	put_name(out, "source_ip", row->source_ip);
	buf_printf(out, "<count>%llu</count>\n",
		   (unsigned long long)row->count);
	put_evaluated(out, p, row);
	buf_put(out, STR("</row>\n"));
	put_identifiers(out, row);
	put_results(out, row);
	buf_put(out, STR("</record>\n"));
}

void aggregate_write_end(struct buf *out)
{
	buf_put(out, STR("</feedback>\n"));
}
