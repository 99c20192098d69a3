#include "letter.h"

#include "dkim/sign.h"

#include <stdio.h>
#include <stdlib.h>

enum { MESSAGE_MAX = 64 << 20 };

static const char built_in[] =
	"Received: from client.example (client.example [198.51.100.1])\n"
	"\tby mx.example.org (Postfix) with ESMTPSA id QUEUEID1\n"
	"\tfor <b@example.net>; Thu,  1 Jan 2026 00:00:00 +0000 (UTC)\n"
	"Date: Thu, 1 Jan 2026 00:00:00 +0000\n"
	"From: \"A. Author\" <a@DOMAIN>\nTo: b@example.net\n"
	"Message-ID: <1.2.3@DOMAIN>\nSubject: a message\n"
	"MIME-Version: 1.0\nContent-Type: text/plain; "
	"charset=\"utf-8\"\nContent-Transfer-Encoding: 7bit\n"
	"User-Agent: none\nX-One: 1\nX-Two: 2\n\n";

static void put_numbered(struct buf *b, str text, size_t number)
{
	char digits[24];
	int n = snprintf(digits, sizeof digits, "%zu", number);

	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '%')
			buf_put(b, (str){ digits, (size_t)n });
		else
			buf_putc(b, text.p[i]);
}

static void put_built_in(struct buf *b, str domain)
{
	static const str mark = STR_INIT("DOMAIN");

	for (str rest = str_of(built_in); rest.n; rest = str_skip(rest, 1))
		if (str_starts(rest, mark)) {
			buf_put(b, domain);
			rest = str_skip(rest, mark.n - 1);
		} else {
			buf_putc(b, rest.p[0]);
		}
	while (b->n < 2600)
		buf_put(b, STR("a line of text that is sixty-two "
			       "octets long with its end\r\n"));
}

/* As a mail queue has it: every line ends in CRLF. */
static str with_crlf(str text, struct arena *arena)
{
	struct buf b = buf_of(arena, MESSAGE_MAX);

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\n' && (i == 0 || text.p[i - 1] != '\r'))
			buf_putc(&b, '\r');
		buf_putc(&b, text.p[i]);
	}
	return buf_str(&b);
}

static void split(str message, struct letter *l, struct arena *arena)
{
	l->header = message;
	for (size_t i = 0; i + 1 < message.n; i++)
		if (message.p[i] == '\n' && message.p[i + 1] == '\n') {
			l->header = str_head(message, i + 1);
			l->body = with_crlf(str_skip(message, i + 2), arena);
			return;
		}
}

bool letter_field(str header, size_t *at, str *field)
{
	str rest = str_skip(header, *at);
	size_t n = 0;

	if (!rest.n)
		return false;
	while (n < rest.n && !(rest.p[n] == '\n' &&
			       (n + 1 == rest.n || (rest.p[n + 1] != ' ' &&
						    rest.p[n + 1] != '\t'))))
		n++;
	*field = str_head(rest, n);
	*at += n + 1;
	return true;
}

static str signature_of(const struct letter *l, str domain, struct privkey *key,
			struct arena *arena)
{
	struct header h = header_of(arena, 0, 0);
	struct bodyhash *bh = bodyhash_new(arena);
	const struct dkim_sign_options o = {
		.domain = domain,
		.selector = STR("s1"),
		.key = key,
		.header_canon = CANON_RELAXED,
		.body_canon = CANON_RELAXED,
		.sign = dkim_names_opendkim,
		.never = dkim_names_never,
		.timestamp = 1767225600, /* that of the message */
		.body_length = -1,
	};
	struct dkim_sign *s = dkim_sign_new(arena, &o, bh);
	struct err e;
	size_t at = 0;
	str field;

	while (letter_field(l->header, &at, &field))
		(void)header_add_raw(&h, field);
	bodyhash_feed(bh, l->body);
	bodyhash_end(bh);
	if (!dkim_sign_finish(s, &h, bh, &field, &e)) {
		fprintf(stderr, "%s\n", e.text);
		exit(EXIT_FAILURE);
	}
	return field;
}

/* Folds as an MTA hands them to a milter: LF. */
static void put_field(struct buf *b, str field)
{
	for (size_t i = 0; i < field.n; i++)
		if (field.p[i] != '\r')
			buf_putc(b, field.p[i]);
	buf_putc(b, '\n');
}

/* The field on top and the signature. */
static void add_fields(const struct letter_plan *plan, size_t number,
		       str domain, struct letter *l, struct arena *arena)
{
	struct buf top = buf_of(arena, MESSAGE_MAX);

	if (plan->field.n) {
		put_numbered(&top, plan->field, number);
		buf_putc(&top, '\n');
	}
	if (plan->key)
		put_field(&top, signature_of(l, domain, plan->key, arena));
	buf_put(&top, l->header);
	l->header = buf_str(&top);
}

struct letter letter_make(const struct letter_plan *plan, size_t number,
			  struct arena *arena)
{
	struct buf domain = buf_of(arena, 256), sender = buf_of(arena, 512),
		   text = buf_of(arena, MESSAGE_MAX);
	struct letter l = { .body = STR("") };

	put_numbered(&domain, plan->domain, number);
	if (!plan->file.n)
		put_built_in(&text, buf_str(&domain));
	split(plan->file.n ? plan->file : buf_str(&text), &l, arena);
	add_fields(plan, number, buf_str(&domain), &l, arena);
	buf_printf(&sender, "<a@%.*s>", STR_ARG(buf_str(&domain)));
	l.sender = buf_str(&sender);
	return l;
}
