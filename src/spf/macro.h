/* macro: RFC 7208 7, macros in domain-specs and explanations. */
#ifndef SPF_MACRO_H
#define SPF_MACRO_H

#include "base/buf.h"
#include "base/ip.h"

#include <stdint.h>

/* Syntax only.  NULL when right, else what is wrong.  explanation: the letters
 * c, r and t and spaces are allowed. */
const char *spf_macro_check(str text, bool explanation);
/* The same, and ends in "." toplabel or a macro (7.1 domain-end). */
const char *spf_domain_spec_check(str text);

/* True when %{p} or %{P} stands in it: its value needs DNS. */
bool spf_macro_uses_p(str text);

struct spf_macro_values {
	str local, sender_domain; /* %{l}, %{o}, and %{s} of both */
	str domain; /* %{d} */
	struct ip ip; /* %{i}, %{c}, %{v} */
	str validated; /* %{p}: a validated name or "unknown" */
	str helo; /* %{h} */
	str receiver; /* %{r} */
	int64_t now; /* %{t} */
};

/* text must have passed the check.  At most out's maximum. */
void spf_macro_expand(struct buf *out, str text,
		      const struct spf_macro_values *values);

/* As a domain name: without final dot, cut to 253 octets by whole labels from
 * the left (7.3).  In the arena. */
str spf_domain_expand(struct arena *arena, str spec,
		      const struct spf_macro_values *values);

#endif
