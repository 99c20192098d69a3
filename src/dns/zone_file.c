/* zone_file: master files into a zone, read by ldns ($ORIGIN, $TTL, brackets,
 * quoting).  $INCLUDE is refused: a zone given to us is one file. */
#include "base/buf.h"
#include "base/limits.h"
#include "dns/master.h"
#include "dns/name.h"
#include "dns/zone.h"

#include <stdlib.h>

#include <ldns/ldns.h>

struct record {
	struct zone *zone;
	ldns_rr *rr;
	str owner;
	struct err *e;
};

static str without_dot(char *text)
{
	str name = str_of(text);

	if (name.n && name.p[name.n - 1] == '.')
		name.n--;
	return name;
}

static bool add(const struct record *r, str data, uint16_t preference)
{
	const struct dns_rr rr = { data, preference };

	return zone_add(r->zone, r->owner,
			(enum dns_type)ldns_rr_get_type(r->rr),
			ldns_rr_ttl(r->rr), &rr, r->e);
}

/* The rdata in wire format; for TXT without the length octet that every rdf
 * begins with (the strings are joined). */
static bool add_bytes(const struct record *r, size_t skip)
{
	struct buf bytes = buf_of(NULL, LIMIT_ANSWER_BYTES);
	bool ok;

	for (size_t i = 0; i < ldns_rr_rd_count(r->rr); i++) {
		const ldns_rdf *rdf = ldns_rr_rdf(r->rr, i);

		buf_put(&bytes, str_skip((str){ (char *)ldns_rdf_data(rdf),
						ldns_rdf_size(rdf) },
					 skip));
	}
	ok = bytes.overflow ? err_set(r->e, ERR_DATA, "the record is too long")
			    : add(r, buf_str(&bytes), 0);
	buf_free(&bytes);
	return ok;
}

static bool add_name(const struct record *r, size_t at, uint16_t preference)
{
	char *text = ldns_rdf2str(ldns_rr_rdf(r->rr, at));
	bool ok = text ? add(r, without_dot(text), preference)
		       : err_set(r->e, ERR_INTERNAL, "out of memory");

	free(text);
	return ok;
}

static bool add_record(const struct record *r)
{
	switch ((enum dns_type)ldns_rr_get_type(r->rr)) {
	case DNS_TXT:
		return add_bytes(r, 1);
	case DNS_MX:
		return add_name(r, 1,
				ldns_rdf2native_int16(ldns_rr_rdf(r->rr, 0)));
	case DNS_PTR:
	case DNS_NS:
	case DNS_CNAME:
		return add_name(r, 0, 0);
	default:
		return add_bytes(r, 0);
	}
}

/* The root's own records, and names that only escapes can write ("a\\.b"), are
 * left out: nobody can ask for them here. */
static bool take(void *arg, ldns_rr *rr, struct err *e)
{
	char *owner = ldns_rdf2str(ldns_rr_owner(rr));
	const struct record r = { arg, rr, without_dot(owner), e };
	bool ok = owner ? !dns_name_valid(r.owner) || add_record(&r)
			: err_set(e, ERR_INTERNAL, "out of memory");

	free(owner);
	return ok;
}

bool zone_load(struct zone *z, const char *path, struct err *e)
{
	return dns_master_read(path, "zone file", take, z, e);
}
