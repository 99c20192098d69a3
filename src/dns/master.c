/* master: see dns/master.h; the lines are ldns's, the last one of a record
 * in brackets. */
#include "dns/master.h"

#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEFAULT_TTL = 3600, KEEP_FREED = 1 << 20 };

struct place {
	const char *path, *what;
	int line;
};

static bool at_line(const struct place *at, const struct err *why,
		    struct err *e)
{
	const struct err copy = *why;

	return err_set(e, copy.code, "%s:%d: %s", at->path, at->line,
		       copy.text);
}

static bool judge(const struct place *at, ldns_status s, struct err *e)
{
	switch (s) {
	case LDNS_STATUS_OK:
	case LDNS_STATUS_SYNTAX_EMPTY:
	case LDNS_STATUS_SYNTAX_TTL:
	case LDNS_STATUS_SYNTAX_ORIGIN:
		return true;
	case LDNS_STATUS_SYNTAX_INCLUDE:
	case LDNS_STATUS_SYNTAX_INCLUDE_ERR_NOTIMPL:
		return err_set(e, ERR_DATA,
			       "%s:%d: $INCLUDE is not read here: give that "
			       "file as a %s of its own",
			       at->path, at->line, at->what);
	default:
		return err_set(e, ERR_DATA, "%s:%d: %s", at->path, at->line,
			       ldns_get_errorstr_by_id(s));
	}
}

/* ldns takes and frees 128 KB for each record, which glibc gives back to the
 * kernel each time: two thirds of the time of a large file.  Once a large block
 * was freed it keeps that much. */
static void keep_freed_memory(void)
{
	void *volatile large = malloc(KEEP_FREED);

	free(large);
}

static bool read_records(FILE *f, struct place *at, dns_master_fn *fn,
			 void *arg, struct err *e)
{
	ldns_rdf *origin = ldns_dname_new_frm_str("."), *previous = NULL;
	uint32_t ttl = DEFAULT_TTL;
	bool ok = true;

	while (ok && !feof(f)) {
		ldns_rr *rr = NULL;
		ldns_status s = ldns_rr_new_frm_fp_l(&rr, f, &ttl, &origin,
						     &previous, &at->line);
		struct err why = { 0 };

		ok = judge(at, s, e);
		if (ok && rr && s == LDNS_STATUS_OK && !fn(arg, rr, &why))
			ok = at_line(at, &why, e);
		ldns_rr_free(rr);
	}
	ldns_rdf_deep_free(origin);
	ldns_rdf_deep_free(previous);
	return ok;
}

bool dns_master_read(const char *path, const char *what, dns_master_fn *fn,
		     void *arg, struct err *e)
{
	struct place at = { path, what, 0 };
	FILE *f = fopen(path, "re");
	struct stat st;
	bool ok;

	if (!f)
		return err_sys(e, "cannot open %s %s", what, path);
	if (fstat(fileno(f), &st) == 0 && S_ISDIR(st.st_mode)) {
		fclose(f);
		return err_set(e, ERR_NO_INPUT,
			       "%s %s is a directory: name a file in it", what,
			       path);
	}
	keep_freed_memory();
	ok = read_records(f, &at, fn, arg, e);
	if (ok && ferror(f))
		ok = err_sys(e, "cannot read %s %s", what, path);
	fclose(f);
	return ok;
}
