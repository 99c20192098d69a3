#include "report/letter.h"

#include "base/ascii.h"
#include "dns/name.h"

#include <time.h>

str letter_file_name(struct arena *arena, const struct letter *l)
{
	struct buf b = buf_of(arena, 1024);

	buf_printf(&b, "%.*s!%.*s!%lld!%lld!%.*s.xml.gz", STR_ARG(l->submitter),
		   STR_ARG(l->domain), (long long)l->begin, (long long)l->end,
		   STR_ARG(l->unique));
	return buf_str(&b);
}

void letter_date(struct buf *out, int64_t seconds)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t t = (time_t)seconds;
	struct tm tm = { .tm_mday = 1 };

	(void)gmtime_r(&t, &tm);
	buf_printf(out, "%.3s, %02d %.3s %04d %02d:%02d:%02d +0000",
		   &days[(size_t)3 * ((size_t)tm.tm_wday % 7)], tm.tm_mday,
		   &months[(size_t)3 * ((size_t)tm.tm_mon % 12)],
		   tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void letter_base64(struct buf *out, str octets)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";
	unsigned column = 0;

	while (octets.n) {
		const unsigned char *p = (const unsigned char *)octets.p;
		unsigned v = (unsigned)p[0] << 16;
		char four[4];

		v |= octets.n > 1 ? (unsigned)p[1] << 8 : 0;
		v |= octets.n > 2 ? p[2] : 0;
		for (unsigned i = 0; i < 4; i++)
			four[i] = alphabet[v >> (18 - 6 * i) & 63];
		if (octets.n < 3)
			four[3] = '=';
		if (octets.n < 2)
			four[2] = '=';
		buf_put(out, (str){ four, 4 });
		octets = str_skip(octets, 3);
		column += 4;
		if (column == 76 || !octets.n) {
			buf_putc(out, '\n');
			column = 0;
		}
	}
}

bool letter_address_ok(str address)
{
	static const char marks[] = "#$&*+/=?^_{}~-";
	size_t at = str_rfind(address, '@');
	str local = str_head(address, at);

	if (!local.n || local.n > 64 || at == address.n ||
	    !dns_name_is_domain(str_skip(address, at + 1), true) ||
	    local.p[0] == '-' || local.p[0] == '.' ||
	    local.p[local.n - 1] == '.')
		return false;
	for (size_t i = 0; i < local.n; i++) {
		bool dots = local.p[i] == '.' && local.p[i + 1] == '.';

		if (dots || (local.p[i] != '.' &&
			     !ascii_is(local.p[i], ASCII_ALPHA | ASCII_DIGIT) &&
			     (!local.p[i] || !strchr(marks, local.p[i]))))
			return false;
	}
	return true;
}

static void put_field(struct buf *out, const char *name, str value)
{
	buf_printf(out, "%s: %.*s\n", name, STR_ARG(value));
}

static void put_text(struct buf *out, const struct letter *l)
{
	buf_printf(out,
		   "This is a DMARC aggregate report (RFC 9990) about mail in "
		   "the name of\n%.*s.\n\n",
		   STR_ARG(l->domain));
	buf_put(out, STR("It was asked for by the rua tag of the domain's "
			 "DMARC record. The report is the\nattached file; it "
			 "is made by a program, and for one.\n"));
}

/* One part's head; the boundary stands in no base64 and not in the text. */
static void put_part(struct buf *out, str boundary, const char *type)
{
	buf_printf(out, "--%.*s\nContent-Type: %s", STR_ARG(boundary), type);
}

void letter_write(struct buf *out, const struct letter *l)
{
	struct buf boundary = buf_of(out->arena, 256);
	str name = letter_file_name(out->arena, l);

	buf_printf(&boundary, "=_%.*s", STR_ARG(l->unique));
	put_field(out, "From", l->from);
	put_field(out, "To", l->to);
	buf_printf(out,
		   "Subject: Report Domain: %.*s\n Submitter: %.*s\n Report-ID:"
		   " <%.*s>\n",
		   STR_ARG(l->domain), STR_ARG(l->submitter),
		   STR_ARG(l->report_id));
	buf_put(out, STR("Date: "));
	letter_date(out, l->date);
	buf_printf(out, "\nMessage-ID: <%.*s>\n", STR_ARG(l->message_id));
	/* RFC 3834: nobody's vacation answers it */
	buf_put(out, STR("Auto-Submitted: auto-generated\n"
			 "Precedence: bulk\nMIME-Version: 1.0\n"));
	buf_printf(out, "Content-Type: multipart/mixed; boundary=\"%.*s\"\n\n",
		   STR_ARG(buf_str(&boundary)));
	put_part(out, buf_str(&boundary), "text/plain; charset=us-ascii\n\n");
	put_text(out, l);
	put_part(out, buf_str(&boundary), "application/gzip;\n name=");
	buf_printf(out,
		   "\"%.*s\"\nContent-Transfer-Encoding: base64\n"
		   "Content-Disposition: attachment;\n filename=\"%.*s\"\n\n",
		   STR_ARG(name), STR_ARG(name));
	letter_base64(out, l->octets);
	buf_printf(out, "--%.*s--\n", STR_ARG(buf_str(&boundary)));
}
