/* run: what one run of a check shares between its mechanisms.  Inside only. */
#ifndef SPF_RUN_H
#define SPF_RUN_H

#include "spf/check.h"
#include "spf/macro.h"
#include "spf/record.h"

enum { SPF_STEPS_MAX = 512 };

struct spf_run {
	struct asks *asks;
	struct arena *arena;
	const struct spf_query *query;
	struct spf_macro_values values; /* domain changes with the record */
	unsigned lookups, voids, max_lookups, max_voids;
	unsigned includes; /* open ones */
	struct spf_verdict *out;
	struct spf_step *steps; /* NULL: nobody wants to see them */
};

/* What became of one mechanism. */
enum spf_match {
	SPF_MATCH,
	SPF_NO_MATCH,
	SPF_MATCH_PENDING,
	SPF_MATCH_TEMPERROR,
	SPF_MATCH_PERMERROR
};

enum spf_match spf_problem(struct spf_run *run, enum spf_match result,
			   const char *problem, str at);

/* The void lookups of one term (4.6.4): NXDOMAIN or no records. */
enum spf_match spf_void(struct spf_run *run, enum spf_match otherwise, str at);

/* a, mx, exists and ptr; target is expanded and is a name. */
enum spf_match spf_match_a(struct spf_run *run, const struct spf_term *t,
			   str target);
enum spf_match spf_match_mx(struct spf_run *run, const struct spf_term *t,
			    str target);
enum spf_match spf_match_exists(struct spf_run *run, str target);
enum spf_match spf_match_ptr(struct spf_run *run, str target);

/* %{p} (7.3).  False: pending. */
bool spf_validated_name(struct spf_run *run, str *out);

#endif
