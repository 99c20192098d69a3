/* evidence: what each row was judged from, as it came: fields of the message,
 * the answers of DNS, the steps of SPF. */
#include "base/buf.h"
#include "score/score.h"

enum { ROW_MAX = 8192, VALUE_MAX = 4096 };

enum {
	KEYS = 1, /* DKIM's key records */
	POLICIES = 2, /* DMARC's records */
	STEPS = 4, /* of SPF */
	NAMES = 8, /* of the client's address, and their addresses */
	HELO = 16, /* its addresses */
	DOMAIN = 32, /* MX and addresses of the From domain */
	LISTINGS = 64,
	CLIENT = 128,
	REPEATED = 256 /* the fields named, if they are there twice */
};

static const struct {
	unsigned what;
	const char *fields[17];
} wanted[SCORE_ROWS] = {
	[SCORE_DKIM] = { KEYS, { "DKIM-Signature" } },
	[SCORE_DKIM_KEY] = { KEYS, { NULL } },
	[SCORE_DKIM_FIELDS] = { 0, { "DKIM-Signature" } },
	[SCORE_DKIM_LENGTH] = { 0, { "DKIM-Signature" } },
	[SCORE_SPF] = { CLIENT | STEPS, { NULL } },
	[SCORE_DMARC] = { POLICIES, { "From" } },
	[SCORE_DMARC_POLICY] = { POLICIES, { NULL } },
	[SCORE_PTR] = { CLIENT | NAMES, { NULL } },
	[SCORE_HELO] = { CLIENT | HELO, { NULL } },
	[SCORE_TLS] = { 0, { "Received" } },
	[SCORE_FROM] = { 0, { "From" } },
	[SCORE_DATE] = { 0, { "Date" } },
	[SCORE_MESSAGE_ID] = { 0, { "Message-ID" } },
	[SCORE_SUBJECT] = { 0, { "Subject" } },
	[SCORE_ONCE] = { REPEATED,
			 { "From", "Sender", "Reply-To", "To", "Cc", "Bcc",
			   "Date", "Message-ID", "In-Reply-To", "References",
			   "Subject", "MIME-Version", "Content-Type",
			   "Content-Transfer-Encoding", "List-Unsubscribe",
			   "List-Unsubscribe-Post" } },
	[SCORE_MIME] = { 0,
			 { "MIME-Version", "Content-Type",
			   "Content-Transfer-Encoding" } },
	[SCORE_UNSUBSCRIBE] = { 0, { "List-Unsubscribe" } },
	[SCORE_ONE_CLICK] = { 0, { "List-Unsubscribe-Post" } },
	[SCORE_LIST_SIGNED] = { 0,
				{ "List-Unsubscribe", "List-Unsubscribe-Post",
				  "DKIM-Signature" } },
	[SCORE_MX] = { DOMAIN, { NULL } },
	[SCORE_BLOCKLIST] = { LISTINGS, { NULL } },
};

struct telling {
	struct buf *out;
	const struct score_facts *facts;
	unsigned what;
	/* names of the client's address, found so far */
	const struct dns_answer *names;
};

static void put_line(struct buf *out, str text)
{
	buf_put(out, text);
	buf_putc(out, '\n');
}

/* Folded fields keep their lines. */
static void put_field(struct buf *out, const struct field *f)
{
	str rest = str_head(f->raw, VALUE_MAX), line;

	while (rest.p && str_split(&rest, '\n', &line)) {
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		put_line(out, line);
	}
}

static const char *type_word(enum dns_type type)
{
	switch (type) {
	case DNS_A:
		return "A";
	case DNS_AAAA:
		return "AAAA";
	case DNS_MX:
		return "MX";
	case DNS_PTR:
		return "PTR";
	default:
		return "TXT";
	}
}

static void put_record(struct buf *out, enum dns_type type,
		       const struct dns_rr *rr)
{
	char text[IP_TEXT_MAX];

	if ((type == DNS_A || type == DNS_AAAA) &&
	    (rr->data.n == 4 || rr->data.n == 16))
		put_line(out,
			 ip_text(ip_of_bytes(rr->data.p, rr->data.n), text));
	else if (type == DNS_MX)
		buf_printf(out, "%u %.*s.\n", (unsigned)rr->preference,
			   STR_ARG(rr->data));
	else if (type == DNS_TXT)
		buf_printf(out, "\"%.*s\"\n",
			   STR_ARG(str_head(rr->data, VALUE_MAX)));
	else
		buf_printf(out, "%.*s.\n", STR_ARG(rr->data));
}

static void put_answer(struct buf *out, enum dns_type type, str name,
		       const struct dns_answer *a)
{
	static const char *const none[] = {
		[DNS_OK] = "",
		[DNS_NODATA] = "(no such record)",
		[DNS_NXDOMAIN] = "(no such name)",
		[DNS_TEMPFAIL] = "(no answer)",
	};

	if (!a->n)
		buf_printf(out, "%.*s. %s %s\n", STR_ARG(name), type_word(type),
			   none[a->status]);
	for (size_t i = 0; i < a->n; i++) {
		buf_printf(out, "%.*s. %s ", STR_ARG(name), type_word(type));
		put_record(out, type, &a->rr[i]);
	}
}

static bool holds(str name, str part)
{
	for (; name.n >= part.n; name = str_skip(name, 1))
		if (str_istarts(name, part))
			return true;
	return false;
}

static bool has_name(const struct dns_answer *names, str name)
{
	for (size_t i = 0; names && i < names->n; i++)
		if (str_ieq(names->rr[i].data, name))
			return true;
	return false;
}

/* A question of the verdict. */
static void on_verdict_answer(void *arg, enum dns_type type, str name,
			      const struct dns_answer *a)
{
	struct telling *t = arg;
	bool address = type == DNS_A || type == DNS_AAAA;

	if (type == DNS_PTR && str_iends(name, STR(".arpa")))
		t->names = a;
	if ((t->what & KEYS && type == DNS_TXT &&
	     holds(name, STR("._domainkey."))) ||
	    (t->what & POLICIES && type == DNS_TXT &&
	     str_istarts(name, STR("_dmarc."))) ||
	    (t->what & NAMES &&
	     (type == DNS_PTR || (address && has_name(t->names, name)))))
		put_answer(t->out, type, name, a);
}

static bool is_listing(const struct score_facts *f, str name)
{
	for (size_t i = 0; i < f->n_listings; i++)
		if (str_iends(name, f->listings[i].list) &&
		    !str_ieq(name, f->listings[i].list))
			return true;
	return false;
}

/* A question besides. */
static void on_answer(void *arg, enum dns_type type, str name,
		      const struct dns_answer *a)
{
	struct telling *t = arg;
	const struct verdict_dmarc *dmarc = t->facts->verdict->dmarc;
	bool listing = is_listing(t->facts, name);

	if ((t->what & LISTINGS && listing) ||
	    (t->what & HELO && !listing && type != DNS_MX &&
	     str_ieq(name, t->facts->helo)) ||
	    (t->what & DOMAIN && !listing && dmarc &&
	     str_ieq(name, dmarc->domain)))
		put_answer(t->out, type, name, a);
}

static void put_client(struct buf *out, const struct score_facts *f)
{
	const struct verdict *v = f->verdict;
	char text[IP_TEXT_MAX];

	if (f->ip.family == IP_NONE)
		return;
	(void)ip_text(f->ip, text);
	buf_printf(out, "client %s, HELO %.*s, MAIL FROM <%.*s>\n", text,
		   STR_ARG(f->helo), STR_ARG(v->mail_from));
}

static void put_steps(struct buf *out, const struct spf_verdict *v)
{
	for (size_t i = 0; v && i < v->n_steps; i++) {
		const struct spf_step *s = &v->steps[i];

		buf_printf(out, "%*s%.*s: %.*s: %s\n", (int)s->depth * 2, "",
			   STR_ARG(s->domain),
			   STR_ARG(str_head(s->text, VALUE_MAX)), s->outcome);
	}
}

static void put_fields(struct buf *out, const struct header *h,
		       const char *const *names, bool repeated)
{
	for (; *names; names++) {
		const struct field *f;

		if (repeated && header_count(h, str_of(*names)) < 2)
			continue;
		for (size_t i = 0; (f = header_find(h, str_of(*names), i)); i++)
			put_field(out, f);
	}
}

/* The fields with octets that are no ASCII. */
static void put_raw(struct buf *out, const struct header *h)
{
	for (size_t i = 0; i < h->n; i++) {
		str raw = h->fields[i].raw;
		size_t n = 0;

		while (n < raw.n && (unsigned char)raw.p[n] < 0x80)
			n++;
		if (n < raw.n)
			put_field(out, &h->fields[i]);
	}
}

void score_evidence(struct arena *arena, const struct score_facts *f,
		    struct score *out)
{
	const struct dns_answer *names = NULL;

	for (int i = 0; i < SCORE_ROWS; i++) {
		struct buf b = buf_of(arena, ROW_MAX);
		struct telling t = { &b, f, wanted[i].what, names };

		if (t.what & CLIENT)
			put_client(&b, f);
		put_fields(&b, f->header, wanted[i].fields, t.what & REPEATED);
		if (i == SCORE_RAW)
			put_raw(&b, f->header);
		if (t.what & STEPS)
			put_steps(&b, f->verdict->spf);
		if (f->verdict_asks)
			asks_each(f->verdict_asks, on_verdict_answer, &t);
		if (f->asks)
			asks_each(f->asks, on_answer, &t);
		out->rows[i].evidence = buf_str(&b);
		names = t.names;
	}
}
