/* received: see mail/received.h. */
#include "mail/received.h"

#include "base/cur.h"

static bool is_space(int c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_spaces(struct cur *c)
{
	while (!cur_done(c) && is_space(cur_peek(c)))
		c->p++;
}

/* The next word outside comments; comments are given whole. */
static str next(struct cur *c)
{
	str rest;
	size_t n = 0, depth = 0;

	skip_spaces(c);
	rest = cur_rest(c);
	while (n < rest.n) {
		char byte = rest.p[n];

		if (byte == '(') {
			if (!depth && n)
				break;
			depth++;
		} else if (byte == ')' && depth && !--depth) {
			n++;
			break;
		} else if (!depth && (is_space(byte) || byte == ';')) {
			break;
		}
		n++;
	}
	if (!n && rest.n) /* a ";" */
		n = 1;
	c->p += n;
	return str_head(rest, n);
}

/* "[192.0.2.1]", "[IPv6:2001:db8::1]" */
static bool find_address(str text, struct ip *out)
{
	str inside;

	while (text.n) {
		text = str_skip(text, str_find(text, '[') + 1);
		inside = str_head(text, str_find(text, ']'));
		if (str_istarts(inside, STR("IPv6:")))
			inside = str_skip(inside, sizeof "IPv6:" - 1);
		if (inside.n && ip_parse(inside, out))
			return true;
	}
	return false;
}

static bool has_tls(str comment)
{
	for (; comment.n; comment = str_skip(comment, 1))
		if (str_istarts(comment, STR("TLS")))
			return true;
	return false;
}

/* RFC 3848, RFC 6531: ESMTPS, ESMTPSA, UTF8SMTPS ... */
static bool is_secure(str protocol)
{
	return str_iends(protocol, STR("SMTPS")) ||
	       str_iends(protocol, STR("SMTPSA")) ||
	       str_iends(protocol, STR("LMTPS")) ||
	       str_iends(protocol, STR("LMTPSA"));
}

/* The same with the A of AUTH. */
static bool is_submission(str protocol)
{
	return str_iends(protocol, STR("SMTPA")) ||
	       str_iends(protocol, STR("SMTPSA"));
}

struct received received_parse(str value)
{
	struct received r = { .ip = { .family = IP_NONE } };
	struct cur c = cur_of(value);
	bool from = false; /* until "by" */

	for (;;) {
		str word = next(&c);

		if (!word.n || str_eq(word, STR(";")))
			return r;
		if (str_ieq(word, STR("from")) && !r.helo.n) {
			r.helo = next(&c);
			from = true;
			(void)find_address(r.helo, &r.ip);
		} else if (str_ieq(word, STR("by"))) {
			from = false;
		} else if (str_ieq(word, STR("with"))) {
			str protocol = next(&c);

			r.known = true;
			r.tls = r.tls || is_secure(protocol);
			r.submitted = is_submission(protocol);
		} else if (word.p[0] == '(') {
			if (from && r.ip.family == IP_NONE)
				(void)find_address(word, &r.ip);
			r.tls = r.tls || has_tls(word);
		}
	}
}
