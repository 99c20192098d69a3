#include "setup/proof.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/tr.h"
#include "crypto/privkey.h"
#include "dkim/record_write.h"
#include "setup/catcher.h"
#include "setup/change.h"
#include "setup/postfix_file.h"
#include "setup/proof_login.h"
#include "setup/queue.h"
#include "setup/run.h"
#include "setup/service.h"
#include "setup/signing_source.h"
#include "setup/smtp.h"

#include <limits.h>
#include <unistd.h>

#include <jansson.h>

#define PROOF_DOMAIN "inkan-setup.invalid"
#define PROOF_AT "@" PROOF_DOMAIN

enum {
	ATTEMPTS = 6,
	CATCH_SECONDS = 180, /* while Postfix has the mail and moves it */
	LOOKS_MAX = 3, /* that find it deferred, or not at all */
	PACE_MS = 1000, /* between attempts, or as long as a reload took */
	PACE_MAX_MS = 20000,
	STRING_MAX = 250,
	ZONE_MAX = 1 << 20
};

bool proof_clean(struct arena *arena, const char *main_path, bool *changed,
		 struct err *e)
{
	struct file_state f;
	const char *mark;

	if (!file_look(arena, main_path, &f, e) ||
	    !proof_login_clean(arena, changed, e))
		return false;
	mark = f.exists ? strstr(f.bytes.p, SETUP_TEST_MARK) : NULL;
	if (!mark)
		return true;
	*changed = true;
	f.bytes = str_head(f.bytes, (size_t)(mark - f.bytes.p));
	return file_put(arena, main_path, &f, e);
}

struct proof {
	const struct setup_run *r;
	const struct proof_options *o;
	struct arena *arena;
	struct catcher catcher;
	const char *main_path, *from, *message_path, *zone_path;
	const struct signing_key *key; /* those of the domain */
	size_t n_keys;
	long pace_ms;
	unsigned n_sent;
	const char *to; /* another for each mail */
	struct buf words;
};

/* How the test mail is handed to Postfix. */
struct way {
	const char *name; /* for a person */
	const char *port; /* NULL: by sendmail(1) */
	const char *user, *password; /* of port 587 */
};

static const char *postconf(struct proof *p, const char *name)
{
	const char *const argv[] = { "postconf", "-c", p->r->postfix_dir,
				     "-h",       name, NULL };
	struct run_result r;
	struct err ignored;

	if (!run_program(p->arena, argv, STR(""), RUN_SECONDS, &r, &ignored) ||
	    r.status != 0)
		return "";
	return arena_cstr(p->arena, str_trim(r.out));
}

/* LMTP where a client that insists on TLS would not speak to the catcher. */
static const char *transport(struct proof *p)
{
	static const char *const plain[] = { "", "none", "may", "dane" };
	const char *level = postconf(p, "smtp_tls_security_level");

	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		if (strcmp(level, plain[i]) == 0)
			return "smtp";
	return "lmtp";
}

/* How slow is this machine?  Old processes of Postfix go as fast as new ones
 * come. */
static bool reload(struct proof *p, struct err *e)
{
	long long start = run_now_ms();
	bool ok = service_reload_postfix(p->r, false, e);
	long long took = run_now_ms() - start;

	p->pace_ms = took < PACE_MS       ? PACE_MS
		     : took > PACE_MAX_MS ? PACE_MAX_MS
					  : (long)took;
	return ok;
}

/* Mail for the test's domain goes to the catcher; all other as before. */
static bool open_way(struct proof *p, struct err *e)
{
	struct file_state f;
	struct buf b = buf_of(p->arena, LIMIT_CONFIG_BYTES);
	const char *maps = postconf(p, "transport_maps");

	if (!file_look(p->arena, p->main_path, &f, e))
		return false;
	buf_put(&b, f.bytes);
	buf_printf(&b,
		   "%stransport_maps = inline:{ " PROOF_DOMAIN
		   "=%s:[127.0.0.1]:%u }%s%s\n",
		   SETUP_TEST_MARK, transport(p), p->catcher.port,
		   *maps ? ", " : "", maps);
	f.bytes = buf_str(&b);
	return file_put(p->arena, p->main_path, &f, e) && reload(p, e);
}

static bool close_way(struct proof *p, struct err *e)
{
	bool changed;

	return proof_clean(p->arena, p->main_path, &changed, e) && reload(p, e);
}

static void put_strings(struct buf *b, str value)
{
	for (; value.n; value = str_skip(value, STRING_MAX))
		buf_printf(b, " \"%.*s\"",
			   STR_ARG(str_head(value, STRING_MAX)));
	buf_putc(b, '\n');
}

static bool put_key_record(struct proof *p, struct buf *b,
			   const struct signing_key *k, struct err *e)
{
	const struct dkim_record_options o = { .hashes = STR("sha256") };
	const char *path = path_below(p->arena, p->r->root,
				      arena_cstr(p->arena, k->path));
	struct privkey *key = privkey_read(path, PRIVKEY_ANY, e);
	size_t at;

	if (!key)
		return false;
	buf_printf(b, "%.*s._domainkey.%.*s. 300 IN TXT", STR_ARG(k->selector),
		   STR_ARG(k->domain));
	put_strings(b, dkim_record_write(p->arena, key, &o, &at));
	privkey_free(key);
	return true;
}

/* The world as it will be when the records are published. */
static bool write_zone(struct proof *p, struct err *e)
{
	struct buf b = buf_of(p->arena, ZONE_MAX);
	struct file_state f = { .exists = true,
				.mode = 0600,
				.uid = geteuid(),
				.gid = getegid() };

	for (size_t i = 0; i < p->n_keys; i++)
		if (p->key[i].path.p && !put_key_record(p, &b, &p->key[i], e))
			return false;
	buf_printf(&b, "%s. 300 IN TXT \"v=spf1", p->r->domain);
	for (size_t i = 0; i < p->o->n_ips; i++) {
		char text[IP_TEXT_MAX];

		buf_printf(&b, " ip%d:%.*s", (int)p->o->ips[i].family,
			   STR_ARG(ip_text(p->o->ips[i], text)));
	}
	buf_printf(&b,
		   " -all\"\n_dmarc.%s. 300 IN TXT \"v=DMARC1; p=reject\"\n",
		   p->r->domain);
	f.bytes = buf_str(&b);
	return file_put(p->arena, p->zone_path, &f, e);
}

static bool find_keys(struct proof *p, struct err *e)
{
	struct site site = { .arena = p->arena, .root = p->r->root };
	struct signing_key *keys;

	if (!signing_source_read(&site, SETUP_INKAN_CONF, &site.inkan, e))
		return false;
	keys = arena_array_of(p->arena, struct signing_key,
			      site.inkan.n_keys + 1);
	for (size_t i = 0; i < site.inkan.n_keys; i++)
		if (str_ieq(site.inkan.keys[i].domain, str_of(p->r->domain)))
			keys[p->n_keys++] = site.inkan.keys[i];
	p->key = keys;
	return true;
}

static json_t *judge(struct proof *p, str message, struct err *e)
{
	struct file_state f = { .exists = true,
				.mode = 0600,
				.uid = geteuid(),
				.gid = getegid(),
				.bytes = message };
	char exe[PATH_MAX] = "", ip[IP_TEXT_MAX] = "192.0.2.1";
	const char *const argv[] = {
		exe,          "verify",      "--json", "--zone",
		p->zone_path, "--ip",        ip,       "--helo",
		p->o->host,   "--mail-from", p->from,  p->message_path,
		NULL
	};
	struct run_result r;
	json_t *j;

	if (readlink("/proc/self/exe", exe, sizeof exe - 1) < 0)
		(void)err_sys(e, _("cannot find this program"));
	if (p->o->n_ips)
		(void)ip_text(p->o->ips[0], ip);
	if (!*exe || !file_put(p->arena, p->message_path, &f, e) ||
	    !run_program(p->arena, argv, STR(""), RUN_SECONDS, &r, e))
		return NULL;
	j = json_loadb(r.out.p, r.out.n, 0, NULL);
	if (!j)
		(void)err_set(e, ERR_INTERNAL,
			      _("cannot judge the test mail: "
				"%.*s"),
			      STR_ARG(run_complaint(p->arena, &r)));
	return j;
}

static const char *member(const json_t *j, const char *name)
{
	const char *text = json_string_value(json_object_get(j, name));

	return text ? text : "";
}

/* The result of the domain's signature by this key, or NULL. */
static const char *result_of(const json_t *verdict, const struct signing_key *k)
{
	const json_t *rows = json_object_get(verdict, "dkim");

	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);

		if (str_ieq(str_of(member(row, "domain")), k->domain) &&
		    str_ieq(str_of(member(row, "selector")), k->selector))
			return member(row, "result");
	}
	return NULL;
}

static void put_words(struct proof *p, const char *way, const json_t *verdict)
{
	const json_t *spf = json_object_get(verdict, "spf");
	const json_t *dmarc = json_object_get(verdict, "dmarc");

	buf_printf(&p->words, "%s%s: dkim=pass", p->words.n ? "\n" : "", way);
	if (p->o->n_ips && json_is_object(spf))
		buf_printf(&p->words, " spf=%s", member(spf, "result"));
	if (json_is_object(dmarc))
		buf_printf(&p->words, " dmarc=%s", member(dmarc, "result"));
}

/* *again: nothing is signed, as when an smtpd of before the reload took it. */
static bool judged_well(struct proof *p, const char *way, str message,
			bool *again, struct err *e)
{
	json_t *verdict = judge(p, message, e);
	bool good = verdict != NULL;

	*again = false;
	for (size_t i = 0; good && i < p->n_keys; i++) {
		const char *result = result_of(verdict, &p->key[i]);

		*again |= !result;
		good = result && strcmp(result, "pass") == 0;
		if (!good)
			(void)err_set(e, ERR_UNAVAILABLE,
				      _("the test mail left Postfix (%s) with "
					"dkim=%s for selector %.*s"),
				      way, result ? result : "none",
				      STR_ARG(p->key[i].selector));
	}
	if (good)
		put_words(p, way, verdict);
	json_decref(verdict);
	return good;
}

static str test_message(struct proof *p)
{
	struct buf b = buf_of(p->arena, 4096);

	buf_printf(&b,
		   "From: <%s>\nTo: <%s>\n"
		   "Subject: test of inkan setup\nMIME-Version: 1.0\n"
		   "Content-Type: text/plain; charset=utf-8\n\n"
		   "This mail shows that Postfix signs.\n",
		   p->from, p->to);
	return buf_str(&b);
}

static bool by_sendmail(struct proof *p, struct err *e)
{
	const char *const argv[] = { postconf(p, "sendmail_path"),
				     "-C",
				     p->r->postfix_dir,
				     "-i",
				     "-f",
				     p->from,
				     p->to,
				     NULL };
	struct run_result r;

	return run_program(p->arena, argv, test_message(p), RUN_SECONDS, &r,
			   e) &&
	       (r.status == 0 || err_set(e, ERR_UNAVAILABLE, "sendmail: %.*s",
					 STR_ARG(run_complaint(p->arena, &r))));
}

static void add_words(struct proof *p, const char *way, const char *words)
{
	buf_printf(&p->words, "%s%s: %s", p->words.n ? "\n" : "", way, words);
}

static enum smtp_end hand_in(struct proof *p, const struct way *way,
			     struct err *e)
{
	const struct smtp_job job = {
		.port = way->port,
		.from = p->from,
		.to = p->to,
		.message = test_message(p),
		.user = way->user,
		.password = way->password,
		.slower = (int)(p->pace_ms / PACE_MS),
	};

	if (way->port)
		return smtp_send(p->arena, &job, e);
	return by_sendmail(p, e) ? SMTP_SENT : SMTP_FAILED;
}

/* Another's rules are not ours to change, nor where he listens. */
static bool may_be(const struct proof *p, const struct way *way,
		   enum smtp_end end)
{
	return end == SMTP_REFUSED || end == SMTP_LATER
		       ? !(way->user && p->r->server)
		       : end == SMTP_NOBODY && !p->r->server;
}

static void name_mail(struct proof *p)
{
	struct buf b = buf_of(p->arena, 64);

	buf_printf(&b, "test%u" PROOF_AT, ++p->n_sent);
	p->to = arena_cstr(p->arena, buf_str(&b));
}

static void waiting(const struct proof *p)
{
	if (p->o->waiting)
		p->o->waiting(p->o->arg,
			      _("Postfix still has the test mail; waiting"));
}

/* What has become of the mail that did not come yet.  False: it will not. */
static bool may_come(struct proof *p, unsigned *faults, bool *gone,
		     struct err *e)
{
	struct queue_mail m = queue_find(p->r, p->to);
	bool fault = m.place == QUEUE_NONE || m.place == QUEUE_DEFERRED;

	if (m.place == QUEUE_HOLD)
		return err_set(e, ERR_UNAVAILABLE,
			       _("Postfix holds the test mail back (its hold "
				 "queue)"));
	*faults += fault;
	if (*faults < LOOKS_MAX) {
		if (m.place != QUEUE_NONE)
			queue_hurry(p->r, &m);
		return true;
	}
	if (m.place == QUEUE_DEFERRED)
		return err_set(e, ERR_UNAVAILABLE,
			       _("Postfix defers the test mail: %.300s"),
			       m.reason);
	if (m.place != QUEUE_NONE)
		return true;
	*gone = true;
	return err_set(e, ERR_UNAVAILABLE,
		       _("Postfix took the test mail, has it no longer, and "
			 "did not hand it on: its log says where it went"));
}

/* The test mail as it leaves.  Mail is waited for as long as Postfix works at
 * it. */
static bool await_mail(struct proof *p, str *message, bool *gone, struct err *e)
{
	long long until = run_now_ms() + CATCH_SECONDS * 1000LL;
	unsigned pace = (unsigned)p->pace_ms / 1000, faults = 0, looks = 0;
	unsigned pause = pace > 2 ? pace : 2;

	*gone = false;
	while (run_now_ms() < until) {
		while (catcher_take(&p->catcher, p->arena, pause, message))
			/* a late one of before is not this one */
			if (strstr(arena_cstr(p->arena, *message), p->to))
				return true;
		if (!may_come(p, &faults, gone, e))
			return false;
		if (++looks == 2 || looks == 3)
			pause *= 2;
		waiting(p);
	}
	return err_set(e, ERR_UNAVAILABLE,
		       _("the test mail did not come out of Postfix within %u "
			 "seconds: look into its log"),
		       (unsigned)CATCH_SECONDS);
}

static bool one_way(struct proof *p, const struct way *way, struct err *e)
{
	bool again = true, ok = false, gone = false;

	for (int i = 0; again && i < ATTEMPTS; i++) {
		bool once_more = !gone && i + 1 < ATTEMPTS;
		enum smtp_end end;
		str message;

		if (i)
			run_pause_ms(p->pace_ms);
		name_mail(p);
		end = hand_in(p, way, e);
		/* Dovecot may still be reading its files anew */
		if ((end == SMTP_LATER || (end == SMTP_REFUSED && way->user)) &&
		    i + 1 < ATTEMPTS)
			continue;
		if (end != SMTP_SENT) {
			if (may_be(p, way, end))
				add_words(p, way->name, e->text);
			return may_be(p, way, end);
		}
		if (!await_mail(p, &message, &gone, e)) {
			/* bounced by a process of before the reload? */
			if (gone && once_more)
				continue;
			return false;
		}
		ok = judged_well(p, way->name, message, &again, e);
	}
	return ok;
}

/* As a user's mail program does, where a user for it can be made. */
static bool as_user(struct proof *p, struct err *e)
{
	const char *postmaster = p->from;
	const char *obstacle = proof_login_obstacle(p->r);
	char password[PROOF_PASSWORD_MAX];
	struct way way = { "587 (TLS, AUTH)", "587", PROOF_LOGIN_USER,
			   password };
	struct buf from = buf_of(p->arena, 512), words = buf_of(p->arena, 512);
	struct err later;
	bool ok, changed;

	if (obstacle) {
		buf_printf(&words, _("not tested, %s"), obstacle);
		add_words(p, "587", arena_cstr(p->arena, buf_str(&words)));
		return true;
	}
	/* where users send as themselves only, it is one of them */
	if (*postconf(p, "smtpd_sender_login_maps")) {
		buf_printf(&from, PROOF_LOGIN_USER "@%s", p->r->domain);
		p->from = arena_cstr(p->arena, buf_str(&from));
	}
	ok = proof_login_open(p->r, password, e) && one_way(p, &way, e);
	p->from = postmaster;
	if (!proof_login_clean(p->arena, &changed, ok ? e : &later))
		ok = false;
	return ok;
}

static bool all_ways(struct proof *p, struct err *e)
{
	const struct way smtp = { "SMTP", "25", NULL, NULL };
	const struct way local = { "sendmail", NULL, NULL, NULL };

	return one_way(p, &smtp, e) && one_way(p, &local, e) && as_user(p, e);
}

bool proof_run(const struct setup_run *r, const struct proof_options *o,
	       const char **words, struct err *e)
{
	struct proof p = { .r = r, .o = o, .arena = r->arena };
	struct buf from = buf_of(r->arena, 512);
	struct err later;
	bool ok;

	buf_printf(&from, "postmaster@%s", r->domain);
	p.from = arena_cstr(r->arena, buf_str(&from));
	p.words = buf_of(r->arena, 4096);
	p.main_path = path_join(r->arena, r->postfix_dir, "main.cf");
	p.zone_path = path_join(r->arena, r->dir, "test.zone");
	p.message_path = path_join(r->arena, r->dir, "test.eml");
	if (!find_keys(&p, e) || !write_zone(&p, e) ||
	    !catcher_open(&p.catcher, e))
		return false;
	ok = open_way(&p, e) && all_ways(&p, e);
	/* what is left in the queue for nobody must not bounce to a person */
	if (!ok)
		queue_clean(r, PROOF_AT);
	catcher_close(&p.catcher);
	if (!close_way(&p, &later)) {
		if (ok)
			*e = later;
		ok = false;
	}
	*words = arena_cstr(r->arena, buf_str(&p.words));
	return ok;
}
