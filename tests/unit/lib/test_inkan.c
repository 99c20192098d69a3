/* libinkan through its public header only: sign, then verify in each of the
 * three ways, and what programs do wrong. */
#include <arpa/inet.h>
#include <inkan.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* RFC 8463 A.2 */
static const char key_pem[] =
	"-----BEGIN PRIVATE KEY-----\n"
	"MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
	"-----END PRIVATE KEY-----\n";

static const char message[] = "From: Joe <joe@example.org>\r\n"
			      "To: suzie@example.net\r\n"
			      "Subject: hello\r\n"
			      "Date: Mon, 5 Jan 2026 10:00:00 +0000\r\n"
			      "\r\n"
			      "Hi.\r\n\r\nJoe.\r\n";

static const char key_name[] = "brisbane._domainkey.example.org";

struct signed_mail {
	struct inkan_key *key;
	char text[8192];
	size_t n;
};

static struct inkan_sign_options options_of(struct inkan_key *key)
{
	struct inkan_sign_options o = INKAN_SIGN_OPTIONS_INIT;

	o.domain = "example.org";
	o.selector = "brisbane";
	o.key = key;
	return o;
}

static void sign(struct signed_mail *out)
{
	struct inkan_error e = { INKAN_OK, "" };
	struct inkan_sign_options o;
	struct inkan_signing *s;
	const char *fields;

	out->key = inkan_key_parse(key_pem, sizeof key_pem - 1, &e);
	if (!out->key)
		fail_msg("%s", e.text);
	o = options_of(out->key);
	s = inkan_sign_new(&o, 1, &e);
	if (!s)
		fail_msg("%s", e.text);
	for (size_t i = 0; i < sizeof message - 1; i++)
		inkan_sign_feed(s, message + i, 1);
	fields = inkan_sign_finish(s, &e);
	if (!fields)
		fail_msg("%s", e.text);
	assert_ptr_equal(inkan_sign_finish(s, &e), fields);
	out->n = (size_t)snprintf(out->text, sizeof out->text, "%s%s", fields,
				  message);
	assert_true(out->n < sizeof out->text);
	inkan_sign_free(s);
}

static struct inkan *context(const struct inkan_options *o)
{
	struct inkan_error e = { INKAN_OK, "" };
	struct inkan *ctx = inkan_new(o, &e);

	if (!ctx)
		fail_msg("%s", e.text);
	return ctx;
}

static struct inkan_message *verification(struct inkan *ctx,
					  const struct signed_mail *mail)
{
	struct inkan_error e = { INKAN_OK, "" };
	struct inkan_message *m = inkan_verify_new(ctx, NULL, &e);

	if (!m)
		fail_msg("%s", e.text);
	inkan_feed(m, mail->text, mail->n);
	inkan_end(m);
	return m;
}

static void expect(struct inkan_message *m, enum inkan_result want)
{
	const struct inkan_dkim *row = inkan_dkim_row(m, 0);

	assert_non_null(row);
	if (row->result != want)
		fail_msg("%s: %s", inkan_result_word(row->result),
			 row->reason ? row->reason : "");
	assert_int_equal(inkan_dkim_result(m), want);
	assert_string_equal(row->domain, "example.org");
	assert_string_equal(row->selector, "brisbane");
	assert_string_equal(row->algorithm, "ed25519-sha256");
	assert_null(inkan_dkim_row(m, 1));
}

static void write_zone(char path[32], const char *record)
{
	char text[1024];
	int n = snprintf(text, sizeof text, "%s. TXT \"%s\"\n", key_name,
			 record);
	int fd;

	snprintf(path, 32, "%s", "test-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, (size_t)n), n);
	close(fd);
}

static void blocking_with_a_zone_file(void **state)
{
	struct inkan_options o = INKAN_OPTIONS_INIT;
	struct inkan_error e = { INKAN_OK, "" };
	struct signed_mail mail;
	const char *zones[1], *field;
	struct inkan_message *m;
	struct inkan *ctx;
	char path[32];
	int fd, ms;

	(void)state;
	sign(&mail);
	write_zone(path, inkan_key_record(mail.key));
	zones[0] = path;
	o.zones = zones;
	o.n_zones = 1;
	ctx = context(&o);
	unlink(path);
	assert_true(inkan_poll(ctx, &fd, &ms, &e));
	assert_int_equal(fd, -1);
	m = verification(ctx, &mail);
	assert_null(inkan_authres(m, "mx.example.net", &e));
	assert_int_equal(e.code, INKAN_USAGE);
	inkan_wait(m, 1000);
	expect(m, INKAN_PASS);
	assert_string_equal(inkan_dkim_row(m, 0)->identity, "@example.org");
	assert_int_equal(inkan_dkim_row(m, 0)->key_bits, 256);
	field = inkan_authres(m, "mx.example.net", &e);
	assert_non_null(field);
	assert_ptr_equal(strstr(field,
				"Authentication-Results: mx.example.net;"),
			 field);
	assert_non_null(strstr(field, "dkim=pass"));
	assert_null(inkan_authres(m, "no name", &e));
	inkan_free_message(m);
	inkan_free(ctx);
	inkan_key_free(mail.key);
}

static void changed_and_unsigned_mail(void **state)
{
	struct inkan_options o = INKAN_OPTIONS_INIT;
	struct signed_mail mail;
	const char *zones[1];
	struct inkan_message *m;
	struct inkan *ctx;
	char path[32];

	(void)state;
	sign(&mail);
	write_zone(path, inkan_key_record(mail.key));
	zones[0] = path;
	o.zones = zones;
	o.n_zones = 1;
	ctx = context(&o);
	unlink(path);
	mail.text[mail.n - 4] ^= 1;
	m = verification(ctx, &mail);
	inkan_wait(m, 0);
	expect(m, INKAN_FAIL);
	assert_non_null(inkan_dkim_row(m, 0)->reason);
	inkan_free_message(m);

	/* in parts, with LF folds as a milter has them */
	m = inkan_verify_new(ctx, NULL, NULL);
	assert_non_null(m);
	inkan_header(m, "From", " a@example.org", 14);
	inkan_header(m, "Subject", " a\n b", 5);
	inkan_end_of_headers(m);
	inkan_body(m, "x\r\n", 3);
	inkan_wait(m, 0);
	assert_int_equal(inkan_dkim_result(m), INKAN_NONE);
	assert_null(inkan_dkim_row(m, 0));
	inkan_free_message(m);
	inkan_free(ctx);
	inkan_key_free(mail.key);
}

static struct inkan *own_dns(void)
{
	struct inkan_options o = INKAN_OPTIONS_INIT;

	o.dns = INKAN_DNS_CALLER;
	return context(&o);
}

static void dns_of_the_callers(void **state)
{
	struct inkan *ctx = own_dns();
	struct signed_mail mail;
	struct inkan_message *m;
	struct inkan_dns_question q, none;
	struct inkan_dns_answer a = INKAN_ANSWER_INIT;
	struct inkan_dns_record record;

	(void)state;
	sign(&mail);
	m = verification(ctx, &mail);
	assert_false(inkan_settled(m));
	assert_true(inkan_question(m, &q));
	assert_false(inkan_question(m, &none));
	assert_int_equal(q.type, 16);
	assert_string_equal(q.name, key_name);
	record = (struct inkan_dns_record){ inkan_key_record(mail.key),
					    strlen(inkan_key_record(mail.key)),
					    0 };
	a.status = INKAN_DNS_OK;
	assert_false(inkan_answer(m, q.id, &a)); /* OK without records */
	a.records = &record;
	a.n_records = 1;
	a.secure = true;
	assert_false(inkan_answer(m, q.id + 1, &a));
	assert_true(inkan_answer(m, q.id, &a));
	assert_false(inkan_answer(m, q.id, &a));
	assert_true(inkan_settled(m));
	expect(m, INKAN_PASS);
	assert_true(inkan_dkim_row(m, 0)->secure);
	inkan_free_message(m);

	m = verification(ctx, &mail);
	assert_true(inkan_question(m, &q));
	a.bogus = true;
	assert_true(inkan_answer(m, q.id, &a));
	inkan_wait(m, 0);
	expect(m, INKAN_TEMPERROR);
	assert_true(inkan_dkim_row(m, 0)->bogus);
	inkan_free_message(m);

	m = verification(ctx, &mail); /* nobody answers */
	inkan_wait(m, 0);
	expect(m, INKAN_TEMPERROR);
	assert_true(!inkan_question(m, &q) || !inkan_answer(m, q.id, &a));
	inkan_free_message(m);
	inkan_free(ctx);
	inkan_key_free(mail.key);
}

/* The reply to a question for TXT, as a server writes it. */
static size_t reply_for(const char *name, const char *text, unsigned char *p)
{
	size_t n = 12, at = 0, length = strlen(text);

	memcpy(p, "\0\0\x81\x80\0\1\0\1\0\0\0\0", 12);
	while (name[at]) {
		size_t label = strcspn(name + at, ".");

		p[n++] = (unsigned char)label;
		memcpy(p + n, name + at, label);
		n += label;
		at += label + (name[at + label] == '.');
	}
	memcpy(p + n, "\0\0\x10\0\1\xc0\x0c\0\x10\0\1\0\0\1\0\0", 16);
	n += 16;
	p[n++] = (unsigned char)(length + 1);
	p[n++] = (unsigned char)length;
	memcpy(p + n, text, length);
	return n + length;
}

static void packets_of_the_callers(void **state)
{
	struct inkan *ctx = own_dns();
	struct signed_mail mail;
	struct inkan_message *m;
	struct inkan_dns_question q;
	unsigned char packet[1024];
	size_t n;

	(void)state;
	sign(&mail);
	n = reply_for(key_name, inkan_key_record(mail.key), packet);
	m = verification(ctx, &mail);
	assert_true(inkan_question(m, &q));
	assert_true(inkan_answer_packet(m, q.id, packet, n));
	assert_true(inkan_settled(m));
	expect(m, INKAN_PASS);
	inkan_free_message(m);
	m = verification(ctx, &mail);
	assert_true(inkan_question(m, &q));
	assert_true(inkan_answer_packet(m, q.id, packet, n - 1));
	assert_true(inkan_settled(m));
	expect(m, INKAN_TEMPERROR);
	inkan_free_message(m);
	inkan_free(ctx);
	inkan_key_free(mail.key);
}

/* A name server of one socket: answers one question with the record, or with
 * silence when it is NULL. */
static int server_open(char address[32])
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t size = sizeof sin;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof sin), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &size), 0);
	snprintf(address, 32, "127.0.0.1:%u", ntohs(sin.sin_port));
	return fd;
}

static void serve(int fd, const char *record)
{
	unsigned char question[512], reply[1024];
	struct sockaddr_in from;
	socklen_t size = sizeof from;
	ssize_t got = recvfrom(fd, question, sizeof question, 0,
			       (struct sockaddr *)&from, &size);
	size_t n = reply_for(key_name, record, reply);

	if (got < 12)
		return;
	memcpy(reply, question, 2);
	(void)sendto(fd, reply, n, 0, (struct sockaddr *)&from, size);
}

static void in_a_loop_of_the_callers(void **state)
{
	struct inkan_options o = INKAN_OPTIONS_INIT;
	struct inkan_error e = { INKAN_OK, "" };
	struct signed_mail mail;
	const char *servers[1];
	char address[32];
	int server = server_open(address), rounds = 0;
	struct inkan_message *m;
	struct inkan *ctx;

	(void)state;
	sign(&mail);
	servers[0] = address;
	o.nameservers = servers;
	o.n_nameservers = 1;
	ctx = context(&o);
	m = verification(ctx, &mail);
	while (!inkan_settled(m) && rounds++ < 100) {
		struct pollfd p[2] = { { .events = POLLIN },
				       { .fd = server, .events = POLLIN } };
		int ms;

		if (!inkan_poll(ctx, &p[0].fd, &ms, &e))
			fail_msg("%s", e.text);
		assert_true(p[0].fd >= 0);
		assert_in_range(ms, 0, 5000);
		assert_true(poll(p, 2, ms) >= 0);
		if (p[1].revents)
			serve(server, inkan_key_record(mail.key));
		if (p[0].revents || !p[1].revents)
			inkan_step(ctx);
	}
	expect(m, INKAN_PASS);
	inkan_free_message(m);
	inkan_free(ctx);
	inkan_key_free(mail.key);
	close(server);
}

static void a_silent_server_ends_in_time(void **state)
{
	struct inkan_options o = INKAN_OPTIONS_INIT;
	struct signed_mail mail;
	const char *servers[1];
	char address[32];
	int server = server_open(address);
	struct inkan_message *m, *other;
	struct inkan *ctx;

	(void)state;
	sign(&mail);
	servers[0] = address;
	o.nameservers = servers;
	o.n_nameservers = 1;
	o.timeout_ms = 60000;
	ctx = context(&o);
	m = verification(ctx, &mail);
	other = verification(ctx, &mail);
	inkan_wait(m, 100);
	expect(m, INKAN_TEMPERROR);
	assert_false(inkan_settled(other));
	inkan_give_up(other);
	expect(other, INKAN_TEMPERROR);
	inkan_free_message(other);
	inkan_free_message(m);
	inkan_free(ctx);
	inkan_key_free(mail.key);
	close(server);
}

static void several_signatures_first_on_top(void **state)
{
	struct inkan_error e = { INKAN_OK, "" };
	struct inkan_key *key = inkan_key_parse(key_pem, sizeof key_pem - 1,
						&e);
	struct inkan_sign_options o[2] = { options_of(key), options_of(key) };
	struct inkan_signing *s;
	const char *fields, *one, *two;

	(void)state;
	o[0].selector = "one";
	o[1].selector = "two";
	o[1].domain = "b\xc3\xbc"
		      "cher.example";
	o[1].header = o[1].body = INKAN_SIMPLE;
	s = inkan_sign_new(o, 2, &e);
	inkan_key_free(key); /* shared */
	inkan_sign_header(s, "From", " a@example.org", 14);
	inkan_sign_body(s, "x\r\n", 3);
	fields = inkan_sign_finish(s, &e);
	assert_non_null(fields);
	one = strstr(fields, "s=one");
	two = strstr(fields, "s=two");
	assert_true(one && two && one < two);
	assert_non_null(strstr(fields, "d=xn--bcher-kva.example"));
	assert_non_null(strstr(fields, "c=simple/simple"));
	assert_string_equal(fields + strlen(fields) - 2, "\r\n");
	inkan_sign_free(s);
}

static void mistakes_are_explained(void **state)
{
	struct inkan_error e = { INKAN_OK, "" };
	struct inkan_key *key = inkan_key_parse(key_pem, sizeof key_pem - 1,
						&e);
	struct inkan_sign_options o = options_of(key), bad;
	struct inkan_options c = INKAN_OPTIONS_INIT;
	const char *servers[] = { "ns.example.org" };
	struct inkan_signing *s;

	(void)state;
	bad = o;
	bad.domain = NULL;
	assert_null(inkan_sign_new(&bad, 1, &e));
	bad = o;
	bad.domain = "org";
	assert_null(inkan_sign_new(&bad, 1, &e));
	bad = o;
	bad.selector = "a b";
	assert_null(inkan_sign_new(&bad, 1, &e));
	bad = o;
	bad.key = NULL;
	assert_null(inkan_sign_new(&bad, 1, &e));
	bad = o;
	bad.size = 0;
	assert_null(inkan_sign_new(&bad, 1, &e));
	assert_int_equal(e.code, INKAN_USAGE);
	assert_null(inkan_sign_new(&o, 0, &e));
	assert_null(inkan_sign_new(&o, 17, &e));
	assert_null(inkan_sign_new(&o, 17, NULL));

	s = inkan_sign_new(&o, 1, &e);
	inkan_sign_feed(s, "To: a@example.org\n\nx\n", 21);
	assert_null(inkan_sign_finish(s, &e)); /* no From */
	assert_int_equal(e.code, INKAN_DATA);
	assert_null(inkan_sign_finish(s, &e));
	inkan_sign_free(s);
	inkan_key_free(key);

	assert_null(inkan_key_read("no/such.key", &e));
	assert_int_equal(e.code, INKAN_NO_INPUT);
	assert_non_null(strstr(e.text, "no/such.key"));
	assert_null(inkan_key_parse("nonsense", 8, &e));
	assert_null(inkan_key_parse("", 0, &e));
	c.nameservers = servers;
	c.n_nameservers = 1;
	assert_null(inkan_new(&c, &e));
	assert_int_equal(e.code, INKAN_CONFIG);
	c.size = 1;
	assert_null(inkan_new(&c, &e));
	assert_int_equal(e.code, INKAN_USAGE);
	inkan_free(NULL);
	inkan_free_message(NULL);
	inkan_sign_free(NULL);
	inkan_key_free(NULL);
	assert_string_equal(inkan_result_word((enum inkan_result)99), "");
	assert_string_equal(inkan_result_word(INKAN_PERMERROR), "permerror");
	assert_true(strlen(inkan_version()) >= 5);
}

static struct inkan_message *judged(struct inkan *ctx, const char *ip,
				    const char *from, const char *text)
{
	struct inkan_verify_options o = INKAN_VERIFY_OPTIONS_INIT;
	struct inkan_error e;
	struct inkan_message *m;

	o.methods = INKAN_METHOD_DKIM | INKAN_METHOD_SPF | INKAN_METHOD_DMARC |
		    INKAN_METHOD_ARC;
	m = inkan_verify_new(ctx, &o, &e);
	assert_non_null(m);
	assert_false(inkan_envelope(m, "192.0.2", "mx", from, &e));
	assert_int_equal(e.code, INKAN_USAGE);
	assert_true(inkan_envelope(m, ip, "mx.example.org", from, &e));
	assert_null(inkan_dmarc(m));
	inkan_feed(m, text, strlen(text));
	inkan_wait(m, 1000);
	return m;
}

static void every_method(void **state)
{
	static const char *const zones[] = { "tests/unit/lib/example.zone" };
	struct inkan_options o = INKAN_OPTIONS_INIT;
	struct inkan_message *m;
	struct inkan_error e;
	struct inkan *ctx;

	(void)state;
	o.zones = zones;
	o.n_zones = 1;
	ctx = context(&o);
	m = judged(ctx, "192.0.2.1", "<joe@example.org>", message);
	assert_int_equal(inkan_spf(m)->result, INKAN_PASS);
	assert_string_equal(inkan_spf(m)->mechanism, "ip4:192.0.2.0/24");
	assert_int_equal(inkan_dmarc(m)->result, INKAN_PASS);
	assert_true(inkan_dmarc(m)->spf_aligned);
	assert_int_equal(inkan_dmarc(m)->policy, INKAN_POLICY_REJECT);
	assert_int_equal(inkan_dmarc(m)->disposition, INKAN_POLICY_NONE);
	assert_int_equal(inkan_arc(m)->result, INKAN_NONE);
	assert_non_null(
		strstr(inkan_authres(m, "mx.example.net", &e), "dmarc=pass"));
	inkan_free_message(m);
	m = judged(ctx, "203.0.113.9", "", message);
	assert_int_equal(inkan_spf(m)->result, INKAN_NONE);
	assert_true(inkan_spf(m)->helo);
	assert_int_equal(inkan_dmarc(m)->result, INKAN_FAIL);
	assert_int_equal(inkan_dmarc(m)->disposition, INKAN_POLICY_REJECT);
	assert_string_equal(inkan_dmarc(m)->domain, "example.org");
	assert_string_equal(inkan_dmarc(m)->organizational_domain,
			    "example.org");
	inkan_free_message(m);
	m = judged(ctx, "203.0.113.9", "", "Subject: x\n\n");
	assert_int_equal(inkan_dmarc(m)->result, INKAN_PERMERROR);
	assert_null(inkan_dmarc(m)->record);
	inkan_free_message(m);
	inkan_free(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocking_with_a_zone_file),
		cmocka_unit_test(changed_and_unsigned_mail),
		cmocka_unit_test(dns_of_the_callers),
		cmocka_unit_test(packets_of_the_callers),
		cmocka_unit_test(in_a_loop_of_the_callers),
		cmocka_unit_test(a_silent_server_ends_in_time),
		cmocka_unit_test(several_signatures_first_on_top),
		cmocka_unit_test(mistakes_are_explained),
		cmocka_unit_test(every_method),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
