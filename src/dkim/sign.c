#include "dkim/sign.h"

#include "base/base64.h"
#include "base/limits.h"
#include "dkim/headerhash.h"
#include "dkim/qp.h"

#include <inttypes.h>
#include <stdio.h>

enum { FOLD_AT = 76, FIELD_MAX = 4 << 20 };

struct dkim_sign {
	struct arena *arena;
	struct dkim_sign_options o;
	unsigned body_id;
	struct buf text; /* "DKIM-Signature: ... b=" */
	size_t column;
};

struct dkim_sign *dkim_sign_new(struct arena *arena,
				const struct dkim_sign_options *options,
				struct bodyhash *bodyhash)
{
	struct dkim_sign *s = arena_new_of(arena, struct dkim_sign);

	s->arena = arena;
	s->o = *options;
	s->text = buf_of(arena, FIELD_MAX);
	s->body_id = bodyhash_want(bodyhash, options->body_canon, HASH_SHA256,
				   options->body_length);
	return s;
}

static void put(struct dkim_sign *s, str text)
{
	buf_put(&s->text, text);
	s->column += text.n;
}

static void fold(struct dkim_sign *s)
{
	buf_put(&s->text, STR("\r\n\t"));
	s->column = 8;
}

/* One tag; folds before it when the line would be too long. */
static void put_tag(struct dkim_sign *s, const char *name, str value)
{
	put(s, STR(";"));
	if (s->column + 2 + strlen(name) + value.n > FOLD_AT)
		fold(s);
	else
		put(s, STR(" "));
	put(s, str_of(name));
	put(s, STR("="));
	put(s, value);
}

static void put_number_tag(struct dkim_sign *s, const char *name, int64_t value)
{
	char text[24];
	int n = snprintf(text, sizeof text, "%" PRId64, value);

	put_tag(s, name, (str){ text, (size_t)n });
}

/* Base64, cut where the line is full (FWS is ignored there). */
static void put_broken(struct dkim_sign *s, str text)
{
	while (text.n) {
		size_t room = s->column < FOLD_AT ? FOLD_AT - s->column : 0;

		if (!room) {
			fold(s);
			continue;
		}
		put(s, str_head(text, room));
		text = str_skip(text, room);
	}
}

/* RFC 6376 2.10 hdr-name in a tag value: what a stranger can name a field must
 * not be able to end h= and to begin another tag. */
static bool can_be_listed(str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] == ';' || (unsigned char)name.p[i] >= 0x7f)
			return false;
	return name.n > 0;
}

static bool is_signed(const struct dkim_sign_options *o, str name)
{
	return str_ieq(name, STR("From")) ||
	       (dkim_names_hold(o->sign, name) &&
		!dkim_names_hold(o->never, name) && can_be_listed(name));
}

/* Of more instances than h= can hold the uppermost are left out, as h= counts
 * from the bottom; From and the oversigned names always have room. */
static size_t list_names(const struct dkim_sign *s, const struct header *header,
			 str *names)
{
	const struct dkim_sign_options *o = &s->o;
	size_t n = 0, over = o->oversign.n, room, wanted = 0;

	if (o->exact) {
		for (; n < o->sign.n && n < LIMIT_SIGNED_NAMES; n++)
			names[n] = o->sign.names[n];
		return n;
	}
	if (over > LIMIT_SIGNED_NAMES / 2)
		over = LIMIT_SIGNED_NAMES / 2;
	room = LIMIT_SIGNED_NAMES - over - 1;
	for (size_t i = 0; i < header->n; i++)
		wanted += is_signed(o, header->fields[i].name);
	for (size_t i = 0; i < header->n; i++) {
		str name = header->fields[i].name;

		if (!is_signed(o, name))
			continue;
		if (wanted-- <= room || str_ieq(name, STR("From")))
			names[n++] = name;
		if (n == LIMIT_SIGNED_NAMES - over)
			break;
	}
	for (size_t i = 0; i < over; i++)
		names[n++] = o->oversign.names[i];
	return n;
}

static void put_names(struct dkim_sign *s, const str *names, size_t n)
{
	put_tag(s, "h", names[0]);
	for (size_t i = 1; i < n; i++) {
		put(s, STR(":"));
		if (s->column + names[i].n + 1 > FOLD_AT)
			fold(s);
		put(s, names[i]);
	}
}

/* z= (3.5): copies of the fields signed, for people who debug */
static void put_diagnostics(struct dkim_sign *s, const struct header *header,
			    const str *names, size_t n)
{
	struct buf b = buf_of(s->arena, FIELD_MAX);
	struct dkim_names signed_names = { names, n };
	bool first = true;

	for (size_t i = 0; i < header->n; i++) {
		const struct field *f = &header->fields[i];

		if (!dkim_names_hold(signed_names, f->name))
			continue;
		if (!first)
			buf_putc(&b, '|');
		first = false;
		dkim_qp_encode(&b, f->name, "|:");
		buf_putc(&b, ':');
		dkim_qp_encode(&b, f->value, "|");
	}
	put_tag(s, "z", STR(""));
	put_broken(s, buf_str(&b));
}

static str canon_words(const struct dkim_sign_options *o)
{
	static const str words[2][2] = {
		{ STR_INIT("simple/simple"), STR_INIT("simple/relaxed") },
		{ STR_INIT("relaxed/simple"), STR_INIT("relaxed/relaxed") },
	};

	return words[o->header_canon][o->body_canon];
}

static void put_optional(struct dkim_sign *s, const struct bodyhash *body)
{
	const struct dkim_sign_options *o = &s->o;

	if (o->identity.n) {
		struct buf b = buf_of(s->arena, 4096);

		dkim_qp_encode(&b, o->identity, "");
		put_tag(s, "i", buf_str(&b));
	}
	if (o->request_reports)
		put_tag(s, "r", STR("y"));
	if (o->timestamp >= 0)
		put_number_tag(s, "t", o->timestamp);
	if (o->timestamp >= 0 && o->lifetime > 0)
		put_number_tag(s, "x", o->timestamp + o->lifetime);
	if (o->body_length >= 0) {
		uint64_t octets = bodyhash_length(body, s->body_id);
		int64_t length = (uint64_t)o->body_length < octets
					 ? o->body_length
					 : (int64_t)octets;

		put_number_tag(s, "l", length);
	}
}

static bool names_hold_from(const str *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_ieq(names[i], STR("From")))
			return true;
	return false;
}

static void put_name(struct dkim_sign *s)
{
	char text[] = "ARC-Message-Signature: i=4294967295";

	if (s->o.instance)
		(void)snprintf(text, sizeof text, "ARC-Message-Signature: i=%u",
			       s->o.instance);
	put(s, s->o.instance ? str_of(text) : STR("DKIM-Signature: v=1"));
}

str dkim_sign_digest(struct dkim_sign *s, const struct header *header,
		     const struct bodyhash *body, struct err *e)
{
	str *names = arena_array_of(s->arena, str, LIMIT_SIGNED_NAMES);
	size_t n = list_names(s, header, names);
	str absent = { NULL, 0 };

	if (header->too_large) {
		(void)err_set(e, ERR_DATA,
			      "the header is too large: %zu fields of %zu "
			      "bytes were read, the rest was not",
			      header->n, header->bytes);
		return absent;
	}
	if (!header_count(header, STR("From")) || !names_hold_from(names, n)) {
		(void)err_set(e, ERR_DATA,
			      "the message has no From field, or it is not "
			      "among the fields to sign");
		return absent;
	}
	put_name(s);
	put_tag(s, "a",
		privkey_type(s->o.key) == KEY_RSA ? STR("rsa-sha256")
						  : STR("ed25519-sha256"));
	put_tag(s, "c", canon_words(&s->o));
	put_tag(s, "d", s->o.domain);
	put_tag(s, "s", s->o.selector);
	put_optional(s, body);
	put_tag(s, "bh",
		base64_encode(s->arena, bodyhash_digest(body, s->body_id)));
	put_names(s, names, n);
	if (s->o.diagnostics)
		put_diagnostics(s, header, names, n);
	put(s, STR(";"));
	fold(s);
	put(s, STR("b="));

	struct headerhash hh = {
		.algorithm = HASH_SHA256,
		.canon = s->o.header_canon,
		.names = names,
		.n_names = n,
	};

	return headerhash_digest(s->arena, &hh, header, buf_str(&s->text),
				 absent);
}

str dkim_sign_field(struct dkim_sign *s, str signature)
{
	put_broken(s, base64_encode(s->arena, signature));
	return buf_str(&s->text);
}

bool dkim_sign_finish(struct dkim_sign *s, const struct header *header,
		      const struct bodyhash *body, str *field, struct err *e)
{
	str digest = dkim_sign_digest(s, header, body, e), signature;

	if (!digest.p ||
	    !privkey_sign(s->o.key, s->arena, digest, &signature, e))
		return false;
	*field = dkim_sign_field(s, signature);
	return true;
}
