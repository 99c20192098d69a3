/* wire: RFC 1035 4 reply packets.  The packet is read in place, once for each
 * CNAME of the chain; only what belongs to the answer is copied, so a hostile
 * packet cannot cost more memory than its own size.  Of the authority section
 * only the SOA's times are read (RFC 2308), of the additional one nothing. */
#include "dns/wire.h"

#include "base/limits.h"
#include "dns/name.h"

enum {
	FLAG_QR = 0x80,
	FLAG_TC = 0x02,
	RCODE_OK = 0,
	RCODE_NXDOMAIN = 3,
	CLASS_IN = 1,
	RECORD_MIN = 11, /* octets of the smallest record: root, no rdata */
	SOA_NUMBERS = 20,
	NAME_WIRE_MAX = 255
};

struct reader {
	const unsigned char *p;
	size_t n, at;
	bool bad; /* sticky: went past the end, or nonsense */
};

/* Uncompressed wire form with the root's zero octet.  Length octets are below
 * 64, so comparing without ASCII case is right for the whole. */
struct wire_name {
	char w[NAME_WIRE_MAX];
	size_t n;
};

struct record {
	struct wire_name name;
	unsigned type, class;
	uint32_t ttl;
	size_t from, n; /* rdata */
};

static unsigned u8(struct reader *r)
{
	if (r->bad || r->at >= r->n) {
		r->bad = true;
		return 0;
	}
	return r->p[r->at++];
}

static unsigned u16(struct reader *r)
{
	unsigned high = u8(r);

	return high << 8 | u8(r);
}

static uint32_t u32(struct reader *r)
{
	uint32_t high = u16(r);

	return high << 16 | u16(r);
}

static bool same_name(const struct wire_name *a, const struct wire_name *b)
{
	return str_ieq((str){ a->w, a->n }, (str){ b->w, b->n });
}

/* Length octet and label at *at; false at the root's, which is added too. */
static bool take_label(struct reader *r, size_t *at, struct wire_name *out)
{
	size_t len = r->p[*at];

	if (len >= 0x40 || len + 1 > r->n - *at ||
	    out->n + len + 1 > NAME_WIRE_MAX) {
		r->bad = true;
		return false;
	}
	memcpy(out->w + out->n, r->p + *at, len + 1);
	out->n += len + 1;
	*at += len + 1;
	return len > 0;
}

/* RFC 1035 4.1.4.  A pointer must lead to before where the name (or the part
 * after the last jump) began, so the walk ends. */
static void take_name(struct reader *r, struct wire_name *out)
{
	size_t at = r->at, lowest = r->at;
	bool jumped = false, more = true;

	out->n = 0;
	while (more && !r->bad) {
		if (at >= r->n || (r->p[at] >= 0xc0 && at + 1 >= r->n)) {
			r->bad = true;
		} else if (r->p[at] < 0xc0) {
			more = take_label(r, &at, out);
		} else {
			size_t to = ((size_t)r->p[at] & 0x3f) << 8 |
				    r->p[at + 1];

			if (!jumped)
				r->at = at + 2;
			jumped = true;
			if (to >= lowest)
				r->bad = true;
			at = lowest = to;
		}
	}
	if (!jumped)
		r->at = at;
	if (r->bad)
		out->n = 0;
}

static bool name_of_text(str text, struct wire_name *out)
{
	str label;

	out->n = 0;
	if (!dns_name_valid(text))
		return false;
	while (str_split(&text, '.', &label)) {
		out->w[out->n++] = (char)label.n;
		memcpy(out->w + out->n, label.p, label.n);
		out->n += label.n;
	}
	out->w[out->n++] = 0;
	return true;
}

/* As text without final dot.  What text cannot hold is written as "?", which
 * makes it no host name of anyone. */
static str name_text(struct arena *arena, const struct wire_name *name)
{
	char text[NAME_WIRE_MAX];
	size_t n = 0;

	for (size_t at = 0; at < name->n && name->w[at];) {
		size_t len = (unsigned char)name->w[at++];

		if (n)
			text[n++] = '.';
		for (size_t i = 0; i < len; i++) {
			unsigned char c = (unsigned char)name->w[at + i];
			bool odd = c <= ' ' || c == 0x7f || c == '.' ||
				   c == '\\';

			text[n++] = (char)(odd ? '?' : c);
		}
		at += len;
	}
	return arena_str(arena, (str){ text, n });
}

static void take_record(struct reader *r, struct record *rec)
{
	take_name(r, &rec->name);
	rec->type = u16(r);
	rec->class = u16(r);
	rec->ttl = u32(r);
	rec->n = u16(r);
	rec->from = r->at;
	if (r->bad || rec->n > r->n - r->at)
		r->bad = true;
	else
		r->at += rec->n;
}

static struct reader rdata_of(const struct reader *packet,
			      const struct record *rec)
{
	return (struct reader){ packet->p, rec->from + rec->n, rec->from,
				false };
}

/* TXT: the strings of the record, joined (RFC 7208 3.3, RFC 6376 3.6.2.2) */
static bool join_strings(struct arena *arena, const struct reader *packet,
			 const struct record *rec, str *out)
{
	const unsigned char *p = packet->p + rec->from;
	char *to = arena_alloc(arena, rec->n + 1);
	size_t n = 0;

	for (size_t at = 0; at < rec->n;) {
		size_t len = p[at++];

		if (len > rec->n - at)
			return false;
		memcpy(to + n, p + at, len);
		n += len;
		at += len;
	}
	*out = (str){ to, n };
	return true;
}

/* MX, PTR, NS, CNAME: the rdata ends with one name. */
static bool name_rdata(struct arena *arena, struct reader r, str *out)
{
	struct wire_name name;

	take_name(&r, &name);
	if (r.bad || r.at != r.n)
		return false;
	*out = name_text(arena, &name);
	return true;
}

/* SOA: the rdata with both names uncompressed. */
static bool soa_rdata(struct arena *arena, struct reader r, str *out)
{
	char soa[2 * NAME_WIRE_MAX + SOA_NUMBERS];
	struct wire_name primary, mailbox;

	take_name(&r, &primary);
	take_name(&r, &mailbox);
	if (r.bad || r.n - r.at != SOA_NUMBERS)
		return false;
	memcpy(soa, primary.w, primary.n);
	memcpy(soa + primary.n, mailbox.w, mailbox.n);
	memcpy(soa + primary.n + mailbox.n, r.p + r.at, SOA_NUMBERS);
	*out = arena_str(arena,
			 (str){ soa, primary.n + mailbox.n + SOA_NUMBERS });
	return true;
}

static bool take_rdata(struct arena *arena, const struct reader *packet,
		       const struct record *rec, struct dns_rr *out)
{
	struct reader r = rdata_of(packet, rec);

	*out = (struct dns_rr){ { "", 0 }, 0 };
	switch (rec->type) {
	case DNS_TXT:
		return join_strings(arena, packet, rec, &out->data);
	case DNS_MX:
		out->preference = (uint16_t)u16(&r);
		return name_rdata(arena, r, &out->data);
	case DNS_PTR:
	case DNS_NS:
	case DNS_CNAME:
		return name_rdata(arena, r, &out->data);
	case DNS_SOA:
		return soa_rdata(arena, r, &out->data);
	default:
		if ((rec->type == DNS_A && rec->n != 4) ||
		    (rec->type == DNS_AAAA && rec->n != 16))
			return false;
		out->data = arena_str(
			arena,
			(str){ (const char *)packet->p + rec->from, rec->n });
		return true;
	}
}

struct reading {
	struct arena *arena;
	struct reader answers; /* at the first record of the section */
	unsigned count, authorities;
	enum dns_type type;
	struct wire_name name; /* asked for, then the CNAMEs' targets */
	struct dns_answer *answer;
	struct dns_rr rr[LIMIT_RECORDS];
};

static void note_ttl(struct dns_answer *a, uint32_t ttl, bool first)
{
	if (ttl >> 31) /* RFC 2181 8 */
		ttl = 0;
	if (first || ttl < a->ttl)
		a->ttl = ttl;
}

/* One pass: the records of the name, and where its CNAME leads.  False: the
 * packet is malformed. */
static bool collect(struct reading *g, bool *is_alias, uint32_t *alias_ttl)
{
	struct dns_answer *a = g->answer;
	struct wire_name target;
	struct reader r = g->answers;

	*is_alias = false;
	for (unsigned i = 0; i < g->count; i++) {
		struct record rec;

		take_record(&r, &rec);
		if (r.bad)
			return false;
		if (rec.class != CLASS_IN || !same_name(&rec.name, &g->name))
			continue;
		if (rec.type == (unsigned)g->type) {
			if (a->n == LIMIT_RECORDS)
				continue;
			if (!take_rdata(g->arena, &r, &rec, &g->rr[a->n]))
				return false;
			note_ttl(a, rec.ttl, a->n == 0);
			a->n++;
		} else if (rec.type == DNS_CNAME && !*is_alias) {
			struct reader rdata = rdata_of(&r, &rec);

			take_name(&rdata, &target);
			if (rdata.bad || rdata.at != rdata.n)
				return false;
			*is_alias = true;
			*alias_ttl = rec.ttl;
		}
	}
	if (*is_alias && !a->n)
		g->name = target;
	return true;
}

/* How long it holds that there is nothing (RFC 2308 5): 0 without an SOA. */
static uint32_t nothing_ttl(const struct reading *g)
{
	struct reader r = g->answers;
	struct record rec;

	for (unsigned i = 0; i < g->count && !r.bad; i++)
		take_record(&r, &rec);
	for (unsigned i = 0; i < g->authorities && !r.bad; i++) {
		take_record(&r, &rec);
		if (r.bad || rec.type != DNS_SOA || rec.class != CLASS_IN ||
		    rec.n < SOA_NUMBERS)
			continue;

		struct reader minimum = rdata_of(&r, &rec);

		minimum.at = minimum.n - 4;

		uint32_t ttl = u32(&minimum);

		ttl = rec.ttl < ttl ? rec.ttl : ttl;
		return ttl >> 31 ? 0 : ttl;
	}
	return 0;
}

/* The records at the end of the CNAME chain; false when it is malformed or too
 * long. */
static bool follow(struct reading *g)
{
	struct dns_answer *a = g->answer;
	uint32_t ttl = UINT32_MAX >> 1, alias_ttl = 0;

	for (unsigned hops = 0; hops <= LIMIT_CNAMES; hops++) {
		bool is_alias;

		if (!collect(g, &is_alias, &alias_ttl))
			return false;
		if (a->n || !is_alias) {
			if (!a->n)
				a->ttl = nothing_ttl(g);
			note_ttl(a, ttl, false);
			return true;
		}
		if (alias_ttl < ttl)
			ttl = alias_ttl;
	}
	return false;
}

/* The question must be ours, when it is there. */
static bool take_question(struct reader *r, unsigned questions,
			  const struct reading *g)
{
	struct wire_name name;

	if (questions == 0)
		return true;
	take_name(r, &name);

	unsigned type = u16(r), class = u16(r);

	return questions == 1 && !r->bad && type == (unsigned)g->type &&
	       class == CLASS_IN && same_name(&name, &g->name);
}

static void read_reply(struct reading *g, str packet)
{
	struct reader r = { (const unsigned char *)packet.p, packet.n, 0,
			    false };
	struct dns_answer *a = g->answer;

	(void)u16(&r); /* id */

	unsigned flags = u8(&r), rcode = u8(&r) & 15;
	unsigned questions = u16(&r), answers = u16(&r);

	g->authorities = u16(&r);
	(void)u16(&r);
	if (r.bad || !(flags & FLAG_QR) || flags & FLAG_TC ||
	    (rcode != RCODE_OK && rcode != RCODE_NXDOMAIN) ||
	    !take_question(&r, questions, g) ||
	    answers > (r.n - r.at) / RECORD_MIN)
		return;
	g->answers = r;
	g->count = answers;
	if (!follow(g)) {
		*a = (struct dns_answer){ .status = DNS_TEMPFAIL };
		return;
	}
	a->status = a->n                      ? DNS_OK
		    : rcode == RCODE_NXDOMAIN ? DNS_NXDOMAIN
					      : DNS_NODATA;
}

struct dns_answer *dns_wire_answer(struct arena *arena, str packet,
				   enum dns_type type, str name)
{
	struct dns_answer *a = arena_new_of(arena, struct dns_answer);
	struct reading g = { .arena = arena, .type = type, .answer = a };

	a->status = DNS_TEMPFAIL;
	if (packet.n > LIMIT_ANSWER_BYTES || !name_of_text(name, &g.name))
		return a;
	read_reply(&g, packet);
	if (a->n) {
		struct dns_rr *rr = arena_array_of(arena, struct dns_rr, a->n);

		memcpy(rr, g.rr, a->n * sizeof *rr);
		a->rr = rr;
	}
	return a;
}
