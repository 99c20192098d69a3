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

struct scan {
	int line, bracket_line; /* 0: no bracket is open */
	bool quoted, comment, escaped;
};

/* What ldns forgives, to a record that is not the one meant: a quote that does
 * not end in its line, a bracket that is never closed or never opened. */
static bool scan_bracket(struct scan *s, bool opens)
{
	if (opens == (s->bracket_line != 0))
		return false;
	s->bracket_line = opens ? s->line : 0;
	return true;
}

static bool scan_char(struct scan *s, int c)
{
	if (c == '\n') {
		s->comment = s->escaped = false;
		s->line += !s->quoted;
		return !s->quoted;
	}
	if (s->escaped || s->comment || c == '\\')
		s->escaped = !s->escaped && !s->comment;
	else if (c == '"')
		s->quoted = !s->quoted;
	else if (c == ';' && !s->quoted)
		s->comment = true;
	else if ((c == '(' || c == ')') && !s->quoted)
		return scan_bracket(s, c == '(');
	return true;
}

static bool is_balanced(FILE *f, const struct place *at, struct err *e)
{
	struct scan s = { .line = 1 };
	int c;

	if (fseek(f, 0, SEEK_SET) < 0)
		return true; /* a pipe can be read only once */
	while ((c = getc(f)) != EOF)
		if (!scan_char(&s, c))
			return err_set(e, ERR_DATA, "%s:%d: %s", at->path,
				       s.line,
				       s.quoted ? "the quote does not end in "
						  "this line"
						: "brackets do not match");
	if (s.quoted)
		return err_set(e, ERR_DATA, "%s:%d: the quote does not end",
			       at->path, s.line);
	if (s.bracket_line)
		return err_set(e, ERR_DATA,
			       "%s:%d: the bracket is never closed", at->path,
			       s.bracket_line);
	rewind(f);
	return true;
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
	ok = is_balanced(f, &at, e) && read_records(f, &at, fn, arg, e);
	if (ok && ferror(f))
		ok = err_sys(e, "cannot read %s %s", what, path);
	fclose(f);
	return ok;
}
