/* job: one message from MAIL to its verdict.  Internal to the filter. */
#ifndef DAEMON_JOB_H
#define DAEMON_JOB_H

#include "daemon/filter.h"
#include "dkim/sign.h"
#include "mail/longline.h"
#include "verify/verify.h"

enum job_kind {
	JOB_OPEN, /* before the end of headers */
	JOB_IGNORE,
	JOB_SIGN,
	JOB_VERIFY
};

struct job {
	struct arena *arena;
	struct filter *filter;
	struct era *era; /* a share */
	const struct snapshot *s; /* era->conf */
	struct header header;
	struct verify *verify; /* JOB_VERIFY, unless malformed */
	enum job_kind kind;
	int64_t now;
	bool out_of_memory;
	bool exempt, exempt_spf; /* not judged by SPF and DMARC; by SPF */
	const char *malformed; /* what is wrong with the header, or NULL */
	str quarantine; /* why, when it is to be held */

	str envelope_from;
	str *rcpts;
	size_t n_rcpts, cap_rcpts;

	/* Authentication-Results to be removed: which of them, from 1 */
	uint32_t *forged;
	size_t n_forged, cap_forged;
	uint32_t results_seen;

	struct sign_request request;
	struct sign_choice *choice;
	struct bodyhash *bodyhash; /* JOB_SIGN */
	struct dkim_sign **signatures;
	struct privkey **keys;
	size_t n_signatures;
	const struct verdict *verdict; /* when it is there */
	bool seals; /* an ARC set is under way */
	bool folds; /* lines are signed as the MTA will break them */
	struct longline longline;
	bool cr; /* FixCRLF: a CR came last */
};

/* NULL: no memory. */
struct job *job_new(struct filter *f, str envelope_from);
void job_free(struct job *j); /* NULL is fine */

/* Makes j->verify, up to the envelope.  False: no memory. */
bool job_verify_envelope(struct job *j);
/* Goes on up to the end of headers. */
bool job_verify(struct job *j);

/* exempt.c: is this client judged by SPF and DMARC?  Sets j->exempt...; and,
 * at the end of headers, is this message judged by DMARC? */
void exempt_client(struct job *j);
bool exempt_from_dmarc(struct job *j);

/* claims.c: hands what trusted filters found out to j->verify. */
void claims_take(struct job *j);

/* {j}, AuthservID and the queue id, as far as they are known. */
str job_queue_id(const struct job *j);
str job_authserv_id(struct job *j);

/* rules.c: which count of RFC 5322 3.6 the header breaks; NULL: none. */
const char *rules_broken(const struct header *h, struct arena *arena);

/* sender.c: the address whose domain decides; fills request. */
void job_find_sender(struct job *j);

/* forged.c: looks at one Authentication-Results field as it comes. */
void job_note_results(struct job *j, str value);

/* signing.c */
enum milter_verdict signing_begin(struct job *j);
void signing_body(struct job *j, str chunk);
/* The header as it will be when what we remove is gone. */
const struct header *job_header_that_stays(struct job *j);
void signing_end(struct job *j);

/* judging.c */
void judging_mail(struct job *j); /* at MAIL: SPF's questions leave */
enum milter_verdict judging_begin(struct job *j);
void judging_end(struct job *j);

/* action.c: what On-... says, as a verdict.  text is for the client. */
enum milter_verdict job_act(struct job *j, enum conf_action action, str text);
/* The same with the enhanced codes of a refusal; NULL: 5.7.0, 4.7.0. */
enum milter_verdict job_act_as(struct job *j, enum conf_action action,
			       const char *permanent, const char *temporary,
			       str text);
/* A verdict, into the counters; job_finish does it itself. */
void job_count(struct job *j, enum milter_verdict v);
/* Deletions, quarantine, DKIM-Filter: the changes of every kept message.  After
 * milter_changes(). */
void job_common_changes(struct job *j);
void job_finish(struct job *j, enum milter_verdict v);
/* The value of a field ("Name: value", or all that stands behind the colon) as
 * a milter sends it: without its first space, folds as LF. */
str job_value(struct job *j, str field);

/* report.c: the line of this message in the log. */
void report_ignored(struct job *j);
void report_signed(struct job *j, const char *trouble);
void report_verified(struct job *j, const struct verdict *v,
		     enum milter_verdict outcome);
void report_refused(struct job *j, const char *why, enum milter_verdict v);

#endif
