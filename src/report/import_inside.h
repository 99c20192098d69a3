/* import_inside: one file or attachment, its documents, and the mail around. */
#ifndef REPORT_IMPORT_INSIDE_H
#define REPORT_IMPORT_INSIDE_H

#include "base/buf.h"
#include "base/limits.h"
#include "report/aggregate.h"
#include "report/gzip.h"
#include "report/import.h"
#include "report/unpack.h"
#include "store/intake.h"
#include "store/originals.h"

/* How a piece turned out. */
struct outcome {
	unsigned reports; /* put, new or known */
	const char *bad; /* a report that cannot be read: why */
	const char *other; /* it is no report: why */
};

struct importer {
	struct intake *intake;
	struct import_sink sink;
	int64_t now;
	struct arena *arena; /* for one mail or file */
	struct import_counts counts;
	struct err *e; /* where a failure of the store goes */
	bool store_failed;
	bool in_report;
	str file; /* its name, for the store */
	struct aggregate *aggregate; /* that is being read */
	bool keep; /* reports as they came */
	str original; /* the one that is being put, at its end; or absent */
	struct gzip
		*gzip; /* packs what comes unpacked or with others; or NULL */
	struct buf packed;
};

/* All documents in a file or an attachment. */
struct outcome import_documents(struct importer *im, str octets,
				const struct report_hints *hints);
/* A mail: all its parts.  *looks: it says that it carries a report. */
struct outcome import_mail(struct importer *im, str mail, bool *looks);

/* From "receiver!domain!begin!end!id.xml.gz"; what is not there stays. */
void hints_of_name(str name, struct report_hints *hints);
/* From "Report Domain: D Submitter: S Report-ID: <I>". */
void hints_of_subject(struct arena *arena, str subject,
		      struct report_hints *hints);

/* Puts one report: begin, rows, end.  False: the store failed. */
bool import_begin(struct importer *im, const struct store_head *h);
bool import_end(struct importer *im, str ident, uint64_t skipped,
		unsigned warnings);
bool import_cancel(struct importer *im);
bool store_broke(struct importer *im); /* false, and remembers it */

/* The digest of what a report says, piece by piece. */
struct ident;
struct ident *ident_new(struct importer *im, const struct store_head *h);
void ident_add(struct ident *i, str s);
void ident_count(struct ident *i, uint64_t n);
str ident_end(struct ident *i);

#endif
