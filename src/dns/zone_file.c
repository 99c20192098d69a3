/* zone_file: master files into a zone, read by ldns ($ORIGIN, $TTL, brackets,
 * quoting).  $INCLUDE is refused: a zone given to us is one file. */
#include "base/buf.h"
#include "dns/master.h"
#include "dns/zone.h"

#include <stdlib.h>

#include <ldns/ldns.h>

static str without_dot(char *text)
{
	str name = str_of(text);

	if (name.n && name.p[name.n - 1] == '.')
		name.n--;
	return name;
}

/* TXT: every rdf is one counted string */
static void add_txt(struct zone *z, str owner, ldns_rr *rr, uint32_t ttl)
{
	struct buf text = buf_of(NULL, 65535);

	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		const ldns_rdf *rdf = ldns_rr_rdf(rr, i);

		if (ldns_rdf_size(rdf) > 1)
			buf_put(&text, (str){ (char *)ldns_rdf_data(rdf) + 1,
					      ldns_rdf_size(rdf) - 1 });
	}
	zone_add(z, owner, DNS_TXT, ttl, buf_str(&text), 0);
	buf_free(&text);
}

static void add_name(struct zone *z, str owner, ldns_rr *rr, size_t at,
		     uint16_t preference)
{
	char *text = ldns_rdf2str(ldns_rr_rdf(rr, at));

	if (text)
		zone_add(z, owner, (enum dns_type)ldns_rr_get_type(rr),
			 ldns_rr_ttl(rr), without_dot(text), preference);
	free(text);
}

/* Everything else: the rdata in wire format */
static void add_bytes(struct zone *z, str owner, ldns_rr *rr)
{
	struct buf bytes = buf_of(NULL, 65535);

	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		const ldns_rdf *rdf = ldns_rr_rdf(rr, i);

		buf_put(&bytes, (str){ (char *)ldns_rdf_data(rdf),
				       ldns_rdf_size(rdf) });
	}
	zone_add(z, owner, (enum dns_type)ldns_rr_get_type(rr), ldns_rr_ttl(rr),
		 buf_str(&bytes), 0);
	buf_free(&bytes);
}

static void add_record(struct zone *z, ldns_rr *rr)
{
	char *owner_text = ldns_rdf2str(ldns_rr_owner(rr));
	str owner = without_dot(owner_text);

	switch ((enum dns_type)ldns_rr_get_type(rr)) {
	case DNS_TXT:
		add_txt(z, owner, rr, ldns_rr_ttl(rr));
		break;
	case DNS_MX:
		add_name(z, owner, rr, 1,
			 ldns_rdf2native_int16(ldns_rr_rdf(rr, 0)));
		break;
	case DNS_PTR:
	case DNS_NS:
	case DNS_CNAME:
		add_name(z, owner, rr, 0, 0);
		break;
	default:
		add_bytes(z, owner, rr);
	}
	free(owner_text);
}

static bool take(void *arg, ldns_rr *rr, struct err *e)
{
	(void)e;
	add_record(arg, rr);
	return true;
}

bool zone_load(struct zone *z, const char *path, struct err *e)
{
	return dns_master_read(path, "zone file", take, z, e);
}
