/* score: one message judged as a stranger would, in points of ten: what the
 * message itself, DNS and the envelope show.  What could not be looked at is
 * "skip" and costs nothing.  Pure: everything comes in as facts. */
#ifndef SCORE_SCORE_H
#define SCORE_SCORE_H

#include "mail/message.h"
#include "mail/received.h"
#include "verify/verdict.h"

enum score_category {
	SCORE_AUTHENTICATION, /* 5 points */
	SCORE_TRANSPORT, /* 2 */
	SCORE_FORM, /* 1.5 */
	SCORE_LIST, /* 1 */
	SCORE_REPUTATION, /* 0.5 */
	SCORE_CATEGORIES
};

enum score_id {
#define ROW(id, code, category, points, title, wanted, why, fix) SCORE_##id,
#include "score/rows.def"
#undef ROW
	SCORE_ROWS
};

struct score_kind {
	const char *code;
	enum score_category category;
	int points; /* hundredths, lost at most */
	const char *title, *wanted, *why, *fix; /* untranslated */
};
extern const struct score_kind score_kinds[SCORE_ROWS];

enum score_status { SCORE_OK, SCORE_NOTE, SCORE_WARN, SCORE_FAIL, SCORE_SKIP };

struct score_row {
	enum score_status status;
	int lost; /* hundredths */
	const char *seen; /* untranslated */
	str detail; /* of the message or DNS: any bytes; may be empty */
	str evidence; /* lines, as they came, any bytes; may be empty */
};

struct score {
	struct score_row rows[SCORE_ROWS]; /* by enum score_id */
	int points[SCORE_CATEGORIES]; /* hundredths that are left */
	int total; /* hundredths, of 1000 */
};

extern const int score_out_of[SCORE_CATEGORIES];
const char *score_category_word(enum score_category c); /* for JSON */
extern const char *const score_titles[SCORE_CATEGORIES]; /* untranslated */
const char *score_status_word(enum score_status s);
enum { SCORE_POINTS_MAX = 16 };
str score_points(int hundredths, char out[SCORE_POINTS_MAX]); /* "0.25" */

struct score_body {
	uint64_t octets;
	size_t line, longest_line; /* without CRLF */
	bool cr; /* the last octet was one */
	bool eight_bit;
};
void score_body_add(struct score_body *b, str chunk);

/* Of a name in one blocklist. */
struct score_listing {
	str list;
	const struct dns_answer *answer;
};

struct score_facts {
	const struct verdict *verdict; /* DKIM, SPF, DMARC, iprev */
	const struct header *header;
	struct score_body body;
	struct ip ip; /* IP_NONE: not known */
	str helo; /* or empty */
	const struct received *received; /* the hop that came to us; or NULL */
	/* NULL: not asked */
	const struct dns_answer *helo_answer; /* A or AAAA, by ip's family */
	const struct dns_answer *mx, *address; /* of the From domain */
	const struct score_listing *listings;
	size_t n_listings;
	/* What was asked, for the evidence: by the verdict; besides.  Or NULL */
	const struct asks *verdict_asks, *asks;
};

void score_make(struct arena *arena, const struct score_facts *f,
		struct score *out);

/* Its parts. */
void score_authentication(struct arena *arena, const struct score_facts *f,
			  struct score *s);
void score_host(struct arena *arena, const struct score_facts *f,
		struct score *s);
void score_form(struct arena *arena, const struct score_facts *f,
		struct score *s);
void score_list(struct arena *arena, const struct score_facts *f,
		struct score *s);
/* Fills in what every row was judged from. */
void score_evidence(struct arena *arena, const struct score_facts *f,
		    struct score *out);

/* lost: hundredths. */
void score_put(struct score *s, enum score_id id, enum score_status status,
	       int lost, const char *seen, str detail);
/* The whole of its points, as fail; or none. */
void score_judge(struct score *s, enum score_id id, bool good, const char *fine,
		 const char *bad, str detail);

#endif
