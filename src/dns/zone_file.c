/* zone_file: master files into a zone, read by ldns ($ORIGIN, $TTL, brackets,
 * quoting).  $INCLUDE is refused: a zone given to us is one file. */
#include "base/buf.h"
#include "dns/zone.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <ldns/ldns.h>

struct file {
	struct zone *zone;
	const char *path;
	int line;
};

static str without_dot(char *text)
{
	str name = str_of(text);

	if (name.n && name.p[name.n - 1] == '.')
		name.n--;
	return name;
}

/* TXT: every rdf is one counted string */
static void add_txt(struct file *f, str owner, ldns_rr *rr, uint32_t ttl)
{
	struct buf text = buf_of(NULL, 65535);

	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		const ldns_rdf *rdf = ldns_rr_rdf(rr, i);

		if (ldns_rdf_size(rdf) > 1)
			buf_put(&text, (str){ (char *)ldns_rdf_data(rdf) + 1,
					      ldns_rdf_size(rdf) - 1 });
	}
	zone_add(f->zone, owner, DNS_TXT, ttl, buf_str(&text), 0);
	buf_free(&text);
}

static void add_name(struct file *f, str owner, ldns_rr *rr, size_t at,
		     uint16_t preference)
{
	char *text = ldns_rdf2str(ldns_rr_rdf(rr, at));

	if (text)
		zone_add(f->zone, owner, (enum dns_type)ldns_rr_get_type(rr),
			 ldns_rr_ttl(rr), without_dot(text), preference);
	free(text);
}

/* Everything else: the rdata in wire format */
static void add_bytes(struct file *f, str owner, ldns_rr *rr)
{
	struct buf bytes = buf_of(NULL, 65535);

	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		const ldns_rdf *rdf = ldns_rr_rdf(rr, i);

		buf_put(&bytes, (str){ (char *)ldns_rdf_data(rdf),
				       ldns_rdf_size(rdf) });
	}
	zone_add(f->zone, owner, (enum dns_type)ldns_rr_get_type(rr),
		 ldns_rr_ttl(rr), buf_str(&bytes), 0);
	buf_free(&bytes);
}

static void add_record(struct file *f, ldns_rr *rr)
{
	char *owner_text = ldns_rdf2str(ldns_rr_owner(rr));
	str owner = without_dot(owner_text);

	switch ((enum dns_type)ldns_rr_get_type(rr)) {
	case DNS_TXT:
		add_txt(f, owner, rr, ldns_rr_ttl(rr));
		break;
	case DNS_MX:
		add_name(f, owner, rr, 1,
			 ldns_rdf2native_int16(ldns_rr_rdf(rr, 0)));
		break;
	case DNS_PTR:
	case DNS_NS:
	case DNS_CNAME:
		add_name(f, owner, rr, 0, 0);
		break;
	default:
		add_bytes(f, owner, rr);
	}
	free(owner_text);
}

static bool read_records(struct file *f, FILE *fp, struct err *e)
{
	ldns_rdf *origin = ldns_dname_new_frm_str("."), *previous = NULL;
	uint32_t ttl = 3600;
	bool ok = true;

	while (ok && !feof(fp)) {
		ldns_rr *rr = NULL;
		ldns_status s = ldns_rr_new_frm_fp_l(&rr, fp, &ttl, &origin,
						     &previous, &f->line);

		if (s == LDNS_STATUS_OK)
			add_record(f, rr);
		else if (s == LDNS_STATUS_SYNTAX_INCLUDE ||
			 s == LDNS_STATUS_SYNTAX_INCLUDE_ERR_NOTIMPL)
			ok = err_set(e, ERR_DATA,
				     "%s:%d: $INCLUDE is not read here: name "
				     "that file with a --zone of its own",
				     f->path, f->line);
		else if (s != LDNS_STATUS_SYNTAX_EMPTY &&
			 s != LDNS_STATUS_SYNTAX_TTL &&
			 s != LDNS_STATUS_SYNTAX_ORIGIN)
			ok = err_set(e, ERR_DATA, "%s:%d: %s", f->path, f->line,
				     ldns_get_errorstr_by_id(s));
		ldns_rr_free(rr);
	}
	ldns_rdf_deep_free(origin);
	ldns_rdf_deep_free(previous);
	return ok;
}

bool zone_load(struct zone *z, const char *path, struct err *e)
{
	struct file f = { z, path, 0 };
	FILE *fp = fopen(path, "re");
	struct stat st;
	bool ok;

	if (!fp)
		return err_sys(e, "cannot open zone file %s", path);
	if (fstat(fileno(fp), &st) == 0 && S_ISDIR(st.st_mode)) {
		fclose(fp);
		return err_set(e, ERR_NO_INPUT,
			       "zone file %s is a directory: name a file in it",
			       path);
	}
	ok = read_records(&f, fp, e);
	if (ok && ferror(fp))
		ok = err_sys(e, "cannot read zone file %s", path);
	fclose(fp);
	return ok;
}
