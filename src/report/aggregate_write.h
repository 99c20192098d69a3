/* aggregate_write: DMARC aggregate reports as RFC 9990 has them, about the mail
 * of others that came here.  Pure: values in, UTF-8 XML out, the same for the
 * same values.  Whatever a stranger put into a value, it stays one: controls are
 * spaces, octets that are no UTF-8 become U+FFFD, long ones are cut. */
#ifndef REPORT_AGGREGATE_WRITE_H
#define REPORT_AGGREGATE_WRITE_H

#include "base/buf.h"

#include <stdint.h>

/* Absent values are left out where the schema allows it. */
struct aggregate_meta {
	str org, email, contact, report_id, error, generator;
	int64_t begin, end; /* seconds since 1970, both inclusive */
};

/* What was published; the tags as they were found, absent: not there. */
struct aggregate_policy {
	str domain; /* where the record is */
	str p, sp, np, adkim, aspf, fo;
	str testing; /* y, n */
	str discovery; /* psl, treewalk */
};

struct aggregate_reason {
	str type, comment;
};

struct aggregate_result {
	str domain, selector, result, human;
};

/* Messages that are alike. */
struct aggregate_row {
	str source_ip;
	uint64_t count;
	str disposition; /* none, quarantine, reject: what was done */
	bool dkim, spf; /* aligned and passed */
	const struct aggregate_reason *reasons;
	size_t n_reasons;
	str header_from, envelope_from; /* of the latter: absent, or empty */
	str envelope_to; /* or absent */
	const struct aggregate_result *signatures;
	size_t n_signatures;
	struct aggregate_result spf_result; /* without a domain: none */
	bool spf_helo; /* the name of HELO was judged, not MAIL FROM's */
};

/* The parts of a document, in order: one begin, rows, one end. */
void aggregate_write_begin(struct buf *out, const struct aggregate_meta *m,
			   const struct aggregate_policy *p);
void aggregate_write_row(struct buf *out, const struct aggregate_policy *p,
			 const struct aggregate_row *row);
void aggregate_write_end(struct buf *out);

#endif
