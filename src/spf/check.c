#include "spf/check.h"

#include "base/ascii.h"
#include "base/limits.h"
#include "dns/idn.h"
#include "dns/name.h"
#include "spf/run.h"

enum { EXPLANATION_MAX = 1024 };

const char *spf_result_word(enum spf_result result)
{
	static const char *const words[] = {
		[SPF_PENDING] = "temperror",   [SPF_NONE] = "none",
		[SPF_NEUTRAL] = "neutral",     [SPF_PASS] = "pass",
		[SPF_FAIL] = "fail",           [SPF_SOFTFAIL] = "softfail",
		[SPF_TEMPERROR] = "temperror", [SPF_PERMERROR] = "permerror",
	};

	return words[result];
}

enum spf_match spf_problem(struct spf_run *run, enum spf_match result,
			   const char *problem, str at)
{
	run->out->problem = problem;
	run->out->problem_at = at;
	return result;
}

enum spf_match spf_void(struct spf_run *run, enum spf_match otherwise, str at)
{
	if (++run->voids > run->max_voids)
		return spf_problem(run, SPF_MATCH_PERMERROR,
				   "too many void DNS lookups", at);
	return otherwise;
}

static void step(struct spf_run *run, unsigned depth, str text,
		 const char *outcome, str target)
{
	if (!run->steps || run->out->n_steps == SPF_STEPS_MAX)
		return;
	run->steps[run->out->n_steps++] = (struct spf_step){
		.depth = depth,
		.domain = run->values.domain,
		.text = text,
		.outcome = outcome,
		.target = target,
		.lookups = run->lookups,
		.voids = run->voids,
	};
}

/* 4.3: at least two labels, none empty or over 63 octets, no literal */
static bool domain_usable(struct arena *arena, str name, str *out)
{
	if (name.n && name.p[name.n - 1] == '.')
		name.n--;
	if (!dns_name_to_ascii(arena, name, out) || !dns_name_valid(*out) ||
	    dns_name_labels(*out) < 2 || out->p[0] == '[')
		return false;
	return true;
}

static enum spf_result by_qualifier(char qualifier)
{
	return qualifier == '-'   ? SPF_FAIL
	       : qualifier == '~' ? SPF_SOFTFAIL
	       : qualifier == '?' ? SPF_NEUTRAL
				  : SPF_PASS;
}

/* A local part outside ASCII cannot be part of a name: the term then matches
 * nothing (RFC 8616 4). */
static bool uses_odd_local(const struct spf_run *run, str spec)
{
	if (str_is_ascii(run->values.local))
		return false;
	for (size_t i = 0; i + 2 < spec.n; i++) {
		char letter = ascii_lower(spec.p[i + 2]);

		if (spec.p[i] == '%' && spec.p[i + 1] == '{' &&
		    (letter == 's' || letter == 'l'))
			return true;
	}
	return false;
}

/* The expanded domain-spec, or the current domain.  False: pending. */
static bool target_of(struct spf_run *run, str spec, str *out)
{
	if (!spec.n) {
		*out = run->values.domain;
		return true;
	}
	run->values.validated = STR("unknown");
	if (spf_macro_uses_p(spec) &&
	    !spf_validated_name(run, &run->values.validated))
		return false;
	*out = spf_domain_expand(run->arena, spec, &run->values);
	return true;
}

/* include and redirect recurse; every level costs one of the lookups, of which
 * there are max_lookups.  NOLINTBEGIN(misc-no-recursion) */
static enum spf_result check_host(struct spf_run *run, str domain,
				  unsigned depth);

/* 5.2: what the other record's result means here */
static enum spf_match match_include(struct spf_run *run, str target,
				    unsigned depth)
{
	str domain = run->values.domain, mechanism = run->out->mechanism;
	enum spf_result r;

	run->includes++;
	r = check_host(run, target, depth + 1);
	run->includes--;
	run->values.domain = domain;
	run->out->mechanism = mechanism;
	switch (r) {
	case SPF_PENDING:
		return SPF_MATCH_PENDING;
	case SPF_PASS:
		return SPF_MATCH;
	case SPF_TEMPERROR:
		return SPF_MATCH_TEMPERROR;
	case SPF_PERMERROR:
		return SPF_MATCH_PERMERROR;
	case SPF_NONE:
		return spf_problem(run, SPF_MATCH_PERMERROR,
				   "included domain has no SPF record", target);
	default:
		return SPF_NO_MATCH;
	}
}

static bool over_lookups(struct spf_run *run)
{
	return ++run->lookups > run->max_lookups;
}

static enum spf_match match_asking(struct spf_run *run,
				   const struct spf_term *t, unsigned depth,
				   str *target)
{
	if (over_lookups(run))
		return spf_problem(run, SPF_MATCH_PERMERROR,
				   "too many DNS lookups", t->text);
	if (!target_of(run, t->spec, target))
		return SPF_MATCH_PENDING;
	if (uses_odd_local(run, t->spec))
		return SPF_NO_MATCH;
	if (t->mechanism == SPF_INCLUDE)
		return match_include(run, *target, depth);
	if (!dns_name_valid(*target)) /* 4.8: nothing to ask for */
		return SPF_NO_MATCH;
	switch (t->mechanism) {
	case SPF_A:
		return spf_match_a(run, t, *target);
	case SPF_MX:
		return spf_match_mx(run, t, *target);
	case SPF_PTR:
		return spf_match_ptr(run, *target);
	default:
		return spf_match_exists(run, *target);
	}
}

static const char *match_word(enum spf_match m)
{
	static const char *const words[] = {
		[SPF_MATCH] = "match",
		[SPF_NO_MATCH] = "no match",
		[SPF_MATCH_PENDING] = "pending",
		[SPF_MATCH_TEMPERROR] = "temperror",
		[SPF_MATCH_PERMERROR] = "permerror",
	};

	return words[m];
}

static enum spf_match match_term(struct spf_run *run, const struct spf_term *t,
				 unsigned depth)
{
	size_t at = run->out->n_steps;
	str target = STR("");
	enum spf_match m;

	step(run, depth, t->text, "", target); /* before its children */
	switch (t->mechanism) {
	case SPF_ALL:
		m = SPF_MATCH;
		break;
	case SPF_IP4:
	case SPF_IP6:
		m = ip_in_prefix(run->query->ip, t->network) ? SPF_MATCH
							     : SPF_NO_MATCH;
		break;
	default:
		m = match_asking(run, t, depth, &target);
	}
	if (run->steps && at < SPF_STEPS_MAX) {
		run->steps[at].outcome = match_word(m);
		run->steps[at].target = target;
		run->steps[at].lookups = run->lookups;
		run->steps[at].voids = run->voids;
	}
	return m;
}

/* 6.2: any trouble means no explanation.  False: pending. */
static bool explain(struct spf_run *run, str spec)
{
	struct buf b = buf_of(run->arena, EXPLANATION_MAX);
	const struct dns_answer *a;
	str target, text;

	if (!target_of(run, spec, &target))
		return false;
	if (uses_odd_local(run, spec) || !dns_name_valid(target))
		return true;
	a = ask(run->asks, DNS_TXT, target);
	if (!a)
		return false;
	if (a->status != DNS_OK || a->n != 1)
		return true;
	text = a->rr[0].data;
	if (spf_macro_check(text, true))
		return true;
	if (spf_macro_uses_p(text) &&
	    !spf_validated_name(run, &run->values.validated))
		return false;
	spf_macro_expand(&b, text, &run->values);
	for (size_t i = 0; i < b.n; i++) /* a sender's bytes may be in it */
		if (b.p[i] < ' ' || b.p[i] > '~')
			b.p[i] = '?';
	run->out->explanation = buf_str(&b);
	return true;
}

/* 6.1: as if the other record stood here */
static enum spf_result redirect(struct spf_run *run,
				const struct spf_record *record, unsigned depth)
{
	enum spf_result r;
	str target;

	if (over_lookups(run)) {
		(void)spf_problem(run, SPF_MATCH_PERMERROR,
				  "too many DNS lookups", record->redirect);
		return SPF_PERMERROR;
	}
	if (!target_of(run, record->redirect, &target))
		return SPF_PENDING;
	step(run, depth, record->redirect, "redirect", target);
	r = check_host(run, target, depth + 1);
	if (r != SPF_NONE)
		return r;
	(void)spf_problem(run, SPF_MATCH_PERMERROR,
			  "redirect to a domain without SPF record", target);
	return SPF_PERMERROR;
}

static enum spf_result evaluate(struct spf_run *run,
				const struct spf_record *record, unsigned depth)
{
	for (size_t i = 0; i < record->n; i++) {
		const struct spf_term *t = &record->terms[i];
		enum spf_result r;

		switch (match_term(run, t, depth)) {
		case SPF_NO_MATCH:
			continue;
		case SPF_MATCH_PENDING:
			return SPF_PENDING;
		case SPF_MATCH_TEMPERROR:
			run->out->mechanism = t->text;
			return SPF_TEMPERROR;
		case SPF_MATCH_PERMERROR:
			run->out->mechanism = t->text;
			return SPF_PERMERROR;
		case SPF_MATCH:
			break;
		}
		run->out->mechanism = t->text;
		r = by_qualifier(t->qualifier);
		/* 6.2: an include's own explanation is never used */
		if (r == SPF_FAIL && record->exp.p && !run->includes &&
		    !explain(run, record->exp))
			return SPF_PENDING;
		return r;
	}
	if (record->redirect.p && !record->has_all)
		return redirect(run, record, depth);
	return SPF_NEUTRAL;
}

/* 4.5: exactly one record */
static enum spf_result select_record(struct spf_run *run,
				     const struct dns_answer *a, str *record)
{
	size_t found = 0;

	for (size_t i = 0; i < a->n; i++)
		if (spf_is_record(a->rr[i].data) && found++ == 0)
			*record = a->rr[i].data;
	if (found <= 1)
		return found ? SPF_PASS : SPF_NONE;
	(void)spf_problem(run, SPF_MATCH_PERMERROR, "more than one SPF record",
			  run->values.domain);
	return SPF_PERMERROR;
}

static enum spf_result check_host(struct spf_run *run, str name, unsigned depth)
{
	const struct dns_answer *a;
	struct spf_record record;
	const char *why;
	enum spf_result r;
	str text, where;

	if (!domain_usable(run->arena, name, &run->values.domain))
		return SPF_NONE;
	a = ask(run->asks, DNS_TXT, run->values.domain);
	if (!a)
		return SPF_PENDING;
	if (a->status == DNS_TEMPFAIL) {
		(void)spf_problem(run, SPF_MATCH_TEMPERROR, "TXT lookup failed",
				  run->values.domain);
		return SPF_TEMPERROR;
	}
	r = select_record(run, a, &text);
	if (r != SPF_PASS)
		return r;
	step(run, depth, text, "record", run->values.domain);
	if (!spf_record_parse(run->arena, text, &record, &why, &where)) {
		(void)spf_problem(run, SPF_MATCH_PERMERROR, why, where);
		return SPF_PERMERROR;
	}
	return evaluate(run, &record, depth);
}

/* NOLINTEND(misc-no-recursion) */

/* The sender's local part and domain (2.4, 4.3). */
static void set_identity(struct spf_run *run)
{
	const struct spf_query *q = run->query;
	str path = q->scope == SPF_MFROM ? q->mail_from : STR("");
	size_t at = str_rfind(path, '@');
	str domain;

	run->values.local = STR("postmaster");
	if (!path.n) {
		domain = q->helo;
	} else if (at == path.n) {
		domain = path;
	} else {
		domain = str_skip(path, at + 1);
		if (at)
			run->values.local = str_head(path, at);
	}
	if (!domain_usable(run->arena, domain, &run->values.sender_domain))
		run->values.sender_domain = domain;
}

struct spf_verdict spf_check(struct asks *asks, const struct spf_query *query)
{
	struct spf_verdict out = { .scope = query->scope };
	struct spf_run run = {
		.asks = asks,
		.arena = asks_arena(asks),
		.query = query,
		.max_lookups = query->max_lookups ? query->max_lookups
						  : LIMIT_SPF_LOOKUPS,
		.max_voids = query->max_voids ? query->max_voids
					      : LIMIT_SPF_VOID_LOOKUPS,
		.out = &out,
	};

	if (query->trace)
		run.steps = arena_array_of(run.arena, struct spf_step,
					   SPF_STEPS_MAX);
	run.values.ip = query->ip;
	run.values.helo = query->helo;
	run.values.receiver = query->receiver;
	run.values.now = query->now;
	set_identity(&run);
	if (domain_usable(run.arena, run.values.sender_domain, &out.domain))
		out.result = query->ip.family == IP_NONE
				     ? SPF_NONE
				     : check_host(&run, out.domain, 0);
	else
		out.result = SPF_NONE;
	out.lookups = run.lookups;
	out.voids = run.voids;
	out.steps = run.steps;
	if (out.result != SPF_TEMPERROR && out.result != SPF_PERMERROR)
		out.problem = NULL;
	return out;
}
