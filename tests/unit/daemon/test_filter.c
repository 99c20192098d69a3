/* Whole messages through the filter: settings, packets of an MTA, scripted DNS
 * answers; what is asked of the MTA comes out as text. */
#include "base/base64.h"
#include "crypto/privkey.h"
#include "daemon/filter.h"
#include "dns/script.h"
#include "milter/codec.h"
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

static char dir[] = "/tmp/inkan-filter-XXXXXX";
static char key_path[64], conf_path[64];
static char record[1024]; /* of that key */

struct run {
	struct station st;
	struct filter f;
	struct arena *arena;
	struct script *dns;
	struct buf out, text;
	struct snapshot *s;
};

static void mark_ready(struct station *st, struct filter *f)
{
	(void)st;
	f->is_ready = true;
}

static void write_conf(const char *settings)
{
	FILE *file = fopen(conf_path, "w");

	assert_non_null(file);
	fprintf(file,
		"Domain example.org\nSelector s1\nKeyFile %s\n"
		"RequireSafeKeys no\nInternalHosts 192.0.2.9\n%s\n",
		key_path, settings);
	assert_int_equal(fclose(file), 0);
}

static void begin(struct run *r, const char *settings)
{
	const char *path = conf_path;
	struct snapshot_request rq = { .purpose = SNAPSHOT_START,
				       .paths = &path,
				       .n_paths = 1 };

	*r = (struct run){ .st = { .host = "host.example",
				   .fixed_time = 1000000000,
				   .ready = mark_ready },
			   .out = { .max = 1 << 24 },
			   .text = { .max = 1 << 24 } };
	write_conf(settings);
	r->s = snapshot_load(&rq);
	assert_true(r->s->ok);
	r->arena = arena_new(65536);
	r->dns = script_new(r->arena);
	script_txt(r->dns, "s1._domainkey.example.org", record, 0);
	station_use(&r->st, era_new(r->s, script_resolver(r->dns)));
	filter_init(&r->f, &r->st);
	r->f.session.out = &r->out;
}

static void end(struct run *r)
{
	filter_done(&r->f);
	era_release(r->st.era);
	buf_free(&r->out);
	buf_free(&r->text);
	arena_free(r->arena);
}

/* Replies that are not plain "go on", one a line, NUL as |, u32 as its last
 * digit. */
static void take_replies(struct run *r)
{
	struct cur c = cur_of(buf_str(&r->out));
	struct milter_frame f;

	while (milter_take(&c, 1 << 24, &f) == MILTER_TAKEN) {
		str d = f.data;

		if (f.command == 'c' || f.command == 'O')
			continue;
		buf_putc(&r->text, f.command);
		if (f.command == 'i' || f.command == 'm') {
			buf_printf(&r->text, "%d ", d.p[3]);
			d = str_skip(d, 4);
		}
		for (size_t i = 0; i < d.n; i++)
			buf_putc(&r->text, (char)(d.p[i] ? d.p[i] : '|'));
		buf_putc(&r->text, '\n');
	}
	r->out.n = 0;
}

static void send_packet(struct run *r, char command, str data)
{
	struct buf b = { .max = 1 << 24 };
	struct cur c;

	milter_put(&b, command, data);
	c = cur_of(buf_str(&b));
	assert_true(milter_session_input(&r->f.session, &c));
	buf_free(&b);
	take_replies(r);
}

#define PACKET(r, command, literal) send_packet(r, command, STR(literal))

static void hello(struct run *r, bool ours)
{
	PACKET(r, 'O', "\0\0\0\6\0\0\1\xff\0\x1f\xff\xff");
	PACKET(r, 'D', "Cj\0mx.example.org\0");
	if (ours)
		PACKET(r, 'C',
		       "client.example\0"
		       "4xx192.0.2.9\0");
	else
		PACKET(r, 'C',
		       "[198.51.100.1]\0"
		       "4xx198.51.100.1\0");
	PACKET(r, 'H', "client.example\0");
}

/* A header block with CRLF between fields; the body as it is. */
static void message(struct run *r, str header, str body)
{
	PACKET(r, 'M', "<a@example.org>\0");
	PACKET(r, 'R', "<b@example.net>\0");
	while (header.n) {
		struct buf b = { .max = 1 << 24 };
		size_t n = 0;

		while (n < header.n &&
		       !(header.p[n] == '\r' &&
			 (n + 2 >= header.n ||
			  (header.p[n + 2] != ' ' && header.p[n + 2] != '\t'))))
			n++;

		str line = str_head(header, n);
		size_t colon = str_find(line, ':');

		milter_put_string(&b, str_head(line, colon));
		milter_put_string(&b, str_skip(line, colon + 1));
		send_packet(r, 'L', buf_str(&b));
		buf_free(&b);
		header = str_skip(header, n + 2);
	}
	PACKET(r, 'D', "Ni\0Q1\0");
	PACKET(r, 'N', "");
	if (r->f.session.state == MILTER_DECIDED)
		return;
	if (body.n)
		send_packet(r, 'B', body);
	PACKET(r, 'E', "");
}

#define PLAIN                                          \
	"From: a@example.org\r\nTo: b@example.net\r\n" \
	"Date: Sun, 09 Sep 2001 01:46:40 +0000\r\nSubject: s\r\n"

static char signed_header[4096];

/* The signature that the filter makes becomes the header of later tests. */
static void signs(void **state)
{
	struct run r;

	(void)state;
	begin(&r, "Canonicalization relaxed/simple\nOversignHeaders From");
	hello(&r, true);
	message(&r, STR(PLAIN), STR("hi\r\n"));

	str t = buf_str(&r.text);

	assert_true(
		str_starts(t, STR("i0 DKIM-Signature| v=1; a=rsa-sha256; "
				  "c=relaxed/simple; d=example.org; s=s1;")));
	assert_true(t.n > 3 && str_eq(str_skip(t, t.n - 3), STR("\na\n")));

	size_t bar = str_find(t, '|') + 1, n = 0;

	n = (size_t)snprintf(signed_header, sizeof signed_header,
			     "DKIM-Signature:");
	for (; t.p[bar] != '|'; bar++) {
		if (t.p[bar] == '\n')
			signed_header[n++] = '\r';
		signed_header[n++] = t.p[bar];
	}
	(void)snprintf(signed_header + n, sizeof signed_header - n, "\r\n%s",
		       PLAIN);
	end(&r);
}

static bool holds(const struct run *r, const char *what)
{
	str t = buf_str(&r->text), w = str_of(what);

	for (size_t i = 0; i + w.n <= t.n; i++)
		if (str_starts(str_skip(t, i), w))
			return true;
	fprintf(stderr, "not found: %s\nin: %.*s\n", what, STR_ARG(t));
	return false;
}

static void judges(void **state)
{
	static const struct {
		const char *settings;
		bool with_signature;
		const char *header; /* before the rest */
		const char *body;
		const char *want;
	} cases[] = {
		{ "", true, "", "hi\r\n",
		  "i0 Authentication-Results| mx.example.org;\n dkim=pass "
		  "(2048-bit key)" },
		{ "", true, "", "ho\r\n", "dkim=fail (2048-bit key) reason=" },
		{ "On-BadSignature reject", true, "", "ho\r\n",
		  "y550 5.7.0 bad DKIM signature data|" },
		{ "On-BadSignature discard", true, "", "ho\r\n", "d\n" },
		{ "On-BadSignature quarantine", true, "", "ho\r\n",
		  "qbad DKIM signature data|" },
		{ "", false, "", "hi\r\n", "s\na\n" },
		{ "AlwaysAddARHeader yes", false, "", "hi\r\n",
		  "i0 Authentication-Results| mx.example.org;\n dkim=none|" },
		{ "AlwaysAddARHeader yes\nAuthservID HOSTNAME", false, "", "",
		  "Authentication-Results| host.example;\n dkim=none|" },
		{ "On-NoSignature tempfail", false, "", "",
		  "y451 4.7.0 no DKIM signature data|" },
		{ "On-Default reject\nOn-NoSignature accept", false, "", "",
		  "a\n" },
		/* forged results: from the last to the first */
		{ "", false,
		  "Authentication-Results: mx.example.org; dkim=pass\r\n"
		  "Authentication-Results: other.example; dkim=pass\r\n"
		  "Authentication-Results: mx.example.org; spf=pass\r\n"
		  "Authentication-Results: MX.Example.ORG (x); dkim=pass\r\n",
		  "",
		  "m4 Authentication-Results||\nm1 Authentication-Results||\n"
		  "a\n" },
		{ "RemoveARAll yes", false,
		  "Authentication-Results: mx.example.org; spf=pass\r\n", "",
		  "m1 Authentication-Results||\na\n" },
		{ "KeepAuthResults yes", false,
		  "Authentication-Results: mx.example.org; dkim=pass\r\n", "",
		  "a\n" },
		{ "RemoveARFrom .example.net", false,
		  "Authentication-Results: a.example.net; dkim=pass\r\n", "",
		  "m1 Authentication-Results||\na\n" },
		/* headers that break the rules */
		{ "RequiredHeaders yes", false, "From: z@example.net\r\n", "",
		  "y550 5.0.0 message does not have exactly one From field|" },
		{ "RequiredHeaders yes", false, "Subject: z\r\n", "",
		  "y550 5.0.0 message has multiple Subject fields|" },
		{ "StrictHeaders yes", false, "Subject: z\r\n", "hi",
		  "s\ni0 Authentication-Results| mx.example.org;\n "
		  "dkim=permerror (bad message/signature format)" },
		{ "StrictHeaders yes\nIgnoreMalformedMail yes", false,
		  "Subject: z\r\n", "hi", "s\na\n" },
		/* policies over signatures that verify */
		{ "UnprotectedKey fail", true, "", "hi\r\n",
		  "dkim=fail (2048-bit key) reason=" },
		{ "MustBeSigned Subject,To", true, "", "hi\r\n", "dkim=pass" },
		{ "MustBeSigned X-Other,X-New", true, "X-New: 1\r\n", "hi\r\n",
		  "dkim=policy" },
		{ "MaximumHeaders 100", true, "", "hi\r\n",
		  "y451 4.7.0 message header too large|" },
		{ "MaximumHeaders 100\nOn-Security accept", true, "", "hi\r\n",
		  "dkim=policy" },
		{ "FixCRLF yes", true, "", "hi\n", "dkim=pass" },
		{ "FixCRLF yes", true, "", "hi\r", "dkim=pass" },
		{ "", true, "", "hi\n", "dkim=fail" },
		{ "SoftwareHeader yes", true, "", "hi\r\n",
		  "i0 DKIM-Filter| inkan v" },
		{ "On-BadSignature reject", false,
		  "DKIM-Signature: v=1 a=x\r\n", "",
		  "y550 5.7.0 DKIM signature syntax error|" },
		{ "RedirectFailuresTo p@example.org", true, "", "ho\r\n",
		  "-<b@example.net>|\n+<p@example.org>|\na\n" },
		{ "PeerList 198.51.100.1", false, "", "", "a\n" },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct buf h = { .max = 1 << 20 };
		struct run r;

		begin(&r, cases[i].settings);
		hello(&r, false);
		buf_put(&h, str_of(cases[i].header));
		buf_put(&h, cases[i].with_signature ? str_of(signed_header)
						    : STR(PLAIN));
		message(&r, buf_str(&h), str_of(cases[i].body));
		assert_true(holds(&r, cases[i].want));
		buf_free(&h);
		end(&r);
	}
}

static void acts_on_dns_trouble(void **state)
{
	static const struct {
		const char *settings;
		enum dns_status status;
		const char *want;
	} cases[] = {
		{ "", DNS_TEMPFAIL, "y451 4.7.0 DKIM key retrieval failed|" },
		{ "On-DNSError accept", DNS_TEMPFAIL, "dkim=temperror" },
		{ "", DNS_NXDOMAIN, "dkim=permerror" },
		{ "On-KeyNotFound reject", DNS_NXDOMAIN,
		  "y550 5.7.0 DKIM key retrieval failed|" },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct run r;

		begin(&r, cases[i].settings);
		script_status(r.dns, "s1._domainkey.example.org", SCRIPT_ANY,
			      cases[i].status, 0);
		script_status(r.dns, "s1._domainkey.example.org", DNS_TXT,
			      cases[i].status, 0);
		hello(&r, false);
		message(&r, str_of(signed_header), STR("hi\r\n"));
		assert_true(holds(&r, cases[i].want));
		end(&r);
	}
}

static void waits_for_answers(void **state)
{
	struct run r;

	(void)state;
	begin(&r, "");
	script_txt(r.dns, "s1._domainkey.example.org", record, 50);
	hello(&r, false);
	message(&r, str_of(signed_header), STR("hi\r\n"));
	assert_true(filter_waiting(&r.f));
	assert_int_equal(r.text.n, 0);
	while (!r.f.is_ready)
		assert_true(script_next(r.dns));
	filter_resume(&r.f);
	take_replies(&r);
	assert_true(holds(&r, "dkim=pass"));
	assert_false(filter_waiting(&r.f));

	/* the MTA gives up; the answer that comes then finds nobody */
	r.text.n = 0;
	r.f.is_ready = false;
	message(&r, str_of(signed_header), STR("hi\r\n"));
	assert_true(filter_waiting(&r.f));
	PACKET(&r, 'A', "");
	while (script_next(r.dns))
		;
	filter_resume(&r.f);
	take_replies(&r);
	assert_int_equal(r.text.n, 0);

	/* the deadline */
	message(&r, str_of(signed_header), STR("hi\r\n"));
	filter_give_up(&r.f);
	take_replies(&r);
	assert_true(holds(&r, "y451 4.7.0 DKIM key retrieval failed|"));
	end(&r);
}

static void decides_to_sign(void **state)
{
	static const struct {
		const char *settings;
		bool ours;
		const char *header, *want;
	} cases[] = {
		{ "", true, PLAIN, "i0 DKIM-Signature|" },
		{ "", false, PLAIN, "a\n" },
		{ "DontSignMailTo b@example.net", true, PLAIN, "a\n" },
		{ "ExemptDomains example.org", true, PLAIN, "a\n" },
		{ "RemoveOldSignatures yes", true,
		  "DKIM-Signature: a\r\nDKIM-Signature: b\r\n" PLAIN,
		  "m2 DKIM-Signature||\nm1 DKIM-Signature||\n"
		  "i0 DKIM-Signature|" },
		{ "StrictHeaders yes", true, "Subject: z\r\n" PLAIN,
		  "y550 5.7.0 DKIM signing error|" },
		{ "Mode v", true, PLAIN, "a\n" },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct run r;

		begin(&r, cases[i].settings);
		hello(&r, cases[i].ours);
		message(&r, str_of(cases[i].header), STR("hi\r\n"));
		assert_true(holds(&r, cases[i].want));
		end(&r);
	}
}

static int prepare(void **state)
{
	struct arena *arena = arena_new(4096);
	struct privkey *key;
	struct err e;

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(key_path, sizeof key_path, "%s/k", dir);
	(void)snprintf(conf_path, sizeof conf_path, "%s/c", dir);
	key = privkey_generate(KEY_RSA, 2048, &e);
	if (!key || !privkey_write(key, key_path, &e))
		return -1;
	(void)snprintf(
		record, sizeof record, "v=DKIM1; k=rsa; p=%.*s",
		STR_ARG(base64_encode(arena, privkey_public(key, arena))));
	privkey_free(key);
	arena_free(arena);
	return 0;
}

static int clean_up(void **state)
{
	(void)state;
	(void)unlink(key_path);
	(void)unlink(conf_path);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs),
		cmocka_unit_test(judges),
		cmocka_unit_test(acts_on_dns_trouble),
		cmocka_unit_test(waits_for_answers),
		cmocka_unit_test(decides_to_sign),
	};

	return cmocka_run_group_tests(tests, prepare, clean_up);
}
