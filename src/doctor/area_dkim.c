/* DKIM: every key of KeyTable against the record that receivers will find. */
#include "base/ascii.h"
#include "base/limits.h"
#include "conf/keytest.h"
#include "dkim/record.h"
#include "dkim/record_write.h"
#include "dns/name.h"
#include "doctor/records.h"

#include <fcntl.h>
#include <unistd.h>

struct record_check {
	struct records_check *r;
	str name, domain, selector;
	const struct privkey *key; /* NULL: could not be read */
	str wanted; /* the line to be published */
	str path;
};

static void free_key(void *key)
{
	privkey_free(key);
}

/* The arena ends it. */
static struct privkey *read_key(const struct machine *m, const char *path)
{
	struct arena_slot *slot = arena_defer_slot(m->arena, free_key);
	int fd = tree_fd(&m->tree, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct privkey *key;
	struct err e;

	if (fd < 0)
		return NULL;
	key = privkey_read_fd(fd, path, &e);
	close(fd);
	arena_defer_set(slot, key);
	return key;
}

static str wanted_line(const struct record_check *c)
{
	struct dkim_record_options o = { .hashes = STR("sha256") };
	size_t key_at;

	/* only root may read the key */
	if (!c->key)
		return records_line(c->r->m, c->name,
				    STR("v=DKIM1; p=PUBLIC-KEY"));
	return records_line(c->r->m, c->name,
			    dkim_record_write(c->r->m->arena, c->key, &o,
					      &key_at));
}

static bool looks_like_key(str txt)
{
	return str_istarts(txt, STR("v=DKIM1")) ||
	       memmem(txt.p, txt.n, "p=", 2);
}

/* Names that are written in its place: without an underscore, or without the
 * middle. */
static str wrong_place(const struct record_check *c)
{
	static const char *const middles[] = { ".domainkey", "._domainkeys",
					       "._domain_key", "" };
	struct records_check *r = c->r;
	str found = { NULL, 0 }, first;

	for (size_t i = 0; i < sizeof middles / sizeof *middles; i++) {
		struct buf b = buf_of(r->m->arena, 1024);
		const struct dns_answer *a;

		buf_printf(&b, "%.*s%s.%.*s", STR_ARG(c->selector), middles[i],
			   STR_ARG(c->domain));
		a = ask(r->asks, DNS_TXT, buf_str(&b));
		r->pending |= !a;
		if (a && !found.p && records_count(a, looks_like_key, &first))
			found = buf_str(&b);
	}
	return found;
}

/* A panel put the domain behind a name that had it already. */
static void check_missing(const struct record_check *c)
{
	struct records_check *r = c->r;
	str twice = records_name(r->m, c->name, c->domain);
	const struct dns_answer *a = ask(r->asks, DNS_TXT, twice);
	str place = wrong_place(c);

	r->pending |= !a;
	if (a && a->n)
		judge(r->f, FIND_KEY_DOUBLED, false, c->name,
		      ARGS(twice, c->wanted));
	else if (place.p)
		judge(r->f, FIND_KEY_PLACE, false, c->name,
		      ARGS(place, c->wanted));
	else
		judge(r->f, FIND_KEY_RECORD, false, c->name, ARGS(c->wanted));
}

/* What stands in the text of a record that cannot be a key. */
static bool has_quotes(str text)
{
	return str_find(text, '"') < text.n || str_find(text, '\\') < text.n ||
	       str_find(text, '(') < text.n;
}

static void check_text(const struct record_check *c, str text,
		       const struct keytest *t)
{
	struct records_check *r = c->r;
	struct dkim_record record;
	const char *why = t->why ? t->why : "";

	if (t->result == KEYTEST_INVALID) {
		judge(r->f, FIND_KEY_SYNTAX, false, c->name,
		      ARGS(has_quotes(text)
				   ? STR("quotes, backslashes or brackets "
					 "of a zone file are in the value")
				   : str_of(why),
			   c->wanted, text));
		return;
	}
	judge(r->f, FIND_KEY_SYNTAX, true, c->name, ARGS(STR("")));
	judge(r->f, FIND_KEY_REVOKED, t->result != KEYTEST_REVOKED, c->name,
	      ARGS(c->wanted));
	if (t->result == KEYTEST_REVOKED ||
	    dkim_record_parse(r->m->arena, text, &record, &why) !=
		    DKIM_RECORD_OK)
		return;
	judge(r->f, FIND_KEY_TESTING, !record.testing, c->name,
	      ARGS(c->wanted));
	judge(r->f, FIND_KEY_TAGS, record.sha256 && record.email, c->name,
	      ARGS(record.sha256 ? STR("s=") : STR("h="), c->wanted));
	if (record.type == KEY_RSA)
		finding_put(r->f, FIND_KEY_RECORD_BITS,
			    t->bits >= 2048   ? FINDING_OK
			    : t->bits >= 1024 ? FINDING_WARN
					      : FINDING_FAIL,
			    c->name,
			    ARGS(machine_number(r->m, t->bits), c->domain));
}

static void check_match(const struct record_check *c, const struct keytest *t)
{
	struct records_check *r = c->r;

	if (!c->key)
		finding_skip(r->f, FIND_KEY_MISMATCH, c->name,
			     N_("the private key cannot be read"));
	else if (t->result == KEYTEST_OK || t->result == KEYTEST_MISMATCH)
		judge(r->f, FIND_KEY_MISMATCH, t->result == KEYTEST_OK, c->name,
		      ARGS(c->path, machine_number(r->m, t->bits),
			   machine_number(r->m, privkey_bits(c->key)),
			   c->wanted));
}

/* The strings of a record file, as opendkim-genkey and inkan keygen write it. */
static str strings_of(const struct machine *m, str text)
{
	struct buf b = buf_of(m->arena, text.n + 1);
	str part;

	for (size_t i = 0; str_split(&text, '"', &part); i++)
		if (i % 2)
			buf_put(&b, part);
	return buf_str(&b);
}

/* Without white space and the last ";", which say nothing. */
static str bare(const struct machine *m, str record)
{
	struct buf b = buf_of(m->arena, record.n + 1);

	for (size_t i = 0; i < record.n; i++)
		if (!ascii_is(record.p[i], ASCII_SPACE))
			buf_putc(&b, record.p[i]);
	record = buf_str(&b);
	while (record.n && record.p[record.n - 1] == ';')
		record.n--;
	return record;
}

/* SELECTOR.txt beside SELECTOR.private is what should have been published. */
static void check_file_text(const struct record_check *c, str record)
{
	const struct machine *m = c->r->m;
	struct buf path = buf_of(m->arena, c->path.n + 8);
	struct err e;
	str text;

	if (!str_iends(c->path, STR(".private")))
		return;
	buf_put(&path, str_head(c->path, c->path.n - 7));
	buf_put(&path, STR("txt"));
	if (!tree_read(&m->tree, m->arena, machine_cstr(m, buf_str(&path)),
		       LIMIT_MACHINE_FILE, &text, &e))
		return;
	text = strings_of(m, text);
	if (text.n)
		judge(c->r->f, FIND_KEY_TEXT,
		      str_eq(bare(m, text), bare(m, record)), c->name,
		      ARGS(buf_str(&path), records_line(m, c->name, text)));
}

static bool anything(str txt)
{
	return txt.p != NULL;
}

static void check_record(const struct record_check *c)
{
	struct records_check *r = c->r;
	const struct dns_answer *a = records_ask(r, FIND_KEY_RECORD, DNS_TXT,
						 c->name);
	struct keytest t = { .name = c->name };
	str text;

	if (!a)
		return;
	if (!records_count(a, anything, &text)) {
		check_missing(c);
		return;
	}
	judge(r->f, FIND_KEY_DOUBLED, true, c->name, NULL);
	judge(r->f, FIND_KEY_PLACE, true, c->name, NULL);
	judge(r->f, FIND_KEY_RECORD, true, c->name, NULL);
	judge(r->f, FIND_KEY_SEVERAL, a->n == 1, c->name,
	      ARGS(machine_number(r->m, (unsigned)a->n), c->wanted));
	keytest_judge(r->m->arena, a, c->key, &t);
	check_text(c, text, &t);
	check_match(c, &t);
	if (t.result == KEYTEST_OK && c->key)
		check_file_text(c, text);
}

static void check_one(struct records_check *r, str domain, str selector,
		      str path)
{
	struct record_check c = { .r = r,
				  .domain = domain,
				  .selector = selector,
				  .path = path };

	c.name = records_name(
		r->m, records_name(r->m, selector, STR("_domainkey")), domain);
	c.key = path.n ? read_key(r->m, machine_cstr(r->m, path)) : NULL;
	c.wanted = wanted_line(&c);
	check_record(&c);
}

static bool is_asked_for(const struct records_check *r, str domain)
{
	for (size_t i = 0; i < r->n_domains; i++)
		if (str_ieq(r->domains[i], domain))
			return true;
	return false;
}

void check_key_records(struct records_check *r)
{
	const struct sign_rules *rules = &r->m->signer.rules;
	const struct table *t = rules->keys;
	struct table_entry e;
	size_t at = 0, n = 0;

	while (t && n < LIMIT_DOCTOR_KEYS && table_next(t, &at, &e)) {
		struct key_entry k;

		if (key_entry_parse(&e, &k) || key_entry_has_percent(&k) ||
		    !is_asked_for(r, k.domain))
			continue;
		n++;
		check_one(r, k.domain, k.selector, k.is_path ? k.key : STR(""));
	}
	if (!t && rules->key_file.p && rules->selector.p && r->n_domains)
		check_one(r, r->domains[0], rules->selector, rules->key_file);
}
