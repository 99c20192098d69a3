/* server: see publish/server.h. */
#include "publish/server.h"

#include "base/buf.h"
#include "base/ip.h"
#include "base/limits.h"
#include "base/tr.h"
#include "dns/name.h"
#include "dns/nameserver.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include <ldns/ldns.h>

/* "ADDRESS@PORT" */
static bool take_address(void *arg, const char *text, struct err *e)
{
	struct server *s = arg;
	str all = str_of(text);
	str port = str_skip(all, str_rfind(all, '@') + 1);
	unsigned number = 0;
	struct ip ip;

	(void)e;
	for (size_t i = 0; i < port.n; i++)
		number = number * 10 + (unsigned)(port.p[i] - '0');
	if (!ip_parse(str_head(all, str_rfind(all, '@')), &ip))
		return false;
	if (ip.family == IP_V4) {
		struct sockaddr_in *in = (struct sockaddr_in *)&s->to;

		in->sin_family = AF_INET;
		in->sin_port = htons((uint16_t)number);
		memcpy(&in->sin_addr, ip.b, 4);
		s->len = sizeof *in;
	} else {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&s->to;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)number);
		memcpy(&in6->sin6_addr, ip.b, 16);
		s->len = sizeof *in6;
	}
	return true;
}

bool server_parse(const char *text, unsigned timeout_ms, struct server *out,
		  struct err *e)
{
	*out = (struct server){ .timeout_ms = timeout_ms };
	(void)snprintf(out->text, sizeof out->text, "%s", text);
	if (dns_nameserver(text, take_address, out, e))
		return true;
	e->code = ERR_USAGE;
	return false;
}

static void free_packet(void *packet)
{
	ldns_pkt_free(packet);
}

static void free_buffer(void *buffer)
{
	ldns_buffer_free(buffer);
}

static void free_rrs(void *rrs)
{
	ldns_rr_list_deep_free(rrs);
}

static struct timeval timeout_of(const struct server *s)
{
	return (struct timeval){ s->timeout_ms / 1000,
				 (suseconds_t)(s->timeout_ms % 1000) * 1000 };
}

struct ldns_struct_pkt *server_exchange(struct arena *arena,
					const struct server *s,
					struct ldns_struct_pkt *packet,
					str *wire, struct err *e)
{
	ldns_buffer *out = ldns_buffer_new(LDNS_MAX_PACKETLEN);
	ldns_pkt *reply = NULL;
	uint8_t *bytes = NULL;
	size_t n = 0;

	if (!out)
		arena_out_of_memory(arena);
	arena_defer(arena, free_buffer, out);
	if (ldns_pkt2buffer_wire(out, packet) != LDNS_STATUS_OK) {
		(void)err_set(e, ERR_INTERNAL, _("the DNS packet is too long"));
		return NULL;
	}
	if (ldns_tcp_send(&bytes, out, &s->to, s->len, timeout_of(s), &n) !=
	    LDNS_STATUS_OK) {
		(void)err_set(e, ERR_UNAVAILABLE,
			      _("name server %s does not answer by TCP: is "
				"that its address, and is port 53 open?"),
			      s->text);
		return NULL;
	}
	*wire = arena_str(arena, (str){ (char *)bytes, n });
	free(bytes);
	if (ldns_wire2pkt(&reply, (const uint8_t *)wire->p, wire->n) !=
		    LDNS_STATUS_OK ||
	    ldns_pkt_id(reply) != ldns_pkt_id(packet) || !ldns_pkt_qr(reply)) {
		ldns_pkt_free(reply);
		(void)err_set(e, ERR_UNAVAILABLE,
			      _("name server %s answers with what is no DNS "
				"reply"),
			      s->text);
		return NULL;
	}
	arena_defer(arena, free_packet, reply);
	return reply;
}

static str owner_text(struct arena *arena, const ldns_rr *rr)
{
	char *text = ldns_rdf2str(ldns_rr_owner(rr));
	str name = arena_str(arena, str_of(text ? text : ""));

	free(text);
	if (name.n > 1 && name.p[name.n - 1] == '.')
		name.n--;
	return name;
}

static str zone_of(struct arena *arena, const ldns_rr_list *rrs, str zone)
{
	for (size_t i = 0; !zone.n && i < ldns_rr_list_rr_count(rrs); i++)
		if (ldns_rr_get_type(ldns_rr_list_rr(rrs, i)) ==
		    LDNS_RR_TYPE_SOA)
			zone = owner_text(arena, ldns_rr_list_rr(rrs, i));
	return zone;
}

static void read_reply(struct arena *arena, ldns_pkt *reply, enum dns_type type,
		       const ldns_rdf *name, struct server_answer *out)
{
	const ldns_rr_list *answer = ldns_pkt_answer(reply);
	ldns_rr_list *rrs = ldns_rr_list_new();

	arena_defer(arena, free_rrs, rrs);
	out->rcode = ldns_pkt_get_rcode(reply);
	out->authoritative = ldns_pkt_aa(reply);
	for (size_t i = 0; i < ldns_rr_list_rr_count(answer); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(answer, i);

		if (ldns_dname_compare(ldns_rr_owner(rr), name) != 0)
			continue;
		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_CNAME)
			out->alias = type != DNS_CNAME;
		if (ldns_rr_get_type(rr) == (ldns_rr_type)type &&
		    ldns_rr_list_rr_count(rrs) < LIMIT_RECORDS)
			ldns_rr_list_push_rr(rrs, ldns_rr_clone(rr));
	}
	out->rrs = rrs;
	out->zone = zone_of(arena, answer, out->zone);
	out->zone = zone_of(arena, ldns_pkt_authority(reply), out->zone);
}

bool server_ask(struct arena *arena, const struct server *s, enum dns_type type,
		str name, struct server_answer *out, struct err *e)
{
	ldns_rdf *owner = ldns_dname_new_frm_str(arena_cstr(arena, name));
	ldns_pkt *query, *reply;
	str wire;

	*out = (struct server_answer){ .zone = { "", 0 } };
	if (!owner)
		return err_set(e, ERR_USAGE, _("%.*s is no domain name"),
			       STR_ARG(name));
	query = ldns_pkt_query_new(owner, (ldns_rr_type)type, LDNS_RR_CLASS_IN,
				   0);
	if (!query)
		arena_out_of_memory(arena);
	arena_defer(arena, free_packet, query); /* and owner with it */
	ldns_pkt_set_random_id(query);
	reply = server_exchange(arena, s, query, &wire, e);
	if (!reply)
		return false;
	read_reply(arena, reply, type, owner, out);
	return true;
}

str server_value(struct arena *arena, const struct ldns_struct_rr *rr)
{
	struct buf b = buf_of(arena, LIMIT_ANSWER_BYTES);

	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		const ldns_rdf *rdf = ldns_rr_rdf(rr, i);
		char *text;

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_TXT) {
			buf_put(&b, str_skip((str){ (char *)ldns_rdf_data(rdf),
						    ldns_rdf_size(rdf) },
					     1));
			continue;
		}
		text = ldns_rdf2str(rdf);
		buf_printf(&b, "%s%s", i ? " " : "", text ? text : "");
		free(text);
	}
	if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_TXT && b.n &&
	    b.p[b.n - 1] == '.')
		b.n--;
	return buf_str(&b);
}

size_t server_count(const struct server_answer *a)
{
	return ldns_rr_list_rr_count(a->rrs);
}

str server_value_at(struct arena *arena, const struct server_answer *a,
		    size_t i)
{
	return server_value(arena, ldns_rr_list_rr(a->rrs, i));
}

const struct ldns_struct_rr *server_rr_at(const struct server_answer *a,
					  size_t i)
{
	return ldns_rr_list_rr(a->rrs, i);
}

const char *server_rcode(unsigned rcode)
{
	static const char *const words[] = {
		"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
		"NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
		"NXRRSET", "NOTAUTH", "NOTZONE",
	};

	return rcode < sizeof words / sizeof *words ? words[rcode] : "ERROR";
}
