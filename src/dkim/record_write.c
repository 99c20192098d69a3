#include "dkim/record_write.h"

#include "base/base64.h"
#include "dkim/qp.h"

enum { RECORD_MAX = 8192 };

/* n= is dkim-qp-section; blanks may stand in it as they are. */
static void put_notes(struct buf *b, str notes)
{
	str word;
	bool first = true;

	while (str_split(&notes, ' ', &word)) {
		if (!first)
			buf_putc(b, ' ');
		first = false;
		dkim_qp_encode(b, word, "");
	}
}

str dkim_record_write(struct arena *arena, const struct privkey *key,
		      const struct dkim_record_options *o, size_t *key_at)
{
	struct buf b = buf_of(arena, RECORD_MAX);

	buf_put(&b, STR("v=DKIM1; "));
	if (o->notes.n) {
		buf_put(&b, STR("n="));
		put_notes(&b, o->notes);
		buf_put(&b, STR("; "));
	}
	if (o->hashes.n)
		buf_printf(&b, "h=%.*s; ", STR_ARG(o->hashes));
	buf_printf(&b, "k=%s; ", key_type_name(privkey_type(key)));
	if (o->testing || o->exact_identity)
		buf_printf(&b, "t=%s%s%s; ", o->testing ? "y" : "",
			   o->testing && o->exact_identity ? ":" : "",
			   o->exact_identity ? "s" : "");
	if (o->email_only)
		buf_put(&b, STR("s=email; "));
	*key_at = b.n;
	buf_put(&b, STR("p="));
	buf_put(&b, base64_encode(arena, privkey_public(key, arena)));
	return buf_str(&b);
}
