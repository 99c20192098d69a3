/* rotate: see rotate/rotate.h.  Each stage's work may be done twice: the next
 * stage is written down only when it is all done. */
#include "rotate/rotate.h"

#include "base/tr.h"
#include "dkim/record_write.h"
#include "file/replace.h"
#include "rotate/daemon.h"
#include "rotate/put.h"
#include "rotate/tables.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RELOAD_MS = 60000 };

static bool enter(struct rotate_env *env, struct rotation *r,
		  enum rotate_stage stage, struct err *e)
{
	r->stage = stage;
	r->since = env->now;
	if (!rotate_save(&env->store, env->arena, r, e))
		return false;
	if (env->tell)
		env->tell(env->arg, r);
	return true;
}

/* Whoever may read the old key may read the new one. */
static bool own_as(const char *path, const char *like, struct err *e)
{
	struct stat st;

	if (stat(like, &st) < 0)
		return err_sys(e, _("cannot open %s"), like);
	return (lchown(path, st.st_uid, st.st_gid) == 0 &&
		chmod(path, st.st_mode & 0640) == 0) ||
	       err_sys(e, _("cannot give %s the owner of %s"), path, like);
}

/* What a run that was killed left is used when it is whole; nobody has seen the
 * key yet, so a torn one is made anew. */
static bool make_key(struct rotate_env *env, const struct rotate_key *k,
		     struct err *e)
{
	const char *path = arena_cstr(env->arena, k->new.path);
	const char *old = arena_cstr(env->arena, k->old.path);
	struct privkey *key = privkey_read(path, PRIVKEY_ANY, e);
	bool ok = true;

	if (!key) {
		if (unlink(path) < 0 && errno != ENOENT)
			return err_sys(e, _("cannot remove %s"), path);
		/* a short key is never made again */
		key = privkey_generate(k->type, k->bits > 2048 ? k->bits : 2048,
				       e);
		ok = key && privkey_write(key, path, e);
	}
	privkey_free(key);
	return ok && own_as(path, old, e) && replace_sync_folder(path, e);
}

static bool make_keys(struct rotate_env *env, struct rotation *r, struct err *e)
{
	for (size_t i = 0; i < r->n_keys; i++)
		if (!make_key(env, &r->keys[i], e))
			return false;
	return enter(env, r, ROTATE_PUBLISH, e);
}

static bool describe(struct rotate_env *env, const struct rotation *r,
		     const struct rotate_key *k, bool revoked,
		     struct rotate_record *out, struct privkey **key,
		     struct err *e)
{
	const struct rotate_side *side = revoked ? &k->old : &k->new;
	struct dkim_record_options o = { .hashes = STR("sha256") };
	size_t at;

	*key = NULL;
	out->name = seen_name(env->arena, side->selector, r->domain);
	out->value = k->type == KEY_RSA ? STR("v=DKIM1; k=rsa; p=")
					: STR("v=DKIM1; k=ed25519; p=");
	if (revoked)
		return true;
	*key = privkey_read(arena_cstr(env->arena, side->path), PRIVKEY_ANY, e);
	if (!*key)
		return false;
	out->value = dkim_record_write(env->arena, *key, &o, &at);
	return true;
}

/* One look at all servers for all keys; what is missing goes to out. */
static bool look(struct rotate_env *env, const struct rotation *r, bool revoked,
		 struct rotate_progress *out, struct err *e)
{
	struct dns_client *dns = env->open_dns(env->arg, e);
	bool ok = dns;

	out->n_records = 0;
	for (size_t i = 0; ok && i < r->n_keys; i++) {
		const struct rotate_key *k = &r->keys[i];
		struct rotate_record *to = &out->record[out->n_records];
		struct privkey *key;

		ok = describe(env, r, k, revoked, to, &key, e) &&
		     seen_check(env->arena, dns, r->domain,
				revoked ? k->old.selector : k->new.selector,
				revoked ? SEEN_REVOKED : SEEN_KEY, key,
				env->timeout_ms, &to->seen, e);
		privkey_free(key);
		if (ok && !to->seen.all)
			out->n_records++;
	}
	dns_client_free(dns);
	return ok;
}

/* Published and seen, or what to wait for. */
static bool publish(struct rotate_env *env, const struct rotation *r,
		    bool revoked, struct rotate_progress *out, struct err *e)
{
	if (!look(env, r, revoked, out, e))
		return false;
	if (!out->n_records)
		return true;
	out->wait = r->method == ROTATE_MANUAL ? WAIT_PASTE : WAIT_DNS;
	if (r->method == ROTATE_MANUAL)
		return true;
	for (size_t i = 0; i < out->n_records; i++)
		if (!put_record(env, r, revoked, &out->record[i], e))
			return false;
	return look(env, r, revoked, out, e);
}

static bool missing(const struct rotation *r, const struct rotate_progress *p,
		    struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE,
		       _("%.*s is not at every name server of %.*s any more: "
			 "publish it again; nothing was changed"),
		       STR_ARG(p->record[0].name), STR_ARG(r->domain));
}

static bool use_keys(struct rotate_env *env, struct rotation *r,
		     const struct rotate_tables *t, struct rotate_progress *out,
		     struct err *e)
{
	if (!look(env, r, false, out, e))
		return false;
	if (out->n_records)
		return missing(r, out, e);
	return tables_switch(env->arena, t, r, e) &&
	       daemon_reload(t, arena_cstr(env->arena, r->reload), e) &&
	       daemon_signs(env->arena, t, r, RELOAD_MS, e) &&
	       enter(env, r, ROTATE_HOLD, e);
}

static bool hold(struct rotate_env *env, struct rotation *r,
		 const struct rotate_tables *t, struct rotate_progress *out,
		 struct err *e)
{
	out->until = r->since + r->hold;
	if (env->now < out->until) {
		out->wait = WAIT_TIME;
		return true;
	}
	if (!look(env, r, false, out, e))
		return false;
	if (out->n_records)
		return missing(r, out, e);
	return daemon_signs(env->arena, t, r, 0, e) &&
	       enter(env, r, ROTATE_CLEAN, e);
}

static bool clean(struct rotate_env *env, struct rotation *r,
		  const struct rotate_tables *t, struct err *e)
{
	return tables_clean(env->arena, t, r, e) &&
	       daemon_reload(t, arena_cstr(env->arena, r->reload), e) &&
	       enter(env, r, ROTATE_REVOKE, e);
}

static bool one_stage(struct rotate_env *env, struct rotation *r,
		      const struct rotate_tables *t,
		      struct rotate_progress *out, struct err *e)
{
	switch (r->stage) {
	case ROTATE_KEY:
		return make_keys(env, r, e);
	case ROTATE_PUBLISH:
		return publish(env, r, false, out, e) &&
		       (out->n_records || enter(env, r, ROTATE_SWITCH, e));
	case ROTATE_SWITCH:
		return use_keys(env, r, t, out, e);
	case ROTATE_HOLD:
		return hold(env, r, t, out, e);
	case ROTATE_CLEAN:
		return clean(env, r, t, e);
	case ROTATE_REVOKE:
		return publish(env, r, true, out, e) &&
		       (out->n_records || enter(env, r, ROTATE_DONE, e));
	case ROTATE_DONE:
		break;
	}
	return true;
}

bool rotate_advance(struct rotate_env *env, struct rotation *r,
		    struct rotate_progress *out, struct err *e)
{
	struct rotate_tables t;

	if (!tables_find(env->arena, arena_cstr(env->arena, r->config), &t, e))
		return false;
	for (;;) {
		*out = (struct rotate_progress){ .wait = WAIT_NOTHING };
		e->code = ERR_NONE;
		if (r->stage == ROTATE_DONE)
			return true;
		if (!one_stage(env, r, &t, out, e))
			return false;
		if (out->n_records || out->wait == WAIT_TIME)
			return true;
	}
}

bool rotate_take_back(struct rotate_env *env, struct rotation *r, struct err *e)
{
	bool used = r->stage >= ROTATE_SWITCH;

	if (r->stage > (r->taken_back ? ROTATE_HOLD : ROTATE_CLEAN))
		return err_set(
			e, ERR_USAGE,
			_("it is too late to go back: the old keys of "
			  "%.*s are being revoked; start a new rotation"),
			STR_ARG(r->domain));
	for (size_t i = 0; i < r->n_keys; i++) {
		struct rotate_side old = r->keys[i].old;

		r->keys[i].old = r->keys[i].new;
		r->keys[i].new = old;
	}
	r->taken_back = !r->taken_back;
	return enter(env, r, used ? ROTATE_SWITCH : ROTATE_CLEAN, e);
}
