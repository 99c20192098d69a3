/* plan: which keys are rotated, and what the new ones are called. */
#include "base/buf.h"
#include "base/tr.h"
#include "dns/name.h"
#include "rotate/rotate.h"
#include "rotate/tables.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

/* "s202611" for RSA, "e202611" for Ed25519; then "s202611b". */
static str selector_of(struct arena *arena, const struct rotate_key *k,
		       int64_t now, char more)
{
	struct buf b = buf_of(arena, DNS_LABEL_MAX);
	time_t at = (time_t)now;
	struct tm day;

	(void)gmtime_r(&at, &day);
	buf_printf(&b, "%c%04d%02d", k->type == KEY_RSA ? 's' : 'e',
		   day.tm_year + 1900, day.tm_mon + 1);
	if (more != 'a')
		buf_putc(&b, more);
	return buf_str(&b);
}

static str path_beside(struct arena *arena, str old, str selector)
{
	struct buf b = buf_of(arena, 4096);

	buf_printf(&b, "%.*s/%.*s.private",
		   STR_ARG(str_head(old, str_rfind(old, '/'))),
		   STR_ARG(selector));
	return buf_str(&b);
}

static bool is_chosen(const struct rotation *r, size_t n, str selector)
{
	for (size_t i = 0; i < n; i++)
		if (str_ieq(r->keys[i].new.selector, selector))
			return true;
	return false;
}

/* At one of the name servers. */
static bool is_published(struct rotate_env *env, struct dns_client *dns,
			 str domain, str selector, bool *out, struct err *e)
{
	struct seen seen;

	if (!seen_check(env->arena, dns, domain, selector, SEEN_NOTHING, NULL,
			env->timeout_ms, &seen, e))
		return false;
	for (size_t i = 0; i < seen.n; i++)
		if (seen.place[i].silent)
			return err_set(e, ERR_UNAVAILABLE,
				       _("name server %s of %.*s gives no "
					 "answer, so whether selector %.*s is "
					 "free is not known: nothing was "
					 "begun"),
				       seen.place[i].server, STR_ARG(domain),
				       STR_ARG(selector));
	*out = !seen.all;
	return true;
}

/* Free in the KeyTable, on the disk and in DNS. */
static bool try_selector(struct rotate_env *env, struct dns_client *dns,
			 const struct rotate_tables *t, struct rotation *r,
			 size_t at, str selector, bool *free, struct err *e)
{
	struct rotate_side *new = &r->keys[at].new;
	bool taken = true, published = true;

	new->selector = selector;
	new->name = seen_name(env->arena, selector, r->domain);
	new->path = path_beside(env->arena, r->keys[at].old.path, selector);
	if (!tables_have(env->arena, t, new->name, &taken, e))
		return false;
	*free = !taken && !is_chosen(r, at, selector) &&
		!str_ieq(selector, r->keys[at].old.selector) &&
		access(arena_cstr(env->arena, new->path), F_OK) < 0 &&
		errno == ENOENT;
	if (!*free)
		return true;
	if (!is_published(env, dns, r->domain, selector, &published, e))
		return false;
	*free = !published;
	return true;
}

static bool choose(struct rotate_env *env, struct dns_client *dns,
		   const struct rotate_tables *t, struct rotation *r, size_t at,
		   struct err *e)
{
	bool free = false;

	for (char more = 'a'; !free && more <= 'z'; more++)
		if (!try_selector(env, dns, t, r, at,
				  selector_of(env->arena, &r->keys[at],
					      env->now, more),
				  &free, e))
			return false;
	return free || err_set(e, ERR_UNAVAILABLE,
			       _("no free selector for %.*s was found: choose "
				 "one with --selector"),
			       STR_ARG(r->domain));
}

static bool take_selector(struct rotate_env *env, struct dns_client *dns,
			  const struct rotate_tables *t, struct rotation *r,
			  const char *selector, struct err *e)
{
	bool free = false;

	if (r->n_keys > 1)
		return err_set(e, ERR_USAGE,
			       _("%.*s signs with %zu keys: leave out "
				 "--selector, each gets one of its own"),
			       STR_ARG(r->domain), r->n_keys);
	if (!dns_name_is_domain(str_of(selector), true))
		return err_set(e, ERR_USAGE, _("\"%.100s\" is not a selector"),
			       selector);
	if (!try_selector(env, dns, t, r, 0, str_of(selector), &free, e))
		return false;
	return free || err_set(e, ERR_USAGE,
			       _("selector %.100s is in use already (in the "
				 "KeyTable, as a file or in DNS): choose "
				 "another"),
			       selector);
}

bool rotate_plan(struct rotate_env *env, struct rotation *r,
		 const char *selector, struct err *e)
{
	struct rotate_tables t;
	struct dns_client *dns;
	bool ok = true;

	if (!tables_find(env->arena, arena_cstr(env->arena, r->config), &t,
			 e) ||
	    !tables_keys(env->arena, &t, r, e))
		return false;
	dns = env->open_dns(env->arg, e);
	if (!dns)
		return false;
	if (selector)
		ok = take_selector(env, dns, &t, r, selector, e);
	for (size_t i = 0; ok && !selector && i < r->n_keys; i++)
		ok = choose(env, dns, &t, r, i, e);
	dns_client_free(dns);
	return ok;
}
