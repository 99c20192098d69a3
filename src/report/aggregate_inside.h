/* aggregate_inside: the parts of the reader: the elements it knows, the record
 * and the head it is in, and what becomes of them. */
#ifndef REPORT_AGGREGATE_INSIDE_H
#define REPORT_AGGREGATE_INSIDE_H

#include "base/buf.h"
#include "base/limits.h"
#include "report/aggregate.h"

enum element {
	E_OTHER,
	E_FEEDBACK,
	E_VERSION,
	E_METADATA,
	E_ORG,
	E_EMAIL,
	E_CONTACT,
	E_REPORT_ID,
	E_DATE_RANGE,
	E_BEGIN,
	E_END,
	E_ERROR,
	E_GENERATOR,
	E_POLICY,
	E_DOMAIN,
	E_ADKIM,
	E_ASPF,
	E_P,
	E_SP,
	E_NP,
	E_PCT,
	E_FO,
	E_TESTING,
	E_DISCOVERY,
	E_RECORD,
	E_ROW,
	E_SOURCE_IP,
	E_COUNT,
	E_EVALUATED,
	E_DISPOSITION,
	E_DKIM,
	E_SPF,
	E_REASON,
	E_TYPE,
	E_COMMENT,
	E_IDENTIFIERS,
	E_IDENTITIES,
	E_HEADER_FROM,
	E_ENVELOPE_FROM,
	E_ENVELOPE_TO,
	E_AUTH_RESULTS,
	E_SELECTOR,
	E_RESULT,
	E_HUMAN_RESULT,
	E_SCOPE,
	E_EXTENSION,
	E_COUNT_OF
};

enum element element_of(str name); /* without its case */

struct auth {
	bool spf;
	str domain, selector, scope, result, human;
};

struct reason {
	str type, comment;
};

/* One <record>, as it stands there; its text lies in the block. */
struct raw_record {
	str source_ip, count, disposition, dkim, spf;
	str header_from, envelope_from, envelope_to;
	struct auth auth[LIMIT_REPORT_AUTH];
	struct reason reasons[LIMIT_REPORT_AUTH];
	size_t n_auth, n_reasons;
	bool has_auth;
};

struct raw_head {
	str version, org, email, contact, report_id, begin, end, generator;
	str domain, adkim, aspf, p, sp, np, pct, fo, testing, discovery;
	str errors[10];
	size_t n_errors;
	bool policy_done, metadata_done;
};

/* Room for the values of one record or head. */
struct block {
	char *p;
	size_t n, max;
};

/* A copy without white space around it, at most max octets of it; *cut when it
 * is longer or there is no room. */
str block_keep(struct block *b, str s, size_t max, bool *cut);

/* Writes what the store takes.  Text lies in *text (which is emptied first), in
 * `arena` or in the raw record.  False: a row that says nothing. */
bool record_read(const struct raw_record *raw, str domain, struct arena *arena,
		 struct buf *text, unsigned *warnings,
		 struct store_record *out);

/* The same for the head.  False: *why. */
bool head_read(const struct raw_head *raw, const struct report_hints *hints,
	       struct arena *arena, unsigned *warnings, struct store_head *out,
	       const char **why);

#endif
