#include "report/redact.h"

#include "base/limits.h"
#include "crypto/hash.h"
#include "dns/name.h"
#include "mail/address.h"
#include "report/letter.h"

enum { FIELDS_EACH = 5, ADDRESSES = 20, HASHED = 8 };

void redact_line(struct buf *out, str text)
{
	size_t end = out->n + LIMIT_INCIDENT_FIELD;
	bool gap = false;

	text = str_trim(text);
	for (size_t i = 0; i < text.n && out->n < end; i++) {
		char c = text.p[i];

		if (c == ' ' || (unsigned char)c < ' ' || c == 127) {
			gap = true;
			continue;
		}
		if (gap)
			buf_putc(out, ' ');
		gap = false;
		buf_putc(out, (unsigned char)c > 127 ? '?' : c);
	}
}

static void put_hashed(struct buf *out, const struct redaction *r, str local)
{
	struct hash *h = hash_new(out->arena, HASH_SHA256);
	str digest;

	hash_add(h, r->secret, REDACT_SECRET);
	hash_add(h, local.p, local.n);
	digest = hash_end(h);
	for (size_t i = 0; i < HASHED; i++)
		buf_printf(out, "%02x", (unsigned)(unsigned char)digest.p[i]);
}

static bool is_plain(struct arena *arena, str local, str domain)
{
	struct buf b = buf_of(arena, 512);

	buf_printf(&b, "%.*s@%.*s", STR_ARG(local), STR_ARG(domain));
	return !b.overflow && letter_address_ok(buf_str(&b));
}

void redact_address(struct buf *out, const struct redaction *r, str local,
		    str domain, bool own)
{
	bool named = dns_name_is_domain(domain, true);

	if (own && named && dns_name_is_below(domain, r->domain) &&
	    is_plain(out->arena, local, domain))
		buf_put(out, local);
	else
		put_hashed(out, r, local);
	buf_putc(out, '@');
	buf_put(out, named ? domain : STR("invalid"));
}

static void put_addresses(struct buf *out, const struct redaction *r, str value,
			  bool own)
{
	struct mailbox one;
	struct mailboxes list;

	if (!mailboxes_parse(out->arena, value, &list)) {
		list = (struct mailboxes){ .box = &one };
		list.n = mailbox_first(out->arena, value, &one);
	}
	for (size_t i = 0; i < list.n && i < ADDRESSES; i++) {
		buf_put(out, i ? STR(",\n ") : STR(" "));
		redact_address(out, r, list.box[i].local, list.box[i].domain,
			       own);
	}
}

static bool is_shown(char c)
{
	return c == '\n' || c == '\t' || (c >= ' ' && c <= '~');
}

/* z=, a copy of header fields. */
static bool has_copy(str value)
{
	str tag;

	while (str_split(&value, ';', &tag)) {
		tag = str_trim(tag);
		if (str_starts(tag, STR("z")) &&
		    str_starts(str_trim(str_skip(tag, 1)), STR("=")))
			return true;
	}
	return false;
}

/* As it was signed, with its folds, so that it can be looked at; but for one
 * that holds a copy of the header. */
static void put_signature(struct buf *out, str value)
{
	size_t column = 0;

	if (has_copy(value)) {
		buf_put(out, STR(" (left out)"));
		return;
	}
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c == '\r' || column > LIMIT_INCIDENT_FIELD)
			continue;
		column = c == '\n' ? 0 : column + 1;
		buf_putc(out, is_shown(c) ? c : '?');
	}
}

enum kind { ABSENT, LINE, OWN_ADDRESSES, ADDRESSES_OF_OTHERS, SIGNATURE };

static enum kind kind_of(str name)
{
	static const struct {
		const char *name;
		enum kind kind;
	} kept[] = {
		{ "From", OWN_ADDRESSES },       { "Sender", OWN_ADDRESSES },
		{ "To", ADDRESSES_OF_OTHERS },   { "Date", LINE },
		{ "Message-ID", LINE },          { "List-Id", LINE },
		{ "DKIM-Signature", SIGNATURE },
	};

	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		if (str_ieq(name, str_of(kept[i].name)))
			return kept[i].kind;
	return ABSENT;
}

static void put_field(struct buf *out, const struct redaction *r,
		      const struct field *f, enum kind kind)
{
	buf_put(out, f->name);
	buf_putc(out, ':');
	if (kind == LINE) {
		buf_putc(out, ' ');
		redact_line(out, f->value);
	} else if (kind == SIGNATURE) {
		put_signature(out, f->value);
	} else {
		put_addresses(out, r, f->value, kind == OWN_ADDRESSES);
	}
	buf_putc(out, '\n');
}

str redact_header(struct arena *arena, const struct redaction *r,
		  const struct header *h)
{
	struct buf out = buf_of(arena, LIMIT_INCIDENT_TEXT);
	size_t kinds[SIGNATURE + 1] = { 0 };

	for (size_t i = 0; i < h->n; i++) {
		const struct field *f = &h->fields[i];
		enum kind kind = kind_of(f->name);
		struct buf one = buf_of(arena, LIMIT_INCIDENT_TEXT);

		if (kind == ABSENT || ++kinds[kind] > FIELDS_EACH)
			continue;
		put_field(&one, r, f, kind);
		if (!one.overflow && one.n <= out.max - out.n)
			buf_put(&out, buf_str(&one));
	}
	return buf_str(&out);
}
