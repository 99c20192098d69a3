/* zone_file: master files into a zone, read by ldns ($ORIGIN, $TTL, brackets,
 * quoting).  $INCLUDE is refused: a zone given to us is one file.  A key's file,
 * whose name is relative and which has no $ORIGIN, is read as it is meant. */
#include "base/buf.h"
#include "base/limits.h"
#include "dns/master.h"
#include "dns/name.h"
#include "dns/zone.h"

#include <stdio.h>
#include <stdlib.h>

#include <ldns/ldns.h>

enum { LINE_BYTES = 1024 };

struct load {
	struct zone *zone;
	const char *path;
};

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

/* Nothing at the top begins with an underscore: such a name was meant to be
 * below a domain, and no $ORIGIN said which. */
static bool is_relative(str owner)
{
	size_t dot = str_rfind(owner, '.');
	str top = dot < owner.n ? str_skip(owner, dot + 1) : owner;

	return top.n && top.p[0] == '_';
}

static bool skip(str *text, str head)
{
	if (!str_starts(*text, head))
		return false;
	*text = str_skip(*text, head.n);
	return true;
}

/* "... ; ----- DKIM key SELECTOR for DOMAIN", as the makers of keys end such a
 * record. */
static bool domain_in(str line, str selector, str *domain)
{
	*domain = str_skip(line, str_find(line, ';'));
	if (!skip(domain, STR(";")))
		return false;
	*domain = str_trim(*domain);
	while (skip(domain, STR("-")))
		;
	*domain = str_trim(*domain);
	if (!skip(domain, STR("DKIM key ")) || !skip(domain, selector) ||
	    !skip(domain, STR(" for ")))
		return false;
	*domain = str_trim(*domain);
	return dns_name_is_domain(*domain, true);
}

/* The domain that comments name for a selector; false when none does, or not
 * one alone. */
static bool find_domain(const char *path, str selector, struct buf *out)
{
	FILE *f = fopen(path, "re");
	char line[LINE_BYTES];
	bool other = false;
	str domain;

	while (f && fgets(line, sizeof line, f)) {
		if (!domain_in(str_of(line), selector, &domain))
			continue;
		other = other || (out->n && !str_ieq(buf_str(out), domain));
		if (!out->n)
			buf_put(out, domain);
	}
	if (f)
		fclose(f);
	return out->n && !other;
}

static bool add_relative(struct record *r, const char *path)
{
	struct buf domain = buf_of(NULL, DNS_NAME_MAX);
	struct buf name = buf_of(NULL, DNS_NAME_MAX);
	str relative = r->owner;
	str selector = str_head(relative, str_rfind(relative, '.'));
	bool ok;

	if (str_iends(relative, STR("._domainkey")) &&
	    find_domain(path, selector, &domain))
		buf_printf(&name, "%.*s.%.*s", STR_ARG(relative),
			   STR_ARG(buf_str(&domain)));
	r->owner = buf_str(&name);
	ok = name.n && !name.overflow
		     ? add_record(r)
		     : err_set(r->e, ERR_DATA,
			       "%.*s belongs below a domain, and the file does "
			       "not say which: begin it with the line \"$ORIGIN "
			       "example.org.\" (your domain, and a dot)",
			       STR_ARG(str_head(relative, 80)));
	buf_free(&name);
	buf_free(&domain);
	return ok;
}

static bool add_named(struct record *r, const char *path)
{
	if (!dns_name_valid(r->owner))
		return true;
	return is_relative(r->owner) ? add_relative(r, path) : add_record(r);
}

/* The root's own records, and names that only escapes can write ("a\\.b"), are
 * left out: nobody can ask for them here. */
static bool take(void *arg, ldns_rr *rr, struct err *e)
{
	const struct load *l = arg;
	char *owner = ldns_rdf2str(ldns_rr_owner(rr));
	struct record r = { l->zone, rr, without_dot(owner), e };
	bool ok = owner ? add_named(&r, l->path)
			: err_set(e, ERR_INTERNAL, "out of memory");

	free(owner);
	return ok;
}

bool zone_load(struct zone *z, const char *path, struct err *e)
{
	struct load l = { z, path };

	return dns_master_read(path, "zone file", take, &l, e);
}
