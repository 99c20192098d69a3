/* DMARC: the record, what is wrong in it, and where the reports go; and the
 * records for transport that stand beside it. */
#include "base/ascii.h"
#include "dmarc/walk.h"
#include "dns/name.h"
#include "doctor/mta_sts.h"
#include "doctor/records.h"

static str proposal(const struct records_check *r, str name, str domain)
{
	struct buf b = buf_of(r->m->arena, 1024);

	buf_printf(&b, "v=DMARC1; p=none; rua=mailto:dmarc@%.*s",
		   STR_ARG(domain));
	return records_line(r->m, name, buf_str(&b));
}

/* "v=DMARC1" and what people write in its place. */
static bool nearly(str txt)
{
	txt = str_trim(txt);
	return str_istarts(txt, STR("v=dmarc")) ||
	       str_istarts(txt, STR("\"v=dmarc")) ||
	       str_istarts(txt, STR("v:dmarc")) ||
	       str_istarts(txt, STR("dmarc1"));
}

/* At the domain itself, with the domain twice, or under a name much like it. */
static void check_place(struct records_check *r, str domain, bool there,
			str line)
{
	str name = records_name(r->m, STR("_dmarc"), domain);
	str names[] = { domain, records_name(r->m, name, domain),
			records_name(r->m, STR("dmarc"), domain),
			records_name(r->m, STR("_dmarc._domainkey"), domain),
			records_name(r->m, STR("_DMARC1"), domain) };
	str first, where = { NULL, 0 };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct dns_answer *a = ask(r->asks, DNS_TXT, names[i]);

		r->pending |= !a;
		if (a && !where.p && records_count(a, dmarc_is_record, &first))
			where = names[i];
	}
	if (r->pending)
		return;
	finding_put(r->f, FIND_DMARC_PLACE,
		    !where.p ? FINDING_OK
		    : there  ? FINDING_NOTE
			     : FINDING_FAIL,
		    name, ARGS(where, line));
}

static bool for_reports(str address)
{
	static const char *const words[] = { "dmarc",      "report", "rua",
					     "postmaster", "abuse",  "tls",
					     "security",   "noc" };
	str local = str_head(address, str_rfind(address, '@'));
	char lower[64];
	size_t n = local.n < sizeof lower ? local.n : sizeof lower;

	for (size_t i = 0; i < n; i++)
		lower[i] = ascii_lower(local.p[i]);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (memmem(lower, n, words[i], strlen(words[i])))
			return true;
	return false;
}

static bool begins_as_consent(str txt)
{
	return str_istarts(str_trim(txt), STR("v=DMARC1"));
}

/* RFC 9990 4: another organization's address needs its consent. */
static void check_consent(struct records_check *r, str domain,
			  const struct dmarc_uri *uri)
{
	str name = records_name(
		r->m, records_name(r->m, domain, STR("_report._dmarc")),
		uri->domain);
	const struct dns_answer *a;
	str first;

	if (dns_name_is_below(uri->domain, domain) ||
	    (dns_name_is_below(domain, uri->domain) &&
	     dns_name_labels(uri->domain) > 1))
		return;
	a = records_ask(r, FIND_RUA_CONSENT, DNS_TXT, name);
	if (a)
		judge(r->f, FIND_RUA_CONSENT,
		      records_count(a, begins_as_consent, &first) > 0, domain,
		      ARGS(uri->address, name,
			   records_line(r->m, name, STR("v=DMARC1"))));
}

/* RFC 7489 6.3 wants p= right behind v=, and its readers are still many. */
static bool p_comes_second(str text)
{
	str field;

	(void)str_split(&text, ';', &field);
	return str_split(&text, ';', &field) &&
	       str_eq(str_trim(str_head(field, str_find(field, '='))),
		      STR("p"));
}

static void check_reports(struct records_check *r, str domain,
			  const struct dmarc_record *record, str line)
{
	judge(r->f, FIND_RUA, record->n_rua > 0, domain, ARGS(line));
	for (size_t i = 0; i < record->n_rua; i++) {
		const struct dmarc_uri *uri = &record->rua[i];

		judge(r->f, FIND_RUA_URI, uri->address.n > 0, domain,
		      ARGS(uri->uri, line));
		if (!uri->address.n)
			continue;
		judge(r->f, FIND_RUA_PERSON, for_reports(uri->address), domain,
		      ARGS(uri->address));
		check_consent(r, domain, uri);
	}
	for (size_t i = 0; i < record->n_ruf; i++)
		if (record->ruf[i].address.n)
			check_consent(r, domain, &record->ruf[i]);
}

static void check_text(struct records_check *r, str domain, str text, str line)
{
	struct dmarc_record record;

	dmarc_record_parse(r->m->arena, text, &record);
	for (size_t i = 0; i < record.n_problems; i++)
		finding_put(r->f, FIND_DMARC_TAG,
			    record.broken ? FINDING_FAIL : FINDING_WARN, domain,
			    ARGS(str_of(record.problems[i].why),
				 record.problems[i].tag, line));
	if (!record.n_problems)
		judge(r->f, FIND_DMARC_TAG, true, domain, ARGS(text));
	if (!record.broken)
		judge(r->f, FIND_DMARC_ORDER, p_comes_second(text), domain,
		      ARGS(text));
	judge(r->f, FIND_DMARC_POLICY,
	      record.p != DMARC_POLICY_NONE && !record.testing, domain,
	      ARGS(str_of(dmarc_policy_word(record.p)),
		   record.testing ? STR("; t=y") : STR("")));
	check_reports(r, domain, &record, line);
}

/* Every name that was asked (RFC 9989 4.10), and what was there. */
static void tell_walk(struct records_check *r, str domain,
		      const struct dmarc_walk *walk)
{
	struct buf b = buf_of(r->m->arena, 4096);

	for (size_t i = 0; i < walk->n; i++) {
		const struct dmarc_step *s = &walk->steps[i];

		buf_printf(&b, "%s_dmarc.%.*s ", i ? ", " : "",
			   STR_ARG(s->name));
		if (s->record)
			buf_printf(&b, "p=%s", dmarc_policy_word(s->record->p));
		else
			buf_put(&b, s->outcome == DMARC_LOOKUP_SEVERAL
					    ? STR(">1")
				    : s->outcome == DMARC_LOOKUP_TEMPERROR
					    ? STR("?")
					    : STR("-"));
	}
	finding_put(r->f, FIND_DMARC_WALK, FINDING_OK, domain,
		    ARGS(buf_str(&b), walk->organizational_domain.n
					      ? walk->organizational_domain
					      : STR("?")));
}

/* The record of the nearest name above that has one. */
static bool from_above(struct records_check *r, str domain)
{
	struct dmarc_walk walk;

	dmarc_walk(r->asks, domain, &walk);
	r->pending |= walk.pending;
	if (!walk.pending)
		tell_walk(r, domain, &walk);
	return !walk.pending && walk.of_domain;
}

void check_dmarc(struct records_check *r, str domain)
{
	str name = records_name(r->m, STR("_dmarc"), domain);
	str line = proposal(r, name, domain), text, near;
	const struct dns_answer *a = records_ask(r, FIND_DMARC, DNS_TXT, name);
	bool above = from_above(r, domain);
	size_t n;

	if (!a)
		return;
	n = records_count(a, dmarc_is_record, &text);
	(void)records_count(a, nearly, &near);
	check_place(r, domain, n > 0, line);
	judge(r->f, FIND_DMARC, n > 0 || above, domain,
	      ARGS(name, near.p ? near : STR(""), line));
	if (!n)
		return;
	judge(r->f, FIND_DMARC_SEVERAL, n == 1, domain,
	      ARGS(name, machine_number(r->m, (unsigned)n)));
	if (n == 1)
		check_text(r, domain, text, line);
}

static bool is_sts(str txt)
{
	return str_starts(txt, STR("v=STSv1;"));
}

static bool is_tlsrpt(str txt)
{
	return str_starts(txt, STR("v=TLSRPTv1;"));
}

static bool is_record(str data)
{
	return data.n > 0;
}

static void check_syntax(struct records_check *r, enum finding_code code,
			 str name, str text, const char *why, str line)
{
	judge(r->f, code, !why, name,
	      ARGS(why ? str_of(why) : text, line, text));
}

/* The text of the one record; absent without one. */
static str check_policy(struct records_check *r, enum finding_code code,
			enum dns_type type, str name, bool (*is)(str), str line)
{
	const struct dns_answer *a = records_ask(r, code, type, name);
	str first;
	size_t n;

	if (!a)
		return (str){ NULL, 0 };
	n = records_count(a, is, &first);
	judge(r->f, code, type == DNS_TXT ? n == 1 : n > 0, name,
	      ARGS(machine_number(r->m, (unsigned)n), line));
	return n == 1 ? first : (str){ NULL, 0 };
}

void check_policies(struct records_check *r, str domain)
{
	str sts = records_name(r->m, STR("_mta-sts"), domain);
	str tls = records_name(r->m, STR("_smtp._tls"), domain);
	str sts_line = records_line(r->m, sts, STR("v=STSv1; id=1")), tls_line;
	struct buf b = buf_of(r->m->arena, 512);
	struct ip ips[RECORDS_ADDRESSES_MAX];
	size_t n;
	str text;

	buf_printf(&b, "v=TLSRPTv1; rua=mailto:tls-reports@%.*s",
		   STR_ARG(domain));
	tls_line = records_line(r->m, tls, buf_str(&b));
	text = check_policy(r, FIND_MTA_STS, DNS_TXT, sts, is_sts, sts_line);
	if (text.p)
		check_syntax(r, FIND_STS_RECORD, sts, text,
			     mta_sts_record_problem(text), sts_line);
	/* for check_mta_sts */
	(void)records_addresses(r, records_name(r->m, STR("mta-sts"), domain),
				ips, &n);
	text = check_policy(r, FIND_TLS_RPT, DNS_TXT, tls, is_tlsrpt, tls_line);
	if (text.p)
		check_syntax(r, FIND_TLS_RPT_RECORD, tls, text,
			     tls_rpt_record_problem(text), tls_line);
	(void)check_policy(r, FIND_CAA, DNS_CAA, domain, is_record, STR(""));
}
