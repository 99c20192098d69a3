/* import: what people and MTAs have, a report, an archive of them, a mail that
 * carries some, a box of such mails, read into a store. */
#ifndef REPORT_IMPORT_H
#define REPORT_IMPORT_H

#include "store/store.h"

struct importer;

struct import_sink {
	void *arg;
	/* A piece that holds or should hold a report and cannot be read: its
	 * octets, and why.  name: the file, with the number of the message in
	 * it when it is a box. */
	void (*failed)(void *arg, str name, str piece, const char *why);
};

struct import_counts {
	struct store_counts store; /* committed; complete after a commit */
	uint64_t failed; /* pieces that could not be read */
	uint64_t other; /* mails that are no reports */
	uint64_t mended; /* reports with warnings */
	uint64_t skipped; /* rows */
};

/* now: for what the store notes.  A thread stores while files are read, so the
 * store is nobody else's until importer_free.  NULL: *e. */
struct importer *importer_new(struct store *s, int64_t now,
			      const struct import_sink *sink, struct err *e);
/* Keeps each report as it came (store/originals.h). */
void importer_keep(struct importer *im);
void importer_free(struct importer *im); /* what is not committed is gone */

/* Reads one file.  found: it held a report, maybe one that was there already.
 * A mail or a box without one is no failure unless `named`, that is, unless a
 * person said that this is a report.  False: *e, the store does not work (which
 * may be known some files later): what is not committed by then never will be.
 * Commits come by themselves now and then. */
bool importer_take(struct importer *im, str file, str name, bool named,
		   struct err *e);
/* Waits until all of it is in the store for good. */
bool importer_commit(struct importer *im, struct err *e);

const struct import_counts *importer_counts(const struct importer *im);

#endif
