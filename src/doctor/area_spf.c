/* SPF: the record, the tree of what it includes, and whether it knows this
 * host. */
#include "base/ascii.h"
#include "doctor/records.h"
#include "spf/check.h"
#include "spf/record.h"

enum { MANY_LOOKUPS = 9 };

/* Something that was meant as SPF and is not. */
static bool nearly(str txt)
{
	str head = str_head(str_trim(txt), 12);
	struct buf b = { .p = (char[12]){ 0 }, .cap = 12, .max = 12 };

	for (size_t i = 0; i < head.n; i++)
		buf_putc(&b, ascii_lower(head.p[i]));
	return !spf_is_record(txt) &&
	       (memmem(b.p, b.n, "spf1", 4) || memmem(b.p, b.n, "v=spf", 5) ||
		memmem(b.p, b.n, "spf 1", 5));
}

/* What should stand there: the host's addresses. */
static str proposal(struct records_check *r)
{
	struct buf b = buf_of(r->m->arena, 4096);
	struct ip ips[RECORDS_ADDRESSES_MAX];
	char text[IP_TEXT_MAX];
	size_t n = 0;

	buf_put(&b, STR("v=spf1"));
	if (r->host.n)
		(void)records_addresses(r, r->host, ips, &n);
	if (!n)
		buf_put(&b, STR(" mx"));
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, " ip%d:%.*s", (int)ips[i].family,
			   STR_ARG(ip_text(ips[i], text)));
	buf_put(&b, STR(" ~all"));
	return buf_str(&b);
}

static struct spf_verdict walk(struct records_check *r, struct ip ip,
			       str domain, str helo)
{
	struct buf from = buf_of(r->m->arena, 512);
	struct spf_query q = { .scope = SPF_MFROM,
			       .ip = ip,
			       .helo = helo,
			       .receiver = STR("unknown"),
			       .now = r->now };
	struct spf_verdict v;

	buf_printf(&from, "postmaster@%.*s", STR_ARG(domain));
	q.mail_from = buf_str(&from);
	v = spf_check(r->asks, &q);
	r->pending |= v.result == SPF_PENDING;
	return v;
}

static void check_ptr(struct records_check *r, str domain,
		      const struct spf_record *record)
{
	const struct spf_term *found = NULL;

	for (size_t i = 0; i < record->n; i++)
		if (record->terms[i].mechanism == SPF_PTR && !found)
			found = &record->terms[i];
	judge(r->f, FIND_SPF_PTR, !found, domain,
	      ARGS(found ? found->text : STR("")));
}

/* all ends the record wherever it stands (RFC 7208 5.1, 6.1). */
static void check_after_all(struct records_check *r, str domain,
			    const struct spf_record *record,
			    const struct spf_term *all)
{
	const struct spf_term *next = all + 1;
	bool terms = next < record->terms + record->n;
	struct buf b = buf_of(r->m->arena, 1024);

	if (!terms && record->redirect.p)
		buf_printf(&b, "redirect=%.*s", STR_ARG(record->redirect));
	judge(r->f, FIND_SPF_AFTER, !terms && !record->redirect.p, domain,
	      ARGS(all->text, terms ? next->text : buf_str(&b)));
}

static void check_end(struct records_check *r, str domain,
		      const struct spf_record *record, str line)
{
	const struct spf_term *last = NULL;
	enum finding_status status = FINDING_OK;

	for (size_t i = 0; i < record->n && !last; i++)
		if (record->terms[i].mechanism == SPF_ALL)
			last = &record->terms[i];
	if (last)
		check_after_all(r, domain, record, last);
	if (!last && record->redirect.p)
		return;
	if (!last || last->qualifier == '?')
		status = FINDING_WARN;
	else if (last->qualifier == '+')
		status = FINDING_FAIL;
	finding_put(r->f, FIND_SPF_ALL, status, domain,
		    ARGS(last ? last->text : STR("(no all)"), line));
	if (last)
		judge(r->f, FIND_SPF_HARD, last->qualifier != '-', domain,
		      ARGS(last->text));
}

/* An address that nobody has goes through the whole tree. */
static void check_tree(struct records_check *r, str domain)
{
	struct ip nobody = { .family = IP_V4, .b = { 240, 0, 0, 1 } };
	struct spf_verdict v = walk(r, nobody, domain, domain);
	struct buf b = buf_of(r->m->arena, 64);

	if (v.result == SPF_PENDING)
		return;
	buf_printf(&b, "%u", v.lookups);
	if (v.result == SPF_TEMPERROR)
		finding_skip(r->f, FIND_SPF_TREE, domain,
			     N_("the name servers gave no answer"));
	else
		judge(r->f, FIND_SPF_TREE, v.result != SPF_PERMERROR, domain,
		      ARGS(v.problem ? str_of(v.problem) : STR(""),
			   v.problem_at));
	judge(r->f, FIND_SPF_LOOKUPS, v.lookups < MANY_LOOKUPS, domain,
	      ARGS(buf_str(&b)));
}

static void check_host_passes(struct records_check *r, str domain, str line)
{
	struct ip ips[RECORDS_ADDRESSES_MAX];
	char text[IP_TEXT_MAX];
	size_t n;

	if (!r->host.n || !records_addresses(r, r->host, ips, &n))
		return;
	for (size_t i = 0; i < n; i++) {
		struct spf_verdict v = walk(r, ips[i], domain, r->host);

		if (v.result != SPF_PENDING && v.result != SPF_TEMPERROR)
			judge(r->f, FIND_SPF_PASS, v.result == SPF_PASS, domain,
			      ARGS(arena_str(r->m->arena,
					     ip_text(ips[i], text)),
				   str_of(spf_result_word(v.result)), line));
	}
}

static void check_helo(struct records_check *r, str domain, str line)
{
	const struct dns_answer *a;
	str first;

	if (!r->host.n || str_ieq(r->host, domain) ||
	    str_find(r->host, '.') == r->host.n)
		return;
	a = records_ask(r, FIND_SPF_HELO, DNS_TXT, r->host);
	if (a)
		judge(r->f, FIND_SPF_HELO,
		      records_count(a, spf_is_record, &first) == 1, r->host,
		      ARGS(line));
}

static str hardened(const struct machine *m, str value)
{
	struct buf b = buf_of(m->arena, 4096);

	buf_put(&b, str_head(value, value.n - STR("~all").n));
	buf_put(&b, STR("-all"));
	return buf_str(&b);
}

/* Where DNS panels and guesses put it. */
static void check_place(struct records_check *r, str domain, str line)
{
	str names[] = { records_name(r->m, domain, domain),
			records_name(r->m, STR("_spf"), domain),
			records_name(r->m, STR("spf"), domain) };
	str where = { NULL, 0 }, first;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct dns_answer *a = ask(r->asks, DNS_TXT, names[i]);

		r->pending |= !a;
		if (a && !where.p && records_count(a, spf_is_record, &first))
			where = names[i];
	}
	if (where.p)
		judge(r->f, FIND_SPF_PLACE, false, domain, ARGS(where, line));
}

void check_spf(struct records_check *r, str domain)
{
	const struct dns_answer *a = records_ask(r, FIND_SPF, DNS_TXT, domain);
	str record, near, value = proposal(r);
	str line = records_line(r->m, domain, value);
	struct spf_record parsed;
	const char *why = "";
	str where;
	size_t n;

	check_helo(r, domain,
		   records_line(r->m, r->host, hardened(r->m, value)));
	if (!a)
		return;
	n = records_count(a, spf_is_record, &record);
	(void)records_count(a, nearly, &near);
	judge(r->f, FIND_SPF, n > 0, domain, ARGS(near, line));
	if (!n) {
		check_place(r, domain, line);
		return;
	}
	judge(r->f, FIND_SPF_PLACE, true, domain, NULL);
	judge(r->f, FIND_SPF_SEVERAL, n == 1, domain,
	      ARGS(machine_number(r->m, (unsigned)n), line));
	if (n > 1)
		return;
	if (!spf_record_parse(r->m->arena, record, &parsed, &why, &where)) {
		judge(r->f, FIND_SPF_SYNTAX, false, domain,
		      ARGS(str_of(why), where, line));
		return;
	}
	judge(r->f, FIND_SPF_SYNTAX, true, domain, ARGS(record));
	check_ptr(r, domain, &parsed);
	check_end(r, domain, &parsed, line);
	check_tree(r, domain);
	check_host_passes(r, domain, line);
}
