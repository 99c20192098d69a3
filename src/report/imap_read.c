#include "report/imap_read.h"

#include "base/ascii.h"
#include "base/cur.h"
#include "base/ip.h"
#include "base/limits.h"
#include "dns/name.h"

/* "{123}" or "{123+}" at the end of a line announces so many octets. */
static bool announces(str line, uint64_t *n)
{
	size_t brace = str_rfind(line, '{');
	struct cur c = cur_of(str_skip(line, brace + 1));
	uint32_t v;

	if (brace == line.n || line.p[line.n - 1] != '}' ||
	    !cur_uint(&c, UINT32_MAX, &v))
		return false;
	(void)cur_char(&c, '+');
	*n = v;
	return cur_char(&c, '}') && cur_done(&c);
}

enum imap_got imap_take(str octets, struct imap_response *out, size_t *used)
{
	size_t at = 0;

	*out = (struct imap_response){ .head = STR("") };
	for (unsigned literals = 0; literals <= LIMIT_IMAP_LITERALS;
	     literals++) {
		str rest = str_skip(octets, at);
		size_t end = str_find(rest, '\n');
		str line = str_head(rest, end);
		uint64_t n;

		if (line.n > LIMIT_IMAP_LINE)
			return IMAP_NONSENSE;
		if (end == rest.n)
			return IMAP_MORE;
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (!literals)
			out->head = line;
		at += end + 1;
		if (!announces(line, &n)) {
			*used = at;
			return IMAP_RESPONSE;
		}
		if (n > LIMIT_IMAP_LITERAL)
			return IMAP_NONSENSE;
		if (n > octets.n - at)
			return IMAP_MORE;
		if (!out->literal.p)
			out->literal = (str){ octets.p + at, (size_t)n };
		at += (size_t)n;
	}
	return IMAP_NONSENSE;
}

bool imap_search(str *rest, uint32_t *uid)
{
	struct cur c = cur_of(*rest);
	bool ok;

	cur_wsp(&c);
	ok = cur_uint(&c, UINT32_MAX, uid);
	*rest = cur_rest(&c);
	return ok;
}

bool imap_untagged(str line, str word, str *rest)
{
	if (!str_starts(line, STR("* ")))
		return false;
	line = str_skip(line, 2);
	if (!str_istarts(line, word) ||
	    (line.n > word.n && line.p[word.n] != ' '))
		return false;
	*rest = str_skip(line, word.n);
	return true;
}

bool imap_quote(struct buf *out, str s)
{
	buf_putc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < ' ' || c >= 0x7f)
			return false;
		if (c == '"' || c == '\\')
			buf_putc(out, '\\');
		buf_putc(out, (char)c);
	}
	buf_putc(out, '"');
	return true;
}

/* ---- URLs ---- */

static int hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

static bool decode(struct arena *arena, str s, str *out)
{
	char *p = arena_alloc(arena, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '%') {
			p[n++] = s.p[i];
			continue;
		}
		if (i + 2 >= s.n)
			return false;

		int high = hex(s.p[i + 1]), low = hex(s.p[i + 2]);

		if (high < 0 || low < 0)
			return false;
		p[n++] = (char)(high * 16 + low);
		i += 2;
	}
	*out = (str){ p, n };
	return true;
}

static bool read_port(str s, uint16_t *port)
{
	struct cur c = cur_of(s);
	uint32_t v;

	if (!cur_uint(&c, 65535, &v) || !cur_done(&c) || !v)
		return false;
	*port = (uint16_t)v;
	return true;
}

static bool read_host(str s, struct imap_url *out)
{
	size_t end = s.n && s.p[0] == '[' ? str_find(s, ']') : str_find(s, ':');
	struct ip ip;

	out->host = str_head(s, end);
	if (s.n && s.p[0] == '[') {
		if (end == s.n)
			return false;
		out->host = str_skip(out->host, 1);
		end++;
		if (!ip_parse(out->host, &ip))
			return false;
	} else if (!dns_name_is_domain(out->host, true)) {
		return false;
	}
	s = str_skip(s, end);
	return !s.n || (s.p[0] == ':' && read_port(str_skip(s, 1), &out->port));
}

bool imap_url_parse(struct arena *arena, str text, struct imap_url *out)
{
	size_t slash, at;
	str server, user;

	*out = (struct imap_url){ .user = STR(""), .folder = STR("INBOX") };
	out->tls = str_istarts(text, STR("imaps://"));
	if (!out->tls && !str_istarts(text, STR("imap://")))
		return false;
	text = str_skip(text, out->tls ? 8 : 7);
	slash = str_find(text, '/');
	server = str_head(text, slash);
	text = str_skip(text, slash + 1);
	at = str_rfind(server, '@');
	user = at < server.n ? str_head(server, at) : STR("");
	out->secret = str_find(user, ':') < user.n;
	if (at < server.n)
		server = str_skip(server, at + 1);
	if (text.n && !decode(arena, text, &out->folder))
		return false;
	return decode(arena, user, &out->user) && read_host(server, out);
}
