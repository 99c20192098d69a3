#include "conf/snapshot.h"

#include "conf/crosscheck.h"
#include "conf/dataset.h"
#include "conf/suffixes.h"

#include <sys/random.h>
#include <unistd.h>

/* A data set of a setting; `field` is its name in struct conf. */
#define OPEN(s, setting, field, ...)                               \
	dataset_open((s)->conf, STR(setting), (s)->conf->field,    \
		     &(struct dataset_options){ .seed = (s)->seed, \
						__VA_ARGS__ })

static const struct hosts *open_hosts(struct snapshot *s, const struct table *t)
{
	return t ? hosts_new(s->arena, t, s->seed) : NULL;
}

static struct dkim_names open_names(struct snapshot *s, const char *setting,
				    const struct table *t,
				    struct dkim_names standard)
{
	str wrong;
	struct dkim_names names = names_edit(s->arena, t, standard, &wrong);

	if (wrong.p)
		problem_add(&s->problems, PROBLEM_ERROR,
			    conf_file(s->conf, str_of(setting)),
			    conf_line(s->conf, str_of(setting)),
			    "%s: \"%.*s\" is no name of a header field",
			    setting, STR_ARG(str_head(wrong, 80)));
	return names;
}

static void open_header_lists(struct snapshot *s)
{
	static const str from[] = { STR_INIT("From") };
	static const struct dkim_names sender = { from, 1 }, none = { NULL, 0 };

	s->sign_headers = open_names(s, "SignHeaders",
				     OPEN(s, "SignHeaders", sign_headers,
					  .fold = true),
				     dkim_names_recommended);
	s->omit_headers = open_names(s, "OmitHeaders",
				     OPEN(s, "OmitHeaders", omit_headers,
					  .fold = true),
				     dkim_names_never);
	s->oversign_headers = open_names(s, "OversignHeaders",
					 OPEN(s, "OversignHeaders",
					      oversign_headers, .fold = true),
					 none);
	s->sender_headers = open_names(
		s, "SenderHeaders",
		OPEN(s, "SenderHeaders", sender_headers, .fold = true), sender);
}

/* A plain path that is a table of NAME TEXT lines. */
static const struct table *open_test_keys(struct snapshot *s)
{
	struct dataset_options options = { .fold = true, .seed = s->seed };
	str path = s->conf->test_public_keys;
	struct buf b = buf_of(s->arena, path.n + 8);

	if (!path.p)
		return NULL;
	buf_put(&b, STR("file:"));
	buf_put(&b, path);
	buf_putc(&b, '\0');
	b.n--;
	return dataset_open(s->conf, STR("TestPublicKeys"), buf_str(&b),
			    &options);
}

static void open_rules(struct snapshot *s)
{
	const struct conf *c = s->conf;
	struct sign_rules *r = &s->rules;

	r->sign = (c->mode & CONF_MODE_SIGN) != 0;
	r->verify = (c->mode & CONF_MODE_VERIFY) != 0;
	r->multiple = c->multiple_signatures;
	r->sub_domains = c->sub_domains;
	r->peers = open_hosts(s, OPEN(s, "PeerList", peer_list, .fold = true));
	r->internal = open_hosts(s, OPEN(s, "InternalHosts", internal_hosts,
					 .fold = true));
	r->external_ignore = open_hosts(s, OPEN(s, "ExternalIgnoreList",
						external_ignore_list,
						.fold = true));
	r->exempt = OPEN(s, "ExemptDomains", exempt_domains, .fold = true);
	r->dont_sign_to = OPEN(s, "DontSignMailTo", dont_sign_mail_to,
			       .fold = true);
	r->mta = OPEN(s, "MTA", mta, .fold = false);
	r->macros = OPEN(s, "MacroList", macro_list, .fold = false);
	if (!r->sign)
		return;
	r->domains = OPEN(s, "Domain", domain, .fold = true);
	r->signing = OPEN(s, "SigningTable", signing_table, .fold = true,
			  .required = true);
	r->keys = OPEN(s, "KeyTable", key_table, .fold = false,
		       .required = true);
	r->selector = c->selector;
	r->key_file = c->key_file;
}

/* Of SPF and DMARC. */
static void open_exemptions(struct snapshot *s)
{
	s->ignore_hosts = open_hosts(s, OPEN(s, "IgnoreHosts", ignore_hosts,
					     .fold = true));
	s->skip_addresses = open_hosts(s, OPEN(s, "skip_addresses",
					       skip_addresses, .fold = true));
	s->whitelist = open_hosts(s, OPEN(s, "Whitelist", whitelist,
					  .fold = true));
	s->ignore_mail_from = OPEN(s, "IgnoreMailFrom", ignore_mail_from,
				   .fold = true);
	s->ignore_mail_to = OPEN(s, "IgnoreMailTo", ignore_mail_to,
				 .fold = true);
	s->reject_not_pass = OPEN(s, "Reject_Not_Pass_Domains",
				  reject_not_pass_domains, .fold = true);
	s->excuse_domains = OPEN(s, "Domain_Whitelist", spf_domain_whitelist,
				 .fold = true);
	s->excuse_ptr = OPEN(s, "Domain_Whitelist_PTR", spf_ptr_whitelist,
			     .fold = true);
	s->excuse_helo = OPEN(s, "HELO_Whitelist", spf_helo_whitelist,
			      .fold = true);
	s->trusted_ids = OPEN(s, "TrustedAuthservIDs", trusted_authserv_ids,
			      .fold = true);
}

/* Of ARC. */
static void open_sealers(struct snapshot *s)
{
	const char *why;
	struct key_entry k;

	s->sealers = OPEN(s, "DomainWhitelist", domain_whitelist, .fold = true);
	s->sealers_file = OPEN(s, "DomainWhitelistFile", domain_whitelist_file,
			       .fold = true);
	if (!s->conf->seal.n)
		return;
	why = s->rules.keys ? keytable_find(s->rules.keys, s->arena,
					    s->conf->seal, STR(""), &k)
			    : "there is no KeyTable";
	if (why)
		conf_problem(s->conf, PROBLEM_ERROR, "Seal",
			     "Seal \"%.*s\": %s: name an entry of KeyTable",
			     STR_ARG(s->conf->seal), why);
}

static void free_suffixes(void *what)
{
	suffixes_free(what);
}

static void load_suffixes(struct snapshot *s)
{
	struct err e;

	if (s->conf->policy_discovery != CONF_PSL)
		return;
	s->suffixes = suffixes_load(s->conf->public_suffix_list.p, &e);
	if (s->suffixes)
		arena_defer(s->arena, free_suffixes, s->suffixes);
	else
		conf_problem(s->conf, PROBLEM_ERROR, "PublicSuffixList", "%s",
			     e.text);
}

static void open_tables(struct snapshot *s)
{
	open_exemptions(s);
	load_suffixes(s);
	open_rules(s);
	open_sealers(s);
	open_header_lists(s);
	s->remove_ar_from = OPEN(s, "RemoveARFrom", remove_ar_from,
				 .fold = true);
	s->must_be_signed = OPEN(s, "MustBeSigned", must_be_signed,
				 .fold = true);
	s->trust_signatures_from = OPEN(s, "TrustSignaturesFrom",
					trust_signatures_from, .fold = true);
	s->test_dns_data = OPEN(s, "TestDNSData", test_dns_data, .fold = true);
	s->test_public_keys = open_test_keys(s);
}

static void read_settings(struct snapshot *s, const struct snapshot_request *rq)
{
	s->conf = conf_new(s->arena, &s->problems);
	if (rq->opendmarc)
		conf_as_opendmarc(s->conf);
	for (size_t i = 0; i < rq->n_paths; i++)
		(void)conf_read(s->conf, rq->paths[i]);
	for (size_t i = 0; i < rq->n_settings; i++)
		(void)conf_set(s->conf, rq->settings[i].name,
			       rq->settings[i].value, rq->settings[i].origin);
	(void)conf_finish(s->conf);
}

static void enter_base_directory(struct snapshot *s)
{
	str base = s->conf->base_directory;

	if (base.p && chdir(base.p) < 0)
		conf_problem(s->conf, PROBLEM_ERROR, "BaseDirectory",
			     "cannot change to BaseDirectory %s: create it",
			     base.p);
}

static void find_identity(struct snapshot *s)
{
	struct err e;

	if (!identity_find(s->conf->user_id.p, &s->who, &e))
		conf_problem(s->conf, PROBLEM_ERROR, "UserID", "%s", e.text);
}

static void check_files(struct snapshot *s)
{
	str anchor = s->conf->trust_anchor_file;

	if (anchor.p && access(anchor.p, R_OK) < 0)
		conf_problem(s->conf, PROBLEM_ERROR, "TrustAnchorFile",
			     "cannot read TrustAnchorFile %s: on Debian it is "
			     "in the package dns-root-data (apt install "
			     "dns-root-data)",
			     anchor.p);
}

static void free_keys(void *what)
{
	struct snapshot *s = what;

	keystore_free(s->keys);
}

static void load(struct snapshot *s, const struct snapshot_request *rq)
{
	read_settings(s, rq);
	if (rq->purpose != SNAPSHOT_RELOAD)
		enter_base_directory(s);
	find_identity(s);
	open_tables(s);
	check_files(s);
	arena_defer(s->arena, free_keys, s);
	s->keys = keystore_new(&s->who, s->conf->require_safe_keys, s->seed,
			       rq->last ? rq->last->keys : NULL);
	if (!s->keys) {
		problem_add(&s->problems, PROBLEM_ERROR, STR(""), 0,
			    "out of memory");
		return;
	}
	crosscheck_tables(s, rq->purpose);
	crosscheck_keys(s, rq->purpose);
}

struct snapshot *snapshot_load(const struct snapshot_request *rq)
{
	struct arena *arena = arena_new(1 << 16);

	if (!arena || !arena_enter(arena)) {
		arena_free(arena);
		return NULL;
	}

	struct snapshot *s = arena_new_of(arena, struct snapshot);

	s->arena = arena;
	s->references = 1;
	problems_init(&s->problems, arena);
	if (getrandom(&s->seed, sizeof s->seed, 0) != sizeof s->seed)
		problem_add(&s->problems, PROBLEM_ERROR, STR(""), 0,
			    "the system gives no random numbers");
	load(s, rq);
	s->ok = !problems_fatal(&s->problems);
	arena_leave(arena);
	return s;
}

struct snapshot *snapshot_hold(struct snapshot *s)
{
	__atomic_add_fetch(&s->references, 1, __ATOMIC_RELAXED);
	return s;
}

void snapshot_release(struct snapshot *s)
{
	if (s && __atomic_sub_fetch(&s->references, 1, __ATOMIC_ACQ_REL) == 0)
		arena_free(s->arena);
}

struct privkey *snapshot_key(const struct snapshot *s,
			     const struct key_entry *from,
			     enum keystore_news *news, struct err *e)
{
	return keystore_get(s->keys, from, news, e);
}

static void tell_all(const struct problems *found,
		     void (*tell)(void *, const struct problem *), void *arg)
{
	for (const struct problem *p = found->first; p; p = p->next)
		tell(arg, p);
}

bool snapshot_check_keys(const struct snapshot *s, size_t *at, size_t max,
			 void (*tell)(void *arg, const struct problem *p),
			 void *arg)
{
	struct table_entry e;

	for (size_t i = 0; i < max; i++) {
		struct arena *a;
		struct problems found;
		struct key_entry k;

		if (!s->rules.keys || !table_next(s->rules.keys, at, &e))
			return false;
		if (key_entry_parse(&e, &k) || key_entry_has_percent(&k))
			continue;
		a = arena_new(4096);
		if (!a || !arena_enter(a)) {
			arena_free(a);
			return true;
		}
		problems_init(&found, a);
		(void)crosscheck_key(s, &k, PROBLEM_WARNING, &found);
		arena_leave(a);
		tell_all(&found, tell, arg);
		arena_free(a);
	}
	return true;
}
