#include "report/tlsrpt.h"

#include "base/ip.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "report/values.h"

#include <jansson.h>

struct reading {
	struct arena *arena;
	const struct tlsrpt_sink *sink;
	struct store_head head;
};

/* The first of two names that is there. */
static const json_t *either(const json_t *o, const char *a, const char *b)
{
	const json_t *v = json_object_get(o, a);

	return v ? v : json_object_get(o, b);
}

/* Strings stay in the document; of a list the first counts. */
static str text_of(const json_t *v)
{
	if (json_is_array(v))
		v = json_array_get(v, 0);
	if (!json_is_string(v))
		return STR("");
	return utf8_head((str){ json_string_value(v), json_string_length(v) },
			 LIMIT_REPORT_TEXT);
}

/* A number, or a text that is one; else 0. */
static uint64_t count_of(const json_t *v)
{
	uint64_t n;

	if (json_is_real(v)) /* "2.0": all up to 2^53 are exact */
		return json_real_value(v) > 0 && json_real_value(v) < 0x1p53
			       ? (uint64_t)json_real_value(v)
			       : 0;
	if (json_is_integer(v))
		return json_integer_value(v) > 0
			       ? (uint64_t)json_integer_value(v)
			       : 0;
	return json_is_string(v) && value_count(text_of(v), &n) ? n : 0;
}

/* An address in canonical form, another text as it is. */
static str address_of(struct reading *r, const json_t *v)
{
	str s = text_of(v);
	struct ip ip;

	if (!ip_parse(s, &ip))
		return s;
	return ip_text(ip, arena_alloc(r->arena, IP_TEXT_MAX));
}

static bool put_failures(struct reading *r, const struct store_tls *policy,
			 const json_t *details)
{
	for (size_t i = 0; i < json_array_size(details); i++) {
		const json_t *d = json_array_get(details, i);
		struct store_tls row = *policy;

		row.result = text_of(json_object_get(d, "result-type"));
		if (!row.result.n)
			row.result = STR("validation-failure");
		row.sending_ip = address_of(
			r, json_object_get(d, "sending-mta-ip"));
		row.receiving_host = text_of(either(d, "receiving-mx-hostname",
						    "receiving-mx-helo"));
		row.receiving_ip = address_of(
			r, json_object_get(d, "receiving-ip"));
		row.reason = text_of(
			either(d, "failure-reason-code", "failure-error-code"));
		if (!row.reason.n)
			row.reason = text_of(either(d, "additional-information",
						    "additional-info-uri"));
		row.sessions = count_of(
			json_object_get(d, "failed-session-count"));
		if (!r->sink->row(r->sink->arg, &row))
			return false;
	}
	return true;
}

static uint64_t sum_of(const json_t *details)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < json_array_size(details); i++) {
		uint64_t n = count_of(json_object_get(
			json_array_get(details, i), "failed-session-count"));

		if (__builtin_add_overflow(sum, n, &sum))
			return UINT64_MAX;
	}
	return sum;
}

static bool put_policy(struct reading *r, const json_t *policy)
{
	const json_t *p = json_object_get(policy, "policy");
	const json_t *summary = json_object_get(policy, "summary");
	const json_t *details = json_object_get(policy, "failure-details");
	uint64_t failed = count_of(
		json_object_get(summary, "total-failure-session-count"));
	uint64_t told = sum_of(details);
	struct store_tls row = {
		.policy_type = text_of(json_object_get(p, "policy-type")),
		.mx = text_of(either(p, "mx-host", "mx-host-pattern")),
		.sessions = count_of(json_object_get(
			summary, "total-successful-session-count")),
	};

	if (!r->sink->row(r->sink->arg, &row) ||
	    !put_failures(r, &row, details))
		return false;
	if (failed <= told)
		return true;
	/* failures of which no details are given */
	row.result = STR("unspecified");
	row.sessions = failed - told;
	return r->sink->row(r->sink->arg, &row);
}

static str domain_of(struct reading *r, const json_t *policy)
{
	return value_domain(r->arena, text_of(json_object_get(
					      json_object_get(policy, "policy"),
					      "policy-domain")));
}

/* Is there a policy for this domain before the i-th? */
static bool is_earlier(struct reading *r, const json_t *policies, size_t i,
		       str domain)
{
	for (size_t k = 0; k < i; k++)
		if (str_eq(domain_of(r, json_array_get(policies, k)), domain))
			return true;
	return false;
}

static bool put_domain(struct reading *r, const json_t *policies, size_t first)
{
	r->head.domain = domain_of(r, json_array_get(policies, first));
	if (!r->sink->head(r->sink->arg, &r->head))
		return false;
	for (size_t i = first; i < json_array_size(policies); i++) {
		const json_t *p = json_array_get(policies, i);

		if (str_eq(domain_of(r, p), r->head.domain) &&
		    !put_policy(r, p))
			return false;
	}
	return r->sink->end(r->sink->arg);
}

static enum tlsrpt_end put_all(struct reading *r, const json_t *policies,
			       const char **why)
{
	enum { POLICIES = 200 };
	size_t n = json_array_size(policies), done = 0;

	if (n > POLICIES) {
		*why = "it has too many policies";
		return TLSRPT_BAD;
	}
	for (size_t i = 0; i < n; i++) {
		str domain = domain_of(r, json_array_get(policies, i));

		if (!domain.n || is_earlier(r, policies, i, domain))
			continue;
		if (!put_domain(r, policies, i))
			return TLSRPT_STOPPED;
		done++;
	}
	*why = "it does not say which domain it is about";
	return done ? TLSRPT_DONE : TLSRPT_BAD;
}

static enum tlsrpt_end read_head(struct reading *r, const json_t *root,
				 const char **why)
{
	const json_t *range = json_object_get(root, "date-range");
	struct store_head *h = &r->head;
	bool begin = value_time(
		text_of(json_object_get(range, "start-datetime")), &h->begin);
	bool end = value_time(text_of(json_object_get(range, "end-datetime")),
			      &h->end);

	h->kind = STORE_TLS;
	h->org = text_of(json_object_get(root, "organization-name"));
	h->email = text_of(json_object_get(root, "contact-info"));
	h->report_id = text_of(json_object_get(root, "report-id"));
	h->policy = STR("{}");
	if (!begin && !end) {
		*why = "it does not say which days it is about";
		return TLSRPT_BAD;
	}
	if (!begin)
		h->begin = h->end >= 86399 ? h->end - 86399 : 0;
	if (!end)
		h->end = h->begin + 86399;
	if (h->begin > h->end) {
		int64_t t = h->begin;

		h->begin = h->end;
		h->end = t;
	}
	if (!h->org.n)
		h->org = value_domain(r->arena, h->email);
	*why = "it does not say who made it";
	return h->org.n ? TLSRPT_DONE : TLSRPT_BAD;
}

static void release(void *root)
{
	json_decref(root);
}

enum tlsrpt_end tlsrpt_read(struct arena *arena, str json,
			    const struct tlsrpt_sink *sink, const char **why)
{
	struct reading r = { .arena = arena, .sink = sink };
	enum tlsrpt_end end;
	struct arena_slot *slot = arena_defer_slot(arena, release);
	json_error_t e;
	json_t *root;

	if (str_starts(json, STR("\xef\xbb\xbf")))
		json = str_skip(json, 3);
	root = json_loadb(json.p, json.n, 0, &e);
	*why = "its JSON is broken";
	if (!root)
		return TLSRPT_BAD;
	arena_defer_set(slot, root);
	*why = "it is JSON, but no TLS report";
	if (!json_object_get(root, "policies") ||
	    !json_object_get(root, "date-range"))
		end = TLSRPT_OTHER;
	else
		end = read_head(&r, root, why);
	if (end == TLSRPT_DONE)
		end = put_all(&r, json_object_get(root, "policies"), why);
	return end;
}
