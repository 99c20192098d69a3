#include "dns/query.h"

#include "base/ascii.h"

#include <string.h>

enum {
	HEADER = 12,
	CLASS_IN = 1,
	TYPE_OPT = 41,
	FLAG_RD = 0x01, /* of octet 2 */
	FLAG_TC = 0x02,
	FLAG_AA = 0x04,
	FLAG_QR = 0x80,
	FLAG_RA = 0x80, /* of octet 3 */
	RCODE_OK = 0,
	RCODE_FORMERR = 1,
	RCODE_NXDOMAIN = 3,
	RCODE_NOTIMP = 4
};

static void put16(struct dns_query *q, unsigned value)
{
	q->packet[q->n++] = (char)(value >> 8);
	q->packet[q->n++] = (char)value;
}

static void put_name(struct dns_query *q, str name)
{
	str label;

	while (str_split(&name, '.', &label)) {
		q->packet[q->n++] = (char)label.n;
		memcpy(q->packet + q->n, label.p, label.n);
		q->n += label.n;
	}
	q->packet[q->n++] = 0;
}

void dns_query_write(struct dns_query *q, uint16_t id, enum dns_type type,
		     str name, bool edns)
{
	q->n = 0;
	put16(q, id);
	put16(q, FLAG_RD << 8);
	put16(q, 1); /* questions */
	put16(q, 0);
	put16(q, 0);
	put16(q, edns);
	put_name(q, name);
	put16(q, type);
	put16(q, CLASS_IN);
	q->question = q->n;
	if (!edns)
		return;
	q->packet[q->n++] = 0; /* the root */
	put16(q, TYPE_OPT);
	put16(q, DNS_UDP_SIZE);
	put16(q, 0); /* extended rcode, version */
	put16(q, 0); /* flags */
	put16(q, 0); /* options */
}

/* Octet for octet, letters without case: a server may change that (RFC 1035
 * 2.3.3), and length octets are no letters. */
static bool same_question(const struct dns_query *q, str packet)
{
	str ours = { q->packet + HEADER, q->question - HEADER };

	return packet.n >= q->question &&
	       str_ieq(ours, (str){ packet.p + HEADER, ours.n });
}

/* Nothing from a server that neither knows nor asks others for us: that says
 * where to ask, not that there is nothing. */
static bool is_referral(const unsigned char *p, unsigned rcode)
{
	return rcode == RCODE_OK && !(p[2] & (FLAG_AA | FLAG_TC)) &&
	       !(p[3] & FLAG_RA) && p[6] == 0 && p[7] == 0;
}

enum dns_reply dns_reply_of(const struct dns_query *q, str packet)
{
	const unsigned char *p = (const unsigned char *)packet.p;
	unsigned rcode, questions;

	if (packet.n < HEADER || memcmp(packet.p, q->packet, 2) != 0 ||
	    !(p[2] & FLAG_QR))
		return DNS_REPLY_FOREIGN;
	rcode = p[3] & 15U;
	questions = (unsigned)p[4] << 8 | p[5];
	/* a server that fails may leave the question out */
	if (questions == 0 && rcode != RCODE_OK && rcode != RCODE_NXDOMAIN)
		return rcode == RCODE_FORMERR || rcode == RCODE_NOTIMP
			       ? DNS_REPLY_FORMAT
			       : DNS_REPLY_FAILURE;
	if (questions != 1 || !same_question(q, packet))
		return DNS_REPLY_FOREIGN;
	if (rcode == RCODE_FORMERR || rcode == RCODE_NOTIMP)
		return DNS_REPLY_FORMAT;
	if ((rcode != RCODE_OK && rcode != RCODE_NXDOMAIN) ||
	    is_referral(p, rcode))
		return DNS_REPLY_FAILURE;
	return p[2] & FLAG_TC ? DNS_REPLY_CUT : DNS_REPLY_ANSWER;
}
