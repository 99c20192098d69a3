#include "report/failure_text.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/limits.h"

enum { TEXT_MAX = 16384, HEAD_ROOM = 4096, VALUE_MAX = 256 };

/* Sentences that nobody else writes. */
static const str sentences[] = {
	STR_INIT("has failed the published DMARC policy"),
	STR_INIT("did not meet the sending domain's dmarc policy"),
	STR_INIT("authentication-failure report for an email message"),
};

static const struct {
	str says, means;
} fields[] = {
	{ STR_INIT("Sender Domain"), STR_INIT("Reported-Domain") },
	{ STR_INIT("Reported-Domain"), STR_INIT("Reported-Domain") },
	{ STR_INIT("Sender IP Address"), STR_INIT("Source-IP") },
	{ STR_INIT("Source-IP"), STR_INIT("Source-IP") },
	{ STR_INIT("Received Date"), STR_INIT("Arrival-Date") },
	{ STR_INIT("Arrival-Date"), STR_INIT("Arrival-Date") },
	{ STR_INIT("DMARC Results"), STR_INIT("Delivery-Result") },
	{ STR_INIT("Delivery-Result"), STR_INIT("Delivery-Result") },
	{ STR_INIT("Original-Mail-From"), STR_INIT("Original-Mail-From") },
};

/* Is the sentence here, however its lines are broken?  *end: where it ends. */
static bool says(str text, str sentence, size_t *end)
{
	size_t i = 0, n = 0;

	while (n < sentence.n && i < text.n) {
		if (sentence.p[n] == ' ' && ascii_is(text.p[i], ASCII_SPACE)) {
			while (i < text.n && ascii_is(text.p[i], ASCII_SPACE))
				i++;
			n++;
		} else if (ascii_lower(text.p[i]) ==
			   ascii_lower(sentence.p[n])) {
			i++;
			n++;
		} else {
			return false;
		}
	}
	*end = i;
	return n == sentence.n;
}

/* What comes behind the sentence; absent: it is nowhere. */
static str behind(str text, str sentence)
{
	size_t end;

	for (size_t i = 0; i < text.n; i++)
		if (says(str_skip(text, i), sentence, &end))
			return str_skip(text, i + end);
	return (str){ NULL, 0 };
}

bool failure_text_is(str text)
{
	text = str_head(text, TEXT_MAX);
	for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++)
		if (behind(text, sentences[i]).p)
			return true;
	return false;
}

static void put(struct buf *out, str name, str value)
{
	buf_printf(out, "%.*s: %.*s\r\n", STR_ARG(name),
		   STR_ARG(str_head(value, VALUE_MAX)));
}

/* The methods that gave no aligned identifier (RFC 9991). */
static void put_alignment(struct buf *out, bool spf, bool dkim)
{
	put(out, STR("Identity-Alignment"),
	    spf && dkim ? STR("spf, dkim")
	    : spf       ? STR("spf")
	    : dkim      ? STR("dkim")
			: STR("none"));
}

static void put_field(struct buf *out, str name, str value)
{
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (str_ieq(name, fields[i].says))
			put(out, fields[i].means, value);
}

/* "... received from IP 192.0.2.1 on Tue, 30 Apr 2019 02:09:00 +0000 (UTC)." */
static void put_sentence(struct buf *out, str text)
{
	str rest = behind(text, STR("received from IP ")), word;

	if (!rest.p)
		return;
	word = str_head(rest, str_find(rest, ' '));
	rest = str_skip(rest, word.n + 1);
	put(out, STR("Source-IP"), str_head(word, str_find(word, '\n')));
	if (str_istarts(rest, STR("on ")))
		put(out, STR("Arrival-Date"),
		    str_head(str_skip(rest, 3),
			     str_find(str_skip(rest, 3), '\n')));
}

static bool announces_sample(str line)
{
	return str_starts(line, STR("---")) &&
	       behind(line, STR("copy of the")).p;
}

/* Behind the blank line below the one that announces it. */
static str sample_in(str rest)
{
	str line;

	while (str_split(&rest, '\n', &line))
		if (!str_trim(line).n && rest.p)
			return rest;
	return STR("");
}

str failure_text_read(struct arena *arena, str text, str *sample)
{
	struct buf out = buf_of(arena, HEAD_ROOM);
	bool spf = false, dkim = false, alignment = false;
	str rest = str_head(text, TEXT_MAX), line;

	*sample = STR("");
	buf_put(&out, STR("Feedback-Type: auth-failure\r\n"
			  "Auth-Failure: dmarc\r\n"));
	while (str_split(&rest, '\n', &line)) {
		size_t colon = str_find(line, ':');
		str name = str_trim(str_head(line, colon));
		str value = str_trim(str_skip(line, colon + 1));
		bool no = str_istarts(value, STR("no"));

		if (announces_sample(line)) {
			*sample = sample_in(
				str_skip(text, (size_t)(line.p - text.p)));
			break;
		}
		if (str_ieq(name, STR("SPF Alignment")))
			alignment = true, spf = no;
		else if (str_ieq(name, STR("DKIM Alignment")))
			alignment = true, dkim = no;
		else
			put_field(&out, name, value);
	}
	if (alignment)
		put_alignment(&out, spf, dkim);
	put_sentence(&out, str_head(text, TEXT_MAX));
	return buf_str(&out);
}
