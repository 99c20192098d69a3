/* G1: signing and verifying a message of 2 KB with RSA-2048, as CPU time, beside
 * the bare operation as `openssl speed rsa2048` makes it and beside libopendkim,
 * turn by turn in one run.  Prints rates and ratios; argument: seconds a turn. */
#include "base/base64.h"
#include "crypto/privkey.h"
#include "dkim/keycache.h"
#include "dkim/sign.h"
#include "peer.h"
#include "verify/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

enum { ROUNDS = 7, MESSAGE = 2048, NOW = 1790000000 };

/* NOLINTBEGIN(bugprone-suspicious-missing-comma): folded fields are meant */
static const char *const fields[] = {
	"Received: from mail.example.net (mail.example.net [192.0.2.25])\r\n"
	"\tby mx.example.org (Postfix) with ESMTPS id 4ABCDEFGHI\r\n"
	"\tfor <user@example.org>; Tue, 24 Nov 2026 09:00:00 +0000 (UTC)",
	"From: Someone with a name <someone@example.org>",
	"To: Somebody else <somebody@example.net>, third@example.com",
	"Subject: What we said yesterday about the plan for the next month",
	"Date: Tue, 24 Nov 2026 09:00:00 +0000",
	"Message-ID: <20261124090000.1234567890@mail.example.org>",
	"In-Reply-To: <20261123080000.987654321@mail.example.net>",
	"References: <20261122070000.11111111@mail.example.net>\r\n"
	" <20261123080000.987654321@mail.example.net>",
	"MIME-Version: 1.0",
	"Content-Type: text/plain; charset=utf-8; format=flowed",
	"Content-Transfer-Encoding: 8bit",
	"User-Agent: Some Mail Program 1.2.3",
};
/* NOLINTEND(bugprone-suspicious-missing-comma) */

enum { FIELDS = sizeof fields / sizeof *fields };

/* What the turns work on. */
static struct {
	struct privkey *key;
	char *pem, *record;
	char *body;
	size_t body_n;
	const char *with_signature[FIELDS + 1];
	struct keycache *cache;
	EVP_PKEY *pkey;
	EVP_PKEY_CTX *sign, *verify;
	unsigned char digest[32], signature[512];
	size_t signature_n;
	struct arena *arena;
} w;

static void die(const char *what)
{
	fprintf(stderr, "bench: %s failed\n", what);
	exit(EXIT_FAILURE);
}

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static str signed_field(struct arena *a)
{
	struct header h = header_of(a, 0, 0);
	struct bodyhash *bh = bodyhash_new(a);
	struct dkim_sign_options o = {
		.domain = STR("example.org"),
		.selector = STR("s"),
		.key = w.key,
		.header_canon = CANON_RELAXED,
		.body_canon = CANON_RELAXED,
		.sign = dkim_names_recommended,
		.never = dkim_names_never,
		.oversign = dkim_names_oversign,
		.timestamp = NOW,
		.body_length = -1,
	};
	struct dkim_sign *s = dkim_sign_new(a, &o, bh);
	struct err e;
	str field;

	for (size_t i = 0; i < FIELDS; i++)
		(void)header_add_raw(&h, str_of(fields[i]));
	bodyhash_feed(bh, (str){ w.body, w.body_n });
	bodyhash_end(bh);
	if (!dkim_sign_finish(s, &h, bh, &field, &e))
		die("sign");
	return field;
}

static bool ours_sign(void)
{
	bool ok = signed_field(w.arena).n > 0;

	arena_reset(w.arena);
	return ok;
}

static void answer(struct resolver *r, struct asks *as, unsigned id,
		   enum dns_type type, str name)
{
	struct dns_answer *a = arena_new_of(asks_arena(as), struct dns_answer);
	struct dns_rr *rr = arena_new_of(asks_arena(as), struct dns_rr);

	(void)r, (void)type, (void)name;
	rr->data = str_of(w.record);
	*a = (struct dns_answer){ .n = 1, .rr = rr };
	asks_answer(as, id, a);
}

static bool verify_with(struct keycache *cache)
{
	struct verify_options o = verify_defaults(NOW);
	struct resolver r = { .send = answer };
	bool ok;

	o.keys = cache;

	struct verify *v = verify_new(&o, &r);

	for (size_t i = 0; i < FIELDS + 1; i++)
		(void)verify_header_raw(v, str_of(w.with_signature[i]));
	verify_end_of_headers(v);
	verify_body(v, (str){ w.body, w.body_n });
	verify_end(v);
	ok = verify_run(v) && verify_verdict(v)->dkim == DKIM_PASS;
	verify_free(v);
	return ok;
}

static bool ours_verify(void)
{
	return verify_with(w.cache);
}

static bool ours_verify_new_key(void)
{
	return verify_with(NULL);
}

static bool bare_sign(void)
{
	size_t n = sizeof w.signature;

	return EVP_PKEY_sign(w.sign, w.signature, &n, w.digest, 32) == 1;
}

static bool bare_verify(void)
{
	return EVP_PKEY_verify(w.verify, w.signature, w.signature_n, w.digest,
			       32) == 1;
}

static bool theirs_sign(void)
{
	return peer_sign(
		&(struct peer_message){ fields, FIELDS, w.body, w.body_n });
}

static bool theirs_verify(void)
{
	return peer_verify(&(struct peer_message){ w.with_signature, FIELDS + 1,
						   w.body, w.body_n });
}

static struct turn {
	const char *name;
	bool (*once)(void);
	bool peer;
	double best; /* seconds for one */
} turns[] = {
	{ "RSA-2048 sign, bare", bare_sign, false, 0 },
	{ "inkan sign", ours_sign, false, 0 },
	{ "libopendkim sign", theirs_sign, true, 0 },
	{ "RSA-2048 verify, bare", bare_verify, false, 0 },
	{ "inkan verify", ours_verify, false, 0 },
	{ "inkan verify, key not seen before", ours_verify_new_key, false, 0 },
	{ "libopendkim verify", theirs_verify, true, 0 },
};

enum { TURNS = sizeof turns / sizeof *turns };

static void take(struct turn *t, double seconds)
{
	double start = cpu(), spent;
	unsigned n = 0;

	do {
		for (int i = 0; i < 16; i++)
			if (!t->once())
				die(t->name);
		n += 16;
		spent = cpu() - start;
	} while (spent < seconds);
	if (!t->best || spent / n < t->best)
		t->best = spent / n;
}

static void make_body(void)
{
	static const char line[] = "Lines of a text that somebody wrote, of a "
				   "usual length for mail.\r\n";
	size_t header = 2;

	for (size_t i = 0; i < FIELDS; i++)
		header += strlen(fields[i]) + 2;
	w.body = arena_alloc(w.arena, MESSAGE);
	while (header + w.body_n + sizeof line - 1 <= MESSAGE) {
		memcpy(w.body + w.body_n, line, sizeof line - 1);
		w.body_n += sizeof line - 1;
	}
}

static void make_bare(void)
{
	w.sign = EVP_PKEY_CTX_new(w.pkey, NULL);
	w.verify = EVP_PKEY_CTX_new(w.pkey, NULL);
	if (!w.sign || EVP_PKEY_sign_init(w.sign) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(w.sign, RSA_PKCS1_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(w.sign, EVP_sha256()) != 1 ||
	    !w.verify || EVP_PKEY_verify_init(w.verify) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(w.verify, RSA_PKCS1_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(w.verify, EVP_sha256()) != 1)
		die("OpenSSL");
	w.signature_n = sizeof w.signature;
	if (EVP_PKEY_sign(w.sign, w.signature, &w.signature_n, w.digest, 32) !=
	    1)
		die("OpenSSL sign");
}

static void prepare(struct arena *kept)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct buf record = buf_of(kept, 4096);
	struct err e;
	char *text;
	long n;

	w.pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	if (!w.pkey || !bio ||
	    PEM_write_bio_PrivateKey(bio, w.pkey, NULL, NULL, 0, NULL, NULL) !=
		    1)
		die("key generation");
	n = BIO_get_mem_data(bio, &text);
	w.pem = arena_cstr(kept, (str){ text, (size_t)n });
	BIO_free(bio);
	w.key = privkey_parse(str_of(w.pem), &e);
	if (!w.key)
		die(e.text);

	str p = base64_encode(kept, privkey_public(w.key, kept));

	buf_printf(&record, "v=DKIM1; k=rsa; p=%.*s", STR_ARG(p));
	w.record = arena_cstr(kept, buf_str(&record));
	w.cache = keycache_new(100);
	w.arena = kept;
	make_body();
	make_bare();
	w.with_signature[0] = arena_cstr(kept, signed_field(kept));
	for (size_t i = 0; i < FIELDS; i++)
		w.with_signature[i + 1] = fields[i];
}

static void report(void)
{
	for (size_t i = 0; i < TURNS; i++)
		if (turns[i].best > 0)
			printf("%-36s %9.2f us %9.0f /s\n", turns[i].name,
			       turns[i].best * 1e6, 1 / turns[i].best);
	printf("sign:   %.2f of the bare rate (goal 0.93)\n",
	       turns[0].best / turns[1].best);
	printf("verify: %.2f of the bare rate (goal 0.60), %.2f with new keys\n",
	       turns[3].best / turns[4].best, turns[3].best / turns[5].best);
	if (turns[2].best > 0)
		printf("libopendkim takes %.1f times as long to sign, %.1f to "
		       "verify\n",
		       turns[2].best / turns[1].best,
		       turns[6].best / turns[4].best);
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? strtod(argv[1], NULL) : 0.1;
	struct arena *kept = arena_new(1 << 16);
	bool peer;

	prepare(kept);
	w.arena = arena_new(1 << 16);
	peer = peer_available() && peer_open(w.pem, w.record);
	for (int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < TURNS; i++)
			if (!turns[i].peer || peer)
				take(&turns[i], seconds);
	report();
	if (peer)
		peer_close();
	keycache_free(w.cache);
	privkey_free(w.key);
	EVP_PKEY_CTX_free(w.sign);
	EVP_PKEY_CTX_free(w.verify);
	EVP_PKEY_free(w.pkey);
	arena_free(w.arena);
	arena_free(kept);
	return EXIT_SUCCESS;
}
