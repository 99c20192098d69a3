/* Scenarios: tests/scenarios/NAME.txt tell whole stories, DNS, envelope, message and
 * what a receiver must make of them.  Each is judged many times over: answers
 * come at once, or late and in any order (virtual time), between any two steps
 * of the conversation; the verdict must always be the same.  Then answers are
 * lost: with the same ones lost the verdict is the same in every order, and
 * what did not pass before does not pass now.
 *
 *	scenario WORDS
 *	dns NAME TYPE VALUE	TYPE: A AAAA TXT MX PTR CNAME; or servfail,
 *				timeout, nodata, bogus without a value
 *	key SELECTOR DOMAIN	the test's key is published there
 *	client IP HELO SENDER	SENDER: an address, or <>
 *	claim dkim|spf RESULT DOMAIN	what a trusted filter has found
 *	suffixes		organizational domains by a list: two labels
 *	header LINE, body LINE	"\n\t" in LINE is a fold
 *	sign SELECTOR DOMAIN [l=N] [h=from:to]	as the message stands now
 *	top LINE, bottom LINE	a field more, above or below the others
 *	append LINE		to the body
 *	expect KEY=VALUE...	dkim spf helo iprev dmarc policy disposition od
 *				aligned (dkim, spf, both, none)
 */
#include "base/limits.h"
#include "crypto/privkey.h"
#include "dkim/record_write.h"
#include "dkim/sign.h"
#include "dns/name.h"
#include "dns/script.h"
#include "test.h"
#include "verify/stamp.h"
#include "verify/verify.h"

#include <dirent.h>
#include <stdlib.h>

enum { FIELDS_MAX = 60, LINES_MAX = 80, NOW = 1790000000, ORDERS = 12 };

struct story {
	str name, lines[LINES_MAX];
	size_t n;
};

struct scene { /* one run of it */
	struct arena *arena;
	struct script *script;
	struct verify_options options;
	struct ip ip;
	str helo, sender, expect;
	str fields[FIELDS_MAX], claims[FIELDS_MAX];
	size_t n_fields, n_claims;
	struct buf body;
};

static struct privkey *key;
static unsigned number, failures;

static str word(str *rest)
{
	str w = { NULL, 0 };

	*rest = str_trim(*rest);
	(void)str_split(rest, ' ', &w);
	if (!rest->p)
		*rest = STR("");
	return w;
}

static const char *cstring(struct arena *a, str s)
{
	char *p = arena_alloc(a, s.n + 1);

	memcpy(p, s.n ? s.p : "", s.n);
	return p;
}

static _Noreturn void broken(const struct story *st, str line)
{
	fprintf(stderr, "%.*s: cannot read \"%.*s\"\n", STR_ARG(st->name),
		STR_ARG(line));
	exit(2);
}

static bool add_status(struct scene *s, const char *name, str kind)
{
	if (str_eq(kind, STR("servfail")))
		script_status(s->script, name, SCRIPT_ANY, DNS_TEMPFAIL, 0);
	else if (str_eq(kind, STR("timeout")))
		script_timeout(s->script, name);
	else if (str_eq(kind, STR("nodata")))
		script_status(s->script, name, SCRIPT_ANY, DNS_NODATA, 0);
	else if (str_eq(kind, STR("bogus")))
		script_bogus(s->script, name, 0);
	else
		return false;
	return true;
}

static bool add_record(struct scene *s, const char *name, str kind, str value)
{
	struct ip ip;
	uint16_t preference = 0;

	if (str_eq(kind, STR("TXT"))) {
		script_txt(s->script, name, cstring(s->arena, value), 0);
		return true;
	}
	if (str_eq(kind, STR("A")) || str_eq(kind, STR("AAAA"))) {
		if (!ip_parse(value, &ip))
			return false;
		script_record(
			s->script, name, ip.family == IP_V4 ? DNS_A : DNS_AAAA,
			(str){ (char *)ip.b, ip.family == IP_V4 ? 4 : 16 }, 0,
			0);
		return true;
	}
	if (str_eq(kind, STR("MX")))
		preference = (uint16_t)atoi(cstring(s->arena, word(&value)));
	else if (!str_eq(kind, STR("PTR")) && !str_eq(kind, STR("CNAME")))
		return false;
	script_record(s->script, name,
		      preference                 ? DNS_MX
		      : str_eq(kind, STR("PTR")) ? DNS_PTR
						 : DNS_CNAME,
		      str_trim(value), preference, 0);
	return true;
}

static void publish(struct scene *s, str selector, str domain)
{
	struct buf name = buf_of(s->arena, 300);
	struct dkim_record_options o = { .testing = false };
	size_t at;

	buf_printf(&name, "%.*s._domainkey.%.*s", STR_ARG(selector),
		   STR_ARG(domain));
	buf_putc(&name, '\0');
	script_txt(s->script, name.p,
		   cstring(s->arena, dkim_record_write(s->arena, key, &o, &at)),
		   0);
}

static str unfolded(struct scene *s, str line)
{
	struct buf b = buf_of(s->arena, LIMIT_HEADER_BYTES);

	for (size_t i = 0; i < line.n; i++) {
		if (i + 1 < line.n && line.p[i] == '\\' &&
		    strchr("ntr0", line.p[i + 1])) {
			i++;
			if (line.p[i] == 'n')
				buf_put(&b, STR("\r\n"));
			else
				buf_putc(&b, line.p[i] == 't'   ? '\t'
					     : line.p[i] == 'r' ? '\r'
								: '\0');
		} else {
			buf_putc(&b, line.p[i]);
		}
	}
	return buf_str(&b);
}

static void put_field(struct scene *s, str line, bool on_top)
{
	if (s->n_fields == FIELDS_MAX)
		abort();
	if (on_top)
		memmove(s->fields + 1, s->fields,
			s->n_fields * sizeof *s->fields);
	s->fields[on_top ? 0 : s->n_fields] = unfolded(s, line);
	s->n_fields++;
}

static struct dkim_names listed(struct scene *s, str names)
{
	str *all = arena_array_of(s->arena, str, 20);
	struct dkim_names out = { all, 0 };

	while (out.n < 20 && str_split(&names, ':', &all[out.n]))
		out.n++;
	return out;
}

static void sign(struct scene *s, str rest)
{
	str selector = word(&rest), domain = word(&rest);
	struct dkim_sign_options o = {
		.selector = selector,
		.domain = domain,
		.key = key,
		.header_canon = CANON_RELAXED,
		.body_canon = CANON_RELAXED,
		.sign = dkim_names_recommended,
		.never = dkim_names_never,
		.oversign = dkim_names_oversign,
		.timestamp = NOW - 600,
		.body_length = -1,
	};
	struct bodyhash *hash = bodyhash_new(s->arena);
	struct header h = header_of(s->arena, 0, 0);
	struct dkim_sign *d;
	struct err e;
	str field, w;

	while ((w = word(&rest)).n) {
		if (str_starts(w, STR("l=")))
			o.body_length = atoi(cstring(s->arena, str_skip(w, 2)));
		if (str_starts(w, STR("x=")))
			o.lifetime = atoi(cstring(s->arena, str_skip(w, 2)));
		if (str_starts(w, STR("h="))) {
			o.sign = listed(s, str_skip(w, 2));
			o.exact = true;
		}
	}
	for (size_t i = 0; i < s->n_fields; i++)
		(void)header_add_raw(&h, s->fields[i]);
	d = dkim_sign_new(s->arena, &o, hash);
	bodyhash_feed(hash, buf_str(&s->body));
	bodyhash_end(hash);
	if (!dkim_sign_finish(d, &h, hash, &field, &e)) {
		fprintf(stderr, "cannot sign: %s\n", e.text);
		exit(2);
	}
	memmove(s->fields + 1, s->fields, s->n_fields * sizeof *s->fields);
	s->fields[0] = field;
	s->n_fields++;
}

static str two_labels(const struct suffix_list *list, str domain)
{
	(void)list;
	return dns_name_last_labels(domain, 2);
}

static bool play_line(struct scene *s, str line)
{
	static const struct suffix_list list = { two_labels };
	str rest = line, verb = word(&rest);

	if (str_eq(verb, STR("dns"))) {
		const char *name = cstring(s->arena, word(&rest));
		str kind = word(&rest);

		return add_status(s, name, kind) ||
		       add_record(s, name, kind, rest);
	}
	if (str_eq(verb, STR("key"))) {
		str selector = word(&rest);

		publish(s, selector, word(&rest));
	} else if (str_eq(verb, STR("client"))) {
		if (!ip_parse(word(&rest), &s->ip))
			return false;
		s->helo = word(&rest);
		s->sender = str_trim(rest);
	} else if (str_eq(verb, STR("claim"))) {
		s->claims[s->n_claims++] = rest;
	} else if (str_eq(verb, STR("suffixes"))) {
		s->options.suffixes = &list;
	} else if (str_eq(verb, STR("header")) || str_eq(verb, STR("bottom"))) {
		put_field(s, rest, false);
	} else if (str_eq(verb, STR("top"))) {
		put_field(s, rest, true);
	} else if (str_eq(verb, STR("body")) || str_eq(verb, STR("append"))) {
		buf_put(&s->body, unfolded(s, rest));
		buf_put(&s->body, STR("\r\n"));
	} else if (str_eq(verb, STR("sign"))) {
		sign(s, rest);
	} else if (str_eq(verb, STR("expect"))) {
		s->expect = rest;
	} else {
		return false;
	}
	return true;
}

/* xorshift64* */
static uint64_t chance(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * 2685821657736338717U >> 33;
}

/* Some answers of this story are never given. */
static void lose(struct scene *s, const struct story *st, uint64_t loss)
{
	for (size_t i = 0; i < st->n; i++) {
		str rest = st->lines[i];
		uint64_t draw = loss + i * 7919;

		if (!str_eq(word(&rest), STR("dns")))
			continue;
		(void)chance(&draw);
		if (chance(&draw) % 3 == 0) {
			const char *name = cstring(s->arena, word(&rest));
			static const enum dns_type types[] = {
				DNS_A,   DNS_AAAA, DNS_TXT,
				DNS_PTR, DNS_MX,   DNS_CNAME
			};

			for (size_t k = 0; k < TEST_COUNT(types); k++)
				script_status(s->script, name, types[k],
					      DNS_TEMPFAIL, SCRIPT_TIMEOUT_MS);
		}
	}
}

static struct verify *begin(struct scene *s)
{
	struct verify *v;

	s->options.methods = VERIFY_DKIM | VERIFY_SPF | VERIFY_HELO |
			     VERIFY_DMARC | VERIFY_IPREV | VERIFY_ARC;
	s->options.receiver = STR("mx.receiver.test");
	v = verify_new(&s->options, script_resolver(s->script));
	assert_non_null(v);
	return v;
}

static void some_answers(struct scene *s, struct verify *v, uint64_t *seed)
{
	for (uint64_t n = chance(seed) % 6; n && script_next(s->script); n--)
		if (chance(seed) % 2)
			(void)verify_run(v);
}

static void claim(struct scene *s, struct verify *v)
{
	for (size_t i = 0; i < s->n_claims; i++) {
		str rest = s->claims[i];
		enum dmarc_mechanism m = str_eq(word(&rest), STR("spf"))
						 ? DMARC_SPF
						 : DMARC_DKIM;
		enum dmarc_status status = str_eq(word(&rest), STR("pass"))
						   ? DMARC_ID_PASS
						   : DMARC_ID_NO;

		verify_claim(v, m, status, str_trim(rest));
	}
}

static struct verify *judge(struct scene *s, uint64_t seed)
{
	struct verify *v = begin(s);

	verify_envelope(v, s->ip, s->helo, s->sender);
	some_answers(s, v, &seed);
	for (size_t i = 0; i < s->n_fields; i++)
		(void)verify_header_raw(v, s->fields[i]);
	claim(s, v);
	verify_end_of_headers(v);
	some_answers(s, v, &seed);
	verify_body(v, buf_str(&s->body));
	some_answers(s, v, &seed);
	verify_end(v);
	while (!verify_run(v))
		if (!script_next(s->script)) {
			fprintf(stderr, "neither settled nor waiting\n");
			abort();
		}
	return v;
}

static const char *aligned_word(const struct verdict_dmarc *d)
{
	bool dkim = d->check && d->check->dkim_aligned;
	bool spf = d->check && d->check->spf_aligned;

	return dkim && spf ? "both" : dkim ? "dkim" : spf ? "spf" : "none";
}

static void describe(const struct verdict *v, struct buf *b)
{
	const struct dmarc_verdict *c = v->dmarc->check;
	str od = c ? c->organizational_domain : STR("");

	buf_printf(b, " dkim=%s", dkim_result_word(v->dkim));
	if (v->spf)
		buf_printf(b, " spf=%s", spf_result_word(v->spf->result));
	if (v->spf_helo)
		buf_printf(b, " helo=%s", spf_result_word(v->spf_helo->result));
	if (v->iprev)
		buf_printf(b, " iprev=%s", iprev_result_word(v->iprev->result));
	buf_printf(b, " dmarc=%s policy=%s disposition=%s aligned=%s od=%.*s ",
		   dmarc_result_word(v->dmarc->result),
		   c && c->policy ? dmarc_policy_word(c->policy) : "-",
		   dmarc_policy_word(v->dmarc->disposition),
		   aligned_word(v->dmarc), STR_ARG(od));
}

struct outcome {
	char text[4096];
	bool passed;
};

static void play(const struct story *st, uint64_t seed, uint64_t loss,
		 struct outcome *out, str *expect)
{
	struct scene s = { .arena = arena_new(1 << 16) };
	struct buf b = buf_of(s.arena, sizeof out->text - 1);
	struct stamp_options o = { .authserv_id = STR("mx.receiver.test") };
	struct verify *v;

	s.script = script_new(s.arena);
	s.options = verify_defaults(NOW);
	s.body = buf_of(s.arena, 1 << 20);
	for (size_t i = 0; i < st->n; i++)
		if (!play_line(&s, st->lines[i]))
			broken(st, st->lines[i]);
	if (loss)
		lose(&s, st, loss);
	if (seed)
		script_shuffle(s.script, seed);
	v = judge(&s, seed ? seed : 1);
	describe(verify_verdict(v), &b);
	buf_put(&b, stamp_value(s.arena, verify_verdict(v), &o));
	memcpy(out->text, b.p, b.n);
	out->text[b.n] = '\0';
	out->passed = verify_verdict(v)->dmarc->result == DMARC_PASS;
	*expect = s.expect;
	verify_free(v);
	arena_free(s.arena);
}

static bool report(bool ok, const char *what, const char *got, const char *want)
{
	if (ok)
		return true;
	printf("# %s\n# got  %s\n# want %s\n", what, got, want);
	return false;
}

static bool holds(str expect, const char *got)
{
	for (str w; (w = word(&expect)).n;) {
		char needle[300];

		(void)snprintf(needle, sizeof needle, " %.*s ", STR_ARG(w));
		if (!report(strstr(got, needle) != NULL, "verdict", got,
			    needle))
			return false;
	}
	return true;
}

static bool run_story(const struct story *st)
{
	struct outcome first, other;
	str expect;

	play(st, 0, 0, &first, &expect);
	if (!expect.n)
		broken(st, STR("(no expect line)"));
	if (!holds(expect, first.text))
		return false;
	for (uint64_t seed = 1; seed <= ORDERS; seed++) {
		play(st, seed, 0, &other, &expect);
		if (!report(strcmp(first.text, other.text) == 0,
			    "another order of answers", other.text, first.text))
			return false;
	}
	for (uint64_t loss = 1; loss <= 3; loss++) {
		struct outcome lossy;

		play(st, 0, loss, &lossy, &expect);
		if (!report(first.passed || !lossy.passed, "losses make a pass",
			    lossy.text, first.text))
			return false;
		for (uint64_t seed = 1; seed <= 4; seed++) {
			play(st, seed * 31, loss, &other, &expect);
			if (!report(strcmp(lossy.text, other.text) == 0,
				    "another order with losses", other.text,
				    lossy.text))
				return false;
		}
	}
	return true;
}

static void run_one(const struct story *st)
{
	bool ok = run_story(st);

	failures += !ok;
	printf("%sok %u - %.*s\n", ok ? "" : "not ", ++number,
	       STR_ARG(st->name));
}

static void run_file(str text)
{
	struct story st = { .n = 0 };
	str line;

	while (str_split(&text, '\n', &line)) {
		line = str_trim(line);
		if (!line.n || line.p[0] == '#')
			continue;
		if (str_starts(line, STR("scenario "))) {
			if (st.n)
				run_one(&st);
			st.name = str_skip(line, 9);
			st.n = 0;
		} else if (st.n < LINES_MAX) {
			st.lines[st.n++] = line;
		}
	}
	if (st.n)
		run_one(&st);
}

static void run_path(const char *folder, const char *name)
{
	static char text[1 << 18];
	char path[512];
	FILE *f;
	size_t n;

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "r");
	if (!f) {
		perror(path);
		exit(2);
	}
	n = fread(text, 1, sizeof text, f);
	(void)fclose(f);
	if (n == sizeof text)
		exit(2);
	run_file((str){ text, n });
}

static int is_text(const struct dirent *d)
{
	return str_iends(str_of(d->d_name), STR(".txt"));
}

int main(int argc, char *argv[])
{
	const char *folder = argc > 1 ? argv[1] : "tests/scenarios";
	struct dirent **names;
	struct err e;
	int n = scandir(folder, &names, is_text, alphasort);

	key = privkey_generate(KEY_ED25519, 0, &e);
	if (n < 1 || !key) {
		fprintf(stderr, "no scenarios in %s, or no key\n", folder);
		return 2;
	}
	for (int i = 0; i < n; i++) {
		run_path(folder, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	privkey_free(key);
	printf("1..%u\n", number);
	return failures ? 1 : 0;
}
