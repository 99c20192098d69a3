#include "dns/wire.h"

#include "base/ascii.h"
#include "base/limits.h"
#include "dns/name.h"

enum {
	HEADER = 12,
	FLAG_QR = 0x80,
	FLAG_TC = 0x02,
	RCODE_OK = 0,
	RCODE_NXDOMAIN = 3,
	CLASS_IN = 1,
	NAME_WIRE_MAX = 255
};

struct reader {
	const unsigned char *p;
	size_t n, at;
	bool bad;
};

struct record {
	str name;
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

/* A label's octets; what a text name could not hold is written as "?" so that
 * it matches nothing that is asked for. */
static void put_label(char *out, size_t *n, const unsigned char *p, size_t len)
{
	if (*n)
		out[(*n)++] = '.';
	for (size_t i = 0; i < len; i++) {
		bool odd = p[i] <= ' ' || p[i] == 0x7f || p[i] == '.' ||
			   p[i] == '\\';

		out[(*n)++] = odd ? '?' : (char)p[i];
	}
}

/* RFC 1035 4.1.4.  A pointer must point before where the name began, so every
 * jump goes further back and the walk ends. */
static str take_name(struct reader *r, struct arena *arena)
{
	char text[NAME_WIRE_MAX + 1];
	size_t n = 0, at = r->at, lowest = r->at;
	bool jumped = false;

	while (!r->bad) {
		if (at >= r->n) {
			r->bad = true;
			break;
		}

		unsigned len = r->p[at];

		if (len >= 0xc0) {
			size_t to = at + 1 < r->n ? ((size_t)len & 0x3f) << 8 |
							    r->p[at + 1]
						  : r->n;

			if (!jumped)
				r->at = at + 2;
			jumped = true;
			if (to >= lowest)
				r->bad = true;
			at = lowest = to;
			continue;
		}
		if (len >= 0x40 || at + 1 + len > r->n ||
		    n + 1 + len > NAME_WIRE_MAX - 1) {
			r->bad = true;
			break;
		}
		at += 1 + len;
		if (len == 0)
			break;
		put_label(text, &n, r->p + at - len, len);
	}
	if (!jumped)
		r->at = at;
	return r->bad ? (str){ "", 0 } : arena_str(arena, (str){ text, n });
}

static struct record take_record(struct reader *r, struct arena *arena)
{
	struct record rec = { .name = take_name(r, arena) };

	rec.type = u16(r);
	rec.class = u16(r);
	rec.ttl = u32(r);
	rec.n = u16(r);
	rec.from = r->at;
	if (r->bad || rec.n > r->n - r->at)
		r->bad = true;
	else
		r->at += rec.n;
	return rec;
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

static bool take_rdata(struct arena *arena, const struct reader *packet,
		       const struct record *rec, struct dns_rr *out)
{
	struct reader r = { packet->p, rec->from + rec->n, rec->from, false };

	switch (rec->type) {
	case DNS_TXT:
		return join_strings(arena, packet, rec, &out->data);
	case DNS_MX:
		out->preference = (uint16_t)u16(&r);
		out->data = take_name(&r, arena);
		return !r.bad && r.at == r.n;
	case DNS_PTR:
	case DNS_NS:
	case DNS_CNAME:
		out->data = take_name(&r, arena);
		return !r.bad && r.at == r.n;
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

/* Where the chain of CNAMEs from name ends; false when it is too long. */
static bool follow(struct arena *arena, const struct reader *packet,
		   const struct record *recs, size_t n, str *name)
{
	for (int hops = 0; hops <= LIMIT_CNAMES; hops++) {
		struct dns_rr target;
		size_t i = 0;

		while (i < n && !(recs[i].type == DNS_CNAME &&
				  str_ieq(recs[i].name, *name)))
			i++;
		if (i == n)
			return true;
		if (!take_rdata(arena, packet, &recs[i], &target))
			return false;
		*name = target.data;
	}
	return false;
}

static bool collect(struct arena *arena, const struct reader *packet,
		    const struct record *recs, size_t n,
		    struct dns_answer *answer, enum dns_type type, str name)
{
	struct dns_rr *rr = arena_array_of(arena, struct dns_rr, n ? n : 1);

	if (type != DNS_CNAME && !follow(arena, packet, recs, n, &name))
		return false;
	for (size_t i = 0; i < n && answer->n < LIMIT_RECORDS; i++) {
		if (recs[i].type != (unsigned)type ||
		    recs[i].class != CLASS_IN || !str_ieq(recs[i].name, name))
			continue;
		if (!take_rdata(arena, packet, &recs[i], &rr[answer->n]))
			return false;
		if (!answer->n || recs[i].ttl < answer->ttl)
			answer->ttl = recs[i].ttl;
		answer->n++;
	}
	answer->rr = rr;
	return true;
}

static size_t take_records(struct reader *r, struct arena *arena,
			   unsigned count, struct record *recs)
{
	size_t n = 0;

	for (unsigned i = 0; i < count && !r->bad; i++) {
		recs[n] = take_record(r, arena);
		if (!r->bad)
			n++;
	}
	return n;
}

const struct dns_answer *dns_wire_answer(struct arena *arena, str packet,
					 enum dns_type type, str name)
{
	struct reader r = { (const unsigned char *)packet.p, packet.n, 0,
			    false };
	struct dns_answer *answer = arena_new_of(arena, struct dns_answer);

	answer->status = DNS_TEMPFAIL;
	(void)u16(&r);

	unsigned flags = u8(&r), rcode = u8(&r) & 15;
	unsigned questions = u16(&r), answers = u16(&r);

	(void)u32(&r); /* authority, additional: not looked at */
	if (r.bad || !(flags & FLAG_QR) || flags & FLAG_TC ||
	    (rcode != RCODE_OK && rcode != RCODE_NXDOMAIN) || questions > 1)
		return answer;
	if (questions) {
		(void)take_name(&r, arena);
		(void)u32(&r);
	}
	/* the smallest record has 11 octets: no room for invented counts */
	if (r.bad || answers > (r.n - r.at) / 11)
		return answer;

	struct record *recs = arena_array_of(arena, struct record,
					     answers ? answers : 1);
	size_t n = take_records(&r, arena, answers, recs);

	if (r.bad || !collect(arena, &r, recs, n, answer, type, name))
		return answer;
	answer->status = answer->n                 ? DNS_OK
			 : rcode == RCODE_NXDOMAIN ? DNS_NXDOMAIN
						   : DNS_NODATA;
	return answer;
}
