/* Files, and what becomes of the reports in them. */
#include "report/import.h"

#include "base/ascii.h"
#include "crypto/hash.h"
#include "report/import_inside.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>

struct importer *importer_new(struct store *s, int64_t now,
			      const struct import_sink *sink, struct err *e)
{
	struct importer *im = calloc(1, sizeof *im);

	if (!im || !(im->arena = arena_new(1 << 16))) {
		free(im);
		(void)err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	im->now = now;
	im->sink = *sink;
	im->packed = buf_of(NULL, STORE_ORIGINAL_MAX);
	im->intake = intake_new(s, e);
	if (im->intake)
		return im;
	importer_free(im);
	return NULL;
}

void importer_keep(struct importer *im)
{
	im->keep = true;
}

void importer_free(struct importer *im)
{
	if (!im)
		return;
	aggregate_free(im->aggregate);
	gzip_free(im->gzip);
	buf_free(&im->packed);
	intake_free(im->intake);
	arena_free(im->arena);
	free(im);
}

const struct import_counts *importer_counts(const struct importer *im)
{
	return &im->counts;
}

bool store_broke(struct importer *im)
{
	im->store_failed = true;
	return false;
}

bool importer_commit(struct importer *im, struct err *e)
{
	return intake_commit(im->intake, &im->counts.store, e);
}

bool import_begin(struct importer *im, const struct store_head *h)
{
	if (!intake_report_begin(im->intake, h, im->e))
		return store_broke(im);
	im->in_report = true;
	im->original = (str){ NULL, 0 };
	return true;
}

bool import_end(struct importer *im, str ident, uint64_t skipped,
		unsigned warnings)
{
	struct store_tail t = {
		.ident = ident,
		.skipped = skipped,
		.warnings = report_warning_words(im->arena, warnings),
		.file = im->file,
		.now = im->now,
		.original = im->original,
	};

	im->in_report = false;
	if (!intake_report_end(im->intake, &t, im->e))
		return store_broke(im);
	im->counts.skipped += skipped;
	im->counts.mended += warnings != 0;
	return true;
}

bool import_cancel(struct importer *im)
{
	if (!im->in_report)
		return true;
	im->in_report = false;
	return intake_report_cancel(im->intake, im->e) || store_broke(im);
}

/* Collected before it is hashed: a row is two dozen short pieces. */
struct ident {
	struct hash *hash;
	size_t n;
	char piece[4096];
};

static void ident_put(struct ident *i, const void *p, size_t n)
{
	if (n > sizeof i->piece - i->n) {
		hash_add(i->hash, i->piece, i->n);
		i->n = 0;
	}
	if (n > sizeof i->piece) {
		hash_add(i->hash, p, n);
	} else if (n) {
		memcpy(i->piece + i->n, p, n);
		i->n += n;
	}
}

/* Lengths in front of the values keep two lists of them apart. */
void ident_add(struct ident *i, str s)
{
	ident_count(i, s.p ? s.n : UINT64_MAX);
	ident_put(i, s.p, s.p ? s.n : 0);
}

void ident_count(struct ident *i, uint64_t n)
{
	uint64_t le = htole64(n);

	ident_put(i, &le, sizeof le);
}

struct ident *ident_new(struct importer *im, const struct store_head *h)
{
	struct ident *i = arena_new_of(im->arena, struct ident);

	i->hash = hash_new(im->arena, HASH_SHA256);
	ident_count(i, (uint64_t)h->kind);
	ident_add(i, h->org);
	ident_add(i, h->report_id);
	ident_count(i, (uint64_t)h->begin);
	ident_count(i, (uint64_t)h->end);
	return i;
}

str ident_end(struct ident *i)
{
	hash_add(i->hash, i->piece, i->n);
	return hash_end(i->hash);
}

static bool is_mbox(str s)
{
	return str_starts(s, STR("From ")) && str_find(s, '\n') < s.n;
}

/* "Name: ..." in the first line, or "From " of an mbox. */
static bool is_mail(str s)
{
	size_t n = 0;

	if (is_mbox(s) || str_starts(s, STR(">From ")))
		return true;
	while (n < s.n && n < 80 && s.p[n] > 0x20 && s.p[n] < 0x7f &&
	       s.p[n] != ':')
		n++;
	return n && n < s.n && s.p[n] == ':';
}

static void tell(struct importer *im, str name, str piece,
		 const struct outcome *o, bool named, bool looks)
{
	const char *why = o->bad                         ? o->bad
			  : o->reports                   ? NULL
			  : (named || looks) && o->other ? o->other
							 : NULL;

	if (im->store_failed)
		return;
	if (why) {
		im->counts.failed++;
		im->sink.failed(im->sink.arg, name, piece, why);
	} else if (!o->reports) {
		im->counts.other++;
	}
}

/* A mail or a document; the arena is for it alone. */
static bool take_piece(struct importer *im, str piece, str name, bool named,
		       bool *found)
{
	struct report_hints hints = { 0 };
	struct outcome o;
	bool looks = false;

	arena_reset(im->arena);
	if (!arena_enter(im->arena)) {
		aggregate_free(im->aggregate);
		im->aggregate = NULL;
		gzip_free(im->gzip);
		im->gzip = NULL;
		(void)err_set(im->e, ERR_INTERNAL, "out of memory");
		return store_broke(im);
	}
	if (unpack_kind_of(str_head(piece, 512)) == UNPACK_OTHER &&
	    is_mail(piece)) {
		o = import_mail(im, piece, &looks);
	} else {
		hints_of_name(name, &hints);
		o = import_documents(im, piece, &hints);
		named = true; /* or why is it here? */
	}
	arena_leave(im->arena);
	tell(im, name, piece, &o, named, looks);
	*found |= o.reports > 0 || o.bad;
	return !im->store_failed;
}

/* Where the next message of an mbox begins: a line "From " behind an empty
 * one. */
static size_t next_message(str s)
{
	size_t at = 1;

	while (at < s.n) {
		const char *p = memmem(s.p + at, s.n - at, "\nFrom ", 6);

		if (!p)
			return s.n;
		at = (size_t)(p - s.p) + 1;
		if (p[-1] == '\n' ||
		    (p[-1] == '\r' && p - s.p > 2 && p[-2] == '\n'))
			return at;
	}
	return s.n;
}

static bool take_mbox(struct importer *im, str file, str name, bool named)
{
	bool found = false;
	unsigned n = 0;

	while (file.n) {
		size_t end = next_message(file);
		char label[4096];
		int length = snprintf(label, sizeof label, "%.*s:%u",
				      STR_ARG(str_head(name, 4000)), ++n);

		if (!take_piece(im, str_head(file, end),
				(str){ label, (size_t)length }, false, &found))
			return false;
		file = str_skip(file, end);
	}
	if (named && !found) {
		im->counts.failed++;
		im->sink.failed(im->sink.arg, name, (str){ NULL, 0 },
				"no mail in it carries a report");
	}
	return true;
}

/* Why is known; what was committed counts. */
static void give_up(struct importer *im)
{
	struct err again;

	if (im->in_report)
		(void)intake_report_cancel(im->intake, &again);
	im->in_report = false;
	(void)importer_commit(im, &again);
}

bool importer_take(struct importer *im, str file, str name, bool named,
		   struct err *e)
{
	bool found = false, ok;

	im->e = e;
	im->file = name;
	im->store_failed = false;
	if (is_mbox(file))
		ok = take_mbox(im, file, name, named);
	else
		ok = take_piece(im, file, name, named, &found);
	if (!ok)
		give_up(im);
	return ok;
}
