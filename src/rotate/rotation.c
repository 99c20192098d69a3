/* rotation: see rotate/rotation.h. */
#include "rotate/rotation.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/tr.h"
#include "conf/file.h"
#include "dns/name.h"
#include "file/replace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

enum { PATH_MAX_HERE = 4096 };

const char *const rotate_stages[] = { "key",   "publish", "switch", "hold",
				      "clean", "revoke",  "done" };
static const char *const methods[] = { "manual", "update", "hook" };

static const char *path_of(struct arena *arena, const char *directory,
			   str domain, const char *suffix)
{
	struct buf b = buf_of(arena, PATH_MAX_HERE);

	buf_printf(&b, "%s/%.*s%s", directory, STR_ARG(domain), suffix);
	return b.overflow ? "" : arena_cstr(arena, buf_str(&b));
}

/* With the folder it is in, as far as that is missing. */
static bool make_folder(const char *path)
{
	size_t slash = str_rfind(str_of(path), '/');
	char parent[PATH_MAX_HERE];

	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return true;
	if (errno != ENOENT || !path[slash] || slash >= sizeof parent)
		return false;
	memcpy(parent, path, slash);
	parent[slash] = '\0';
	return mkdir(parent, 0755) == 0 && mkdir(path, 0700) == 0;
}

bool rotate_open(struct rotate_store *s, struct arena *arena, str domain,
		 struct err *e)
{
	const char *path = path_of(arena, s->directory, domain, ".lock");

	s->lock = -1;
	if (!make_folder(s->directory))
		return err_sys(e, _("cannot make directory %s"), s->directory);
	s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock < 0)
		return err_sys(e, _("cannot open %s"), path);
	if (flock(s->lock, LOCK_EX | LOCK_NB) == 0)
		return true;
	rotate_close(s);
	return err_set(e, ERR_UNAVAILABLE,
		       _("another inkan rotate is at work on %.*s: wait for "
			 "it"),
		       STR_ARG(domain));
}

void rotate_close(struct rotate_store *s)
{
	if (s->lock >= 0)
		close(s->lock);
	s->lock = -1;
}

static json_t *text_json(str s)
{
	json_t *j = json_stringn(s.n ? s.p : "", s.n);

	return j ? j : json_string("");
}

static json_t *side_json(const struct rotate_side *s)
{
	return json_pack("{s:o, s:o, s:o}", "name", text_json(s->name),
			 "selector", text_json(s->selector), "path",
			 text_json(s->path));
}

static json_t *to_json(const struct rotation *r)
{
	json_t *keys = json_array();

	for (size_t i = 0; i < r->n_keys; i++) {
		const struct rotate_key *k = &r->keys[i];

		json_array_append_new(
			keys, json_pack("{s:o, s:o, s:s, s:i, s:o}", "old",
					side_json(&k->old), "new",
					side_json(&k->new), "type",
					k->type == KEY_RSA ? "rsa" : "ed25519",
					"bits", (int)k->bits, "sender",
					text_json(k->sender)));
	}
	return json_pack("{s:o, s:s, s:I, s:I, s:I, s:I, s:s, s:o, s:o, s:o, "
			 "s:o, s:o, s:b, s:o}",
			 "domain", text_json(r->domain), "stage",
			 rotate_stages[r->stage], "started",
			 (json_int_t)r->started, "since", (json_int_t)r->since,
			 "hold", (json_int_t)r->hold, "ttl", (json_int_t)r->ttl,
			 "method", methods[r->method], "server",
			 text_json(r->server), "tsig", text_json(r->tsig),
			 "hook", text_json(r->hook), "config",
			 text_json(r->config), "reload", text_json(r->reload),
			 "taken_back", (int)r->taken_back, "keys", keys);
}

bool rotate_save(const struct rotate_store *s, struct arena *arena,
		 const struct rotation *r, struct err *e)
{
	json_t *j = to_json(r);
	char *text = json_dumps(j, JSON_INDENT(2));
	bool ok;

	json_decref(j);
	if (!text)
		return err_set(e, ERR_INTERNAL, _("out of memory"));
	ok = replace_file(path_of(arena, s->directory, r->domain, ".json"),
			  str_of(text), NULL, e);
	free(text);
	return ok;
}

static str text_of(struct arena *arena, const json_t *j, const char *name)
{
	const json_t *value = json_object_get(j, name);

	return arena_str(arena,
			 (str){ json_is_string(value) ? json_string_value(value)
						      : "",
				json_string_length(value) });
}

static bool word_of(const json_t *j, const char *name, const char *const *words,
		    size_t n, unsigned *out)
{
	const char *text = json_string_value(json_object_get(j, name));

	for (*out = 0; text && *out < n; ++*out)
		if (strcmp(text, words[*out]) == 0)
			return true;
	return false;
}

static bool read_side(struct arena *arena, const json_t *j, const char *name,
		      struct rotate_side *out)
{
	const json_t *side = json_object_get(j, name);

	out->name = text_of(arena, side, "name");
	out->selector = text_of(arena, side, "selector");
	out->path = text_of(arena, side, "path");
	return out->name.n && str_starts(out->path, STR("/")) &&
	       dns_name_is_domain(out->selector, true);
}

static bool read_key(struct arena *arena, const json_t *j,
		     struct rotate_key *out)
{
	static const char *const types[] = { "rsa", "ed25519" };
	json_int_t bits = json_integer_value(json_object_get(j, "bits"));
	unsigned type;

	if (!word_of(j, "type", types, 2, &type) || bits < 0 ||
	    bits > LIMIT_RSA_BITS_MAX)
		return false;
	out->type = type ? KEY_ED25519 : KEY_RSA;
	out->bits = (unsigned)bits;
	out->sender = text_of(arena, j, "sender");
	return read_side(arena, j, "old", &out->old) &&
	       read_side(arena, j, "new", &out->new);
}

static bool read_rotation(struct arena *arena, const json_t *j,
			  struct rotation *r)
{
	const json_t *keys = json_object_get(j, "keys");
	unsigned stage, method;

	if (!word_of(j, "stage", rotate_stages, ROTATE_DONE + 1, &stage) ||
	    !word_of(j, "method", methods, 3, &method))
		return false;
	*r = (struct rotation){
		.domain = text_of(arena, j, "domain"),
		.stage = (enum rotate_stage)stage,
		.method = (enum rotate_method)method,
		.started = json_integer_value(json_object_get(j, "started")),
		.since = json_integer_value(json_object_get(j, "since")),
		.hold = json_integer_value(json_object_get(j, "hold")),
		.ttl = json_integer_value(json_object_get(j, "ttl")),
		.server = text_of(arena, j, "server"),
		.tsig = text_of(arena, j, "tsig"),
		.hook = text_of(arena, j, "hook"),
		.config = text_of(arena, j, "config"),
		.reload = text_of(arena, j, "reload"),
		.taken_back = json_is_true(json_object_get(j, "taken_back")),
		.n_keys = json_array_size(keys),
	};
	if (!dns_name_is_domain(r->domain, false) || !r->n_keys ||
	    r->n_keys > ROTATE_KEYS_MAX || r->hold < 0 || r->ttl < 0)
		return false;
	for (size_t i = 0; i < r->n_keys; i++)
		if (!read_key(arena, json_array_get(keys, i), &r->keys[i]))
			return false;
	return true;
}

bool rotate_parse(struct arena *arena, str text, struct rotation *out,
		  struct err *e)
{
	json_error_t why;
	json_t *j = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &why);
	bool ok = j && read_rotation(arena, j, out);

	json_decref(j);
	return ok ||
	       err_set(e, ERR_DATA, _("it is not what inkan rotate writes"));
}

bool rotate_load(const struct rotate_store *s, struct arena *arena, str domain,
		 struct rotation *out, bool *found, struct err *e)
{
	const char *path = path_of(arena, s->directory, domain, ".json");
	struct err why;
	str text;

	*found = access(path, F_OK) == 0 || errno != ENOENT;
	if (!*found)
		return true;
	if (!file_read(arena, path, LIMIT_CONFIG_BYTES, &text, e))
		return false;
	if (!rotate_parse(arena, text, out, &why))
		return err_set(e, why.code, "%s: %s", path, why.text);
	if (!str_ieq(out->domain, domain))
		return err_set(e, ERR_DATA, _("%s is another domain's"), path);
	return true;
}

static int is_state(const struct dirent *d)
{
	return str_iends(str_of(d->d_name), STR(".json"));
}

bool rotate_domains(const char *directory, struct arena *arena, str **out,
		    size_t *n, struct err *e)
{
	struct dirent **found;
	int count = scandir(directory, &found, is_state, alphasort);

	*n = 0;
	if (count < 0)
		return errno == ENOENT ||
		       err_sys(e, _("cannot read directory %s"), directory);
	*out = arena_array_of(arena, str, (size_t)count + 1);
	for (int i = 0; i < count; i++) {
		str name = str_of(found[i]->d_name);

		(*out)[(*n)++] = arena_str(
			arena, str_head(name, name.n - sizeof ".json" + 1));
		free(found[i]);
	}
	free(found);
	return true;
}
