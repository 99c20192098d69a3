/* tsig: see publish/tsig.h.  All three forms are words between separators, so
 * one pass reads them. */
#include "publish/tsig.h"

#include "base/base64.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/limits.h"
#include "base/tr.h"
#include "dns/name.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_MIN = 8 };

struct found {
	str name, algorithm, secret;
};

static bool is_separator(int c, bool colon)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ';' ||
	       c == '{' || c == '}' || c == '"' || c == '\'' || c == ',' ||
	       (colon && c == ':');
}

/* "#" and "//" to the end of their line. */
static bool skip_comment(struct cur *c)
{
	str rest = cur_rest(c);

	if (!str_starts(rest, STR("#")) && !str_starts(rest, STR("//")))
		return false;
	(void)cur_until(c, '\n');
	return true;
}

/* The next word; empty at the end.  colon: does ":" end it? */
static str next_word(struct cur *c, bool colon)
{
	bool quoted = false; /* base64 may begin as a comment does */
	size_t n = 0;
	str all;

	while (!cur_done(c)) {
		int byte = cur_peek(c);

		if (is_separator(byte, true)) {
			quoted = byte == '"';
			c->p++;
		} else if (quoted || !skip_comment(c)) {
			break;
		}
	}
	all = cur_rest(c);
	while (n < all.n && !is_separator((unsigned char)all.p[n], colon))
		n++;
	c->p += n;
	return str_head(all, n);
}

/* ALGORITHM:NAME:SECRET */
static bool read_one_line(str text, struct found *f)
{
	struct cur c = cur_of(text);
	str rest = next_word(&c, false);

	return str_istarts(rest, STR("hmac-")) &&
	       str_split(&rest, ':', &f->algorithm) &&
	       str_split(&rest, ':', &f->name) &&
	       str_split(&rest, ':', &f->secret) && !rest.p;
}

static void read_words(str text, struct found *f)
{
	struct cur c = cur_of(text);

	for (;;) {
		str word = next_word(&c, true);
		str *to = str_ieq(word, STR("key"))         ? &f->name
			  : str_ieq(word, STR("id"))        ? &f->name
			  : str_ieq(word, STR("algorithm")) ? &f->algorithm
			  : str_ieq(word, STR("secret"))    ? &f->secret
							    : NULL;

		if (!word.n || (f->name.n && f->algorithm.n && f->secret.n))
			return;
		if (!to || to->n)
			continue;
		*to = next_word(&c, true);
		if (str_eq(*to, STR("-"))) /* "key:" before "- id:" */
			*to = (str){ NULL, 0 };
	}
}

static const char *with_dot(struct arena *arena, str name)
{
	struct buf b = buf_of(arena, DNS_NAME_MAX + 2);

	if (name.n && name.p[name.n - 1] == '.')
		name.n--;
	buf_printf(&b, "%.*s.", STR_ARG(name));
	return arena_cstr(arena, buf_str(&b));
}

/* What ldns signs with and is no longer forbidden (RFC 8945 6). */
static bool is_known(str algorithm)
{
	if (str_iends(algorithm, STR(".")))
		algorithm.n--;
	return str_ieq(algorithm, STR("hmac-sha256")) ||
	       str_ieq(algorithm, STR("hmac-sha512")) ||
	       str_ieq(algorithm, STR("hmac-sha1"));
}

static bool is_name(str name)
{
	if (name.n && name.p[name.n - 1] == '.')
		name.n--;
	return dns_name_is_domain(name, true);
}

bool tsig_parse(struct arena *arena, str text, struct tsig_key *out,
		struct err *e)
{
	struct found f = { 0 };
	str bytes;

	if (!read_one_line(text, &f)) {
		f = (struct found){ 0 };
		read_words(text, &f);
	}
	if (!f.name.n || !f.algorithm.n || !f.secret.n)
		return err_set(e, ERR_DATA,
			       _("no TSIG key is in it: it should hold a name, "
				 "an algorithm and a secret, as tsig-keygen "
				 "and keymgr write them"));
	if (!is_name(f.name))
		return err_set(e, ERR_DATA, _("its name is no domain name"));
	if (!is_known(f.algorithm))
		return err_set(e, ERR_DATA,
			       _("its algorithm is not supported: make one "
				 "with hmac-sha256"));
	if (!base64_decode(arena, f.secret, false, &bytes) ||
	    bytes.n < SECRET_MIN)
		return err_set(e, ERR_DATA,
			       _("its secret is not base64, or too short"));
	out->name = with_dot(arena, f.name);
	out->algorithm = with_dot(arena, f.algorithm);
	out->secret = arena_cstr(arena, f.secret);
	return true;
}

static bool read_all(struct arena *arena, int fd, const char *path, str *out,
		     struct err *e)
{
	char *bytes = arena_alloc(arena, LIMIT_KEY_FILE);
	ssize_t n = read(fd, bytes, LIMIT_KEY_FILE);

	if (n < 0)
		return err_sys(e, _("cannot read %s"), path);
	*out = (str){ bytes, (size_t)n };
	return true;
}

bool tsig_read(struct arena *arena, const char *path, struct tsig_key *out,
	       struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct err why = { 0 };
	struct stat st;
	bool ok = false;
	str text;

	if (fd < 0)
		return err_sys(e, _("cannot open %s"), path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		(void)err_set(e, ERR_DATA, _("%s is not a file"), path);
	else if (st.st_mode & 07)
		(void)err_set(e, ERR_PERMISSION,
			      _("%s holds a secret and everybody may read it: "
				"chmod 640 %s"),
			      path, path);
	else if (read_all(arena, fd, path, &text, e)) {
		ok = tsig_parse(arena, text, out, &why);
		if (!ok)
			(void)err_set(e, why.code, _("TSIG key %s: %s"), path,
				      why.text);
	}
	close(fd);
	return ok;
}
