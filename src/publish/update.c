/* update: see publish/update.h. */
#include "publish/update.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/tr.h"

#include <inttypes.h>
#include <stdlib.h>

#include <ldns/ldns.h>

enum {
	FUDGE = 300, /* RFC 8945 10 */
	TSIG_MAC = 3, /* rdata fields of a TSIG record */
	TSIG_ERROR = 5,
	BADSIG = 16,
	BADKEY = 17,
	BADTIME = 18
};

struct update {
	struct arena *arena;
	str zone;
	ldns_rr_list *conditions, *changes;
};

static void free_rrs(void *rrs)
{
	ldns_rr_list_deep_free(rrs);
}

static void free_packet(void *packet)
{
	ldns_pkt_free(packet);
}

static ldns_rr_list *new_rrs(struct arena *arena)
{
	ldns_rr_list *rrs = ldns_rr_list_new();

	if (!rrs)
		arena_out_of_memory(arena);
	arena_defer(arena, free_rrs, rrs);
	return rrs;
}

struct update *update_new(struct arena *arena, str zone)
{
	struct update *u = arena_new_of(arena, struct update);

	*u = (struct update){ arena, zone, new_rrs(arena), new_rrs(arena) };
	return u;
}

static ldns_rdf *name_of(struct update *u, str name)
{
	ldns_rdf *rdf = ldns_dname_new_frm_str(arena_cstr(u->arena, name));

	if (!rdf)
		arena_out_of_memory(u->arena);
	return rdf;
}

/* RFC 2136 2.4.2, 2.4.3: the set with its values, or no such set. */
void update_expect(struct update *u, str name, enum dns_type type,
		   const struct server_answer *seen)
{
	size_t n = server_count(seen);

	for (size_t i = 0; i < n; i++) {
		ldns_rr *rr = ldns_rr_clone(ldns_rr_list_rr(seen->rrs, i));

		ldns_rr_set_ttl(rr, 0);
		ldns_rr_list_push_rr(u->conditions, rr);
	}
	if (!n) {
		ldns_rr *rr = ldns_rr_new();

		ldns_rr_set_owner(rr, name_of(u, name));
		ldns_rr_set_type(rr, (ldns_rr_type)type);
		ldns_rr_set_class(rr, LDNS_RR_CLASS_NONE);
		ldns_rr_set_ttl(rr, 0);
		ldns_rr_list_push_rr(u->conditions, rr);
	}
}

/* RFC 2136 2.5.4 */
void update_delete(struct update *u, const struct ldns_struct_rr *rr)
{
	ldns_rr *gone = ldns_rr_clone(rr);

	ldns_rr_set_ttl(gone, 0);
	ldns_rr_set_class(gone, LDNS_RR_CLASS_NONE);
	ldns_rr_list_push_rr(u->changes, gone);
}

bool update_add(struct update *u, str name, int64_t ttl, const char *type,
		str value, struct err *e)
{
	struct buf b = buf_of(u->arena, LIMIT_ANSWER_BYTES);
	ldns_rr *rr = NULL;

	buf_printf(&b, "%.*s. %" PRId64 " IN %s %.*s", STR_ARG(name), ttl, type,
		   STR_ARG(value));
	if (b.overflow ||
	    ldns_rr_new_frm_str(&rr, arena_cstr(u->arena, buf_str(&b)), 0, NULL,
				NULL) != LDNS_STATUS_OK)
		return err_set(e, ERR_DATA,
			       _("the %s record of %.*s cannot be written: "
				 "%.*s"),
			       type, STR_ARG(name),
			       STR_ARG(str_head(value, 200)));
	ldns_rr_list_push_rr(u->changes, rr);
	return true;
}

bool update_is_empty(const struct update *u)
{
	return ldns_rr_list_rr_count(u->changes) == 0;
}

static ldns_pkt *packet_of(struct update *u, const struct tsig_key *key,
			   struct err *e)
{
	ldns_pkt *p = ldns_update_pkt_new(name_of(u, u->zone), LDNS_RR_CLASS_IN,
					  u->conditions, u->changes, NULL);

	if (!p)
		arena_out_of_memory(u->arena);
	arena_defer(u->arena, free_packet, p);
	ldns_pkt_set_random_id(p);
	ldns_pkt_set_rd(p, false);
	if (key && ldns_pkt_tsig_sign(p, key->name, key->secret, FUDGE,
				      key->algorithm, NULL) != LDNS_STATUS_OK) {
		(void)err_set(e, ERR_DATA,
			      _("the update cannot be signed with TSIG key %s"),
			      key->name);
		return NULL;
	}
	return p;
}

static unsigned tsig_error(const ldns_pkt *reply)
{
	const ldns_rr *rr = ldns_pkt_tsig(reply);
	const ldns_rdf *rdf = rr ? ldns_rr_rdf(rr, TSIG_ERROR) : NULL;

	return rdf && ldns_rdf_size(rdf) == 2 ? ldns_rdf2native_int16(rdf) : 0;
}

static bool refuse_tsig(unsigned error, const struct server *s,
			const struct tsig_key *key, struct err *e)
{
	if (error == BADKEY)
		return err_set(e, ERR_PERMISSION,
			       _("name server %s does not know TSIG key %s "
				 "with this algorithm: add it there"),
			       s->text, key->name);
	if (error == BADSIG)
		return err_set(e, ERR_PERMISSION,
			       _("name server %s has another secret for TSIG "
				 "key %s"),
			       s->text, key->name);
	return err_set(e, ERR_PERMISSION,
		       _("the clocks of this machine and of name server %s "
			 "differ by more than five minutes"),
		       s->text);
}

static bool refuse(const struct update *u, unsigned rcode,
		   const struct server *s, const struct tsig_key *key,
		   struct err *e)
{
	switch (rcode) {
	case LDNS_RCODE_REFUSED:
		return err_set(e, ERR_PERMISSION,
			       key ? _("name server %s refuses the update of "
				       "%.*s: let TSIG key %s update it there "
				       "(BIND: update-policy, Knot: acl)")
				   : _("name server %s refuses the update of "
				       "%.*s: it wants a key, --tsig FILE"),
			       s->text, STR_ARG(u->zone), key ? key->name : "");
	case LDNS_RCODE_NOTAUTH:
	case LDNS_RCODE_NOTZONE:
		return err_set(e, ERR_UNAVAILABLE,
			       key ? _("name server %s is not the primary of "
				       "%.*s (name that one with --server), "
				       "or does not let TSIG key %s change it")
				   : _("name server %s is not the primary of "
				       "%.*s (name that one with --server), "
				       "or wants a key, --tsig FILE"),
			       s->text, STR_ARG(u->zone), key ? key->name : "");
	case LDNS_RCODE_NOTIMPL:
		return err_set(e, ERR_UNAVAILABLE,
			       _("name server %s knows no updates (NSD does "
				 "not): paste the records instead, inkan "
				 "records --format zone"),
			       s->text);
	case LDNS_RCODE_YXDOMAIN:
	case LDNS_RCODE_YXRRSET:
	case LDNS_RCODE_NXDOMAIN:
	case LDNS_RCODE_NXRRSET:
		return err_set(e, ERR_UNAVAILABLE,
			       _("zone %.*s was changed by somebody else just "
				 "now, so nothing was done: run it again"),
			       STR_ARG(u->zone));
	default:
		return err_set(e, ERR_UNAVAILABLE,
			       _("name server %s answers %s to the update of "
				 "%.*s; its log says why"),
			       s->text, server_rcode(rcode), STR_ARG(u->zone));
	}
}

bool update_send(struct update *u, const struct server *s,
		 const struct tsig_key *key, struct err *e)
{
	ldns_pkt *packet = packet_of(u, key, e), *reply;
	unsigned error;
	str wire;

	if (!packet)
		return false;
	reply = server_exchange(u->arena, s, packet, &wire, e);
	if (!reply)
		return false;
	error = tsig_error(reply);
	if (key && error >= BADSIG && error <= BADTIME)
		return refuse_tsig(error, s, key, e);
	if (ldns_pkt_get_rcode(reply) != LDNS_RCODE_NOERROR)
		return refuse(u, ldns_pkt_get_rcode(reply), s, key, e);
	if (key &&
	    !ldns_pkt_tsig_verify(reply, (const uint8_t *)wire.p, wire.n,
				  key->name, key->secret,
				  ldns_rr_rdf(ldns_pkt_tsig(packet), TSIG_MAC)))
		return err_set(e, ERR_UNAVAILABLE,
			       _("the answer of name server %s is not signed "
				 "with TSIG key %s: it is not believed"),
			       s->text, key->name);
	return true;
}
