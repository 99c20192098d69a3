/* put: see rotate/put.h. */
#include "rotate/put.h"

#include "base/buf.h"
#include "base/tr.h"
#include "publish/primary.h"
#include "publish/update.h"
#include "rotate/daemon.h"

#include <inttypes.h>

enum { STRING_MAX = 255 };

/* Key records hold nothing that would have to be escaped. */
static str quoted(struct arena *arena, str value)
{
	struct buf b = buf_of(arena, 2 * value.n + 64);

	do {
		str part = str_head(value, STRING_MAX);

		buf_printf(&b, "%s\"%.*s\"", b.n ? " " : "", STR_ARG(part));
		value = str_skip(value, part.n);
	} while (value.n);
	return buf_str(&b);
}

static bool find_server(struct rotate_env *env, const struct rotation *r,
			struct server *out, struct err *e)
{
	struct dns_client *dns;
	bool ok;

	if (r->server.n)
		return server_parse(arena_cstr(env->arena, r->server),
				    env->timeout_ms, out, e);
	dns = env->open_dns(env->arg, e);
	ok = dns &&
	     primary_find(env->arena, dns, r->domain, env->timeout_ms, out, e);
	dns_client_free(dns);
	return ok;
}

static bool find_zone(struct rotate_env *env, const struct server *s, str name,
		      str *zone, struct err *e)
{
	for (str at = name; at.n; at = str_skip(at, str_find(at, '.') + 1)) {
		struct server_answer a;

		if (!server_ask(env->arena, s, DNS_SOA, at, &a, e))
			return false;
		*zone = a.zone;
		if (a.authoritative && a.zone.n)
			return true;
	}
	return err_set(e, ERR_UNAVAILABLE,
		       _("name server %s does not have the zone of %.*s: name "
			 "its primary with --server"),
		       s->text, STR_ARG(name));
}

static bool put_update(struct rotate_env *env, const struct rotation *r,
		       const struct rotate_record *record, struct err *e)
{
	struct server_answer seen = { 0 };
	struct tsig_key key = { 0 };
	struct server s;
	struct update *u;
	bool there = false;
	str zone = STR("");

	if (!find_server(env, r, &s, e) ||
	    (r->tsig.n &&
	     !tsig_read(env->arena, arena_cstr(env->arena, r->tsig), &key,
			e)) ||
	    !find_zone(env, &s, record->name, &zone, e) ||
	    !server_ask(env->arena, &s, DNS_TXT, record->name, &seen, e))
		return false;
	u = update_new(env->arena, zone);
	update_expect(u, record->name, DNS_TXT, &seen);
	for (size_t i = 0; i < server_count(&seen); i++)
		if (str_eq(server_value_at(env->arena, &seen, i),
			   record->value))
			there = true;
		else
			update_delete(u, server_rr_at(&seen, i));
	if (!there && !update_add(u, record->name, r->ttl, "TXT",
				  quoted(env->arena, record->value), e))
		return false;
	return update_is_empty(u) ||
	       update_send(u, &s, r->tsig.n ? &key : NULL, e);
}

/* HOOK add|revoke NAME TTL VALUE */
static bool put_hook(struct rotate_env *env, const struct rotation *r,
		     bool revoked, const struct rotate_record *record,
		     struct err *e)
{
	struct buf ttl = buf_of(env->arena, 32);
	const char *arguments[] = { revoked ? "revoke" : "add",
				    arena_cstr(env->arena, record->name), NULL,
				    arena_cstr(env->arena, record->value),
				    NULL };

	buf_printf(&ttl, "%" PRId64, r->ttl);
	arguments[2] = arena_cstr(env->arena, buf_str(&ttl));
	return daemon_run(arena_cstr(env->arena, r->hook), arguments, e);
}

bool put_record(struct rotate_env *env, const struct rotation *r, bool revoked,
		const struct rotate_record *record, struct err *e)
{
	return r->method == ROTATE_UPDATE
		       ? put_update(env, r, record, e)
		       : put_hook(env, r, revoked, record, e);
}
