/* anchor: files as unbound-anchor(8) and dns-root-data write them. */
#include "dns/anchor.h"

#include "dns/master.h"

#include <stdlib.h>

#include <ldns/ldns.h>

struct reading {
	dns_anchor_fn *fn;
	void *arg;
	unsigned n;
};

static bool take(void *arg, ldns_rr *rr, struct err *e)
{
	struct reading *r = arg;
	ldns_rr_type type = ldns_rr_get_type(rr);
	char *text;
	bool ok;

	if (type != LDNS_RR_TYPE_DS && type != LDNS_RR_TYPE_DNSKEY)
		return true; /* root.key files carry an SOA or comments too */
	text = ldns_rr2str(rr);
	if (!text)
		return err_set(e, ERR_INTERNAL, "out of memory");
	text[strcspn(text, "\n;")] = '\0';
	ok = r->fn(r->arg, text, e);
	free(text);
	r->n++;
	return ok;
}

bool dns_anchor_read(const char *path, dns_anchor_fn *fn, void *arg,
		     struct err *e)
{
	struct reading r = { fn, arg, 0 };

	if (!dns_master_read(path, "trust anchor file", take, &r, e))
		return false;
	return r.n || err_set(e, ERR_CONFIG,
			      "trust anchor file %s holds no DS or DNSKEY "
			      "record",
			      path);
}
