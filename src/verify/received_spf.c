#include "verify/received_spf.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/limits.h"
#include "dns/name.h"

enum { VALUE_MAX = 512 };

static bool is_dot_atom(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is(s.p[i], ASCII_ALPHA | ASCII_DIGIT) &&
		    !(s.p[i] && strchr("!#$%&'*+-/=?^_`{|}~.", s.p[i])))
			return false;
	return s.n > 0;
}

static void put_value(struct buf *b, str s)
{
	s = str_head(s, VALUE_MAX);
	if (is_dot_atom(s)) {
		buf_put(b, s);
		return;
	}
	buf_putc(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '"' || c == '\\')
			buf_putc(b, '\\');
		buf_putc(b, (char)(c < ' ' || c >= 0x7f ? '?' : c));
	}
	buf_putc(b, '"');
}

static void pair(struct buf *b, const char *name, str value)
{
	buf_printf(b, "%s\r\n %s=", b->p[b->n - 1] == ')' ? "" : ";", name);
	put_value(b, value);
}

static const char *phrase(enum spf_result r)
{
	static const char *const words[] = {
		[SPF_PENDING] = "could not be looked up",
		[SPF_NONE] = "has no SPF record",
		[SPF_NEUTRAL] = "says nothing about this client",
		[SPF_PASS] = "allows this client to send",
		[SPF_FAIL] = "does not allow this client to send",
		[SPF_SOFTFAIL] = "does not expect this client to send",
		[SPF_TEMPERROR] = "could not be looked up",
		[SPF_PERMERROR] = "has an SPF record in error",
	};

	return words[r];
}

str received_spf_value(struct arena *arena, const struct spf_verdict *spf,
		       const struct verdict *v, str receiver)
{
	struct buf b = buf_of(arena, LIMIT_AUTHRES_BYTES);
	char ip[IP_TEXT_MAX];

	buf_printf(&b, " %s (", spf_result_word(spf->result));
	if (dns_name_is_domain(spf->domain, true))
		buf_printf(&b, "%.*s %s)", STR_ARG(spf->domain),
			   phrase(spf->result));
	else
		buf_printf(&b, "no domain to check)");
	pair(&b, "client-ip", ip_text(v->ip, ip));
	pair(&b, "envelope-from", v->mail_from);
	if (v->helo.n)
		pair(&b, "helo", v->helo);
	if (receiver.n)
		pair(&b, "receiver", receiver);
	pair(&b, "identity",
	     spf->scope == SPF_HELO || !v->mail_from.n ? STR("helo")
						       : STR("mailfrom"));
	if (spf->mechanism.n)
		pair(&b, "mechanism", spf->mechanism);
	if (spf->problem)
		pair(&b, "problem", str_of(spf->problem));
	return buf_str(&b);
}
