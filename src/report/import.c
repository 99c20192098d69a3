/* Files, and the batches in which their reports go to the store. */
#include "report/import.h"

#include "base/ascii.h"
#include "crypto/hash.h"
#include "report/import_inside.h"

#include <stdio.h>
#include <stdlib.h>

/* A batch: rows after which it is committed. */
enum { BATCH_ROWS = 50000, REPORT_COSTS = 20 };

struct importer *importer_new(struct store *s, int64_t now,
			      const struct import_sink *sink)
{
	struct importer *im = calloc(1, sizeof *im);

	if (!im)
		return NULL;
	im->store = s;
	im->now = now;
	im->sink = *sink;
	im->arena = arena_new(1 << 16);
	if (im->arena)
		return im;
	free(im);
	return NULL;
}

void importer_free(struct importer *im)
{
	if (!im)
		return;
	aggregate_free(im->aggregate);
	if (im->in_batch)
		store_rollback(im->store);
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
	if (!im->in_batch)
		return true;
	im->in_batch = false;
	im->batch = 0;
	return store_commit(im->store, &im->counts.store, e);
}

bool import_begin(struct importer *im, const struct store_head *h)
{
	if (!im->in_batch && !store_begin(im->store, im->e))
		return store_broke(im);
	im->in_batch = true;
	if (!store_report_begin(im->store, h, im->e))
		return store_broke(im);
	im->in_report = true;
	im->batch += REPORT_COSTS;
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
	};

	im->in_report = false;
	if (!store_report_end(im->store, &t, im->e))
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
	return store_report_cancel(im->store, im->e) || store_broke(im);
}

/* Lengths in front of the values keep two lists of them apart. */
void ident_add(struct hash *h, str s)
{
	ident_count(h, s.p ? s.n : UINT64_MAX);
	hash_add(h, s.n ? s.p : "", s.n);
}

void ident_count(struct hash *h, uint64_t n)
{
	unsigned char b[8];

	for (int i = 0; i < 8; i++)
		b[i] = (unsigned char)(n >> (8 * i));
	hash_add(h, b, sizeof b);
}

struct hash *ident_new(struct importer *im, const struct store_head *h)
{
	struct hash *hash = hash_new(im->arena, HASH_SHA256);

	ident_count(hash, (uint64_t)h->kind);
	ident_add(hash, h->org);
	ident_add(hash, h->report_id);
	ident_count(hash, (uint64_t)h->begin);
	ident_count(hash, (uint64_t)h->end);
	return hash;
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
	if (!im->store_failed && im->batch >= BATCH_ROWS)
		return importer_commit(im, im->e) || store_broke(im);
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
	if (!ok && im->in_batch) {
		im->in_batch = im->in_report = false;
		store_rollback(im->store);
	}
	return ok;
}
