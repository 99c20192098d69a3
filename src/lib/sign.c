/* sign: a message in, DKIM-Signature fields out. */
#include "dkim/sign.h"

#include "dns/idn.h"
#include "dns/name.h"
#include "lib/inside.h"

#include <stdlib.h>
#include <time.h>

enum { SIGNATURES_MAX = 16, TIMESTAMP_NOW = -1 };

struct inkan_signing {
	struct arena *arena;
	struct header header;
	struct bodyhash *bodyhash;
	struct feed *feed;
	struct dkim_sign *signs[SIGNATURES_MAX];
	size_t n;
	bool ended, out_of_memory;
	const char *fields; /* made by inkan_sign_finish */
};

static str copy_name(struct arena *arena, const char *text)
{
	str ascii = { NULL, 0 };

	if (!text || !dns_name_to_ascii(arena, str_of(text), &ascii))
		return (str){ NULL, 0 };
	return arena_str(arena, ascii);
}

static struct dkim_names copy_names(struct arena *arena,
				    const char *const *names, size_t n,
				    struct dkim_names otherwise)
{
	str *copy;

	if (!names)
		return otherwise;
	copy = arena_array_of(arena, str, n + 1);
	for (size_t i = 0; i < n; i++)
		copy[i] = arena_str(arena, str_of(names[i]));
	return (struct dkim_names){ copy, n };
}

static void free_key(void *key)
{
	privkey_free(key);
}

static struct dkim_sign_options convert(struct arena *arena,
					const struct inkan_sign_options *o)
{
	struct arena_slot *slot = arena_defer_slot(arena, free_key);

	arena_defer_set(slot, privkey_share(o->key->key));
	return (struct dkim_sign_options){
		.domain = copy_name(arena, o->domain),
		.selector = copy_name(arena, o->selector),
		.key = o->key->key,
		.header_canon = o->header == INKAN_RELAXED ? CANON_RELAXED
							   : CANON_SIMPLE,
		.body_canon = o->body == INKAN_RELAXED ? CANON_RELAXED
						       : CANON_SIMPLE,
		.sign = copy_names(arena, o->fields, o->n_fields,
				   dkim_names_recommended),
		.never = dkim_names_never,
		.oversign = copy_names(arena, o->oversign, o->n_oversign,
				       dkim_names_oversign),
		.identity = arena_str(arena, str_of(o->identity)),
		.timestamp = o->timestamp == TIMESTAMP_NOW ? (int64_t)time(NULL)
							   : o->timestamp,
		.lifetime = o->lifetime,
		.body_length = -1,
	};
}

/* Two options structs of an array are `size` apart, as the caller knows it. */
static bool add(struct inkan_signing *s, const struct inkan_sign_options *given,
		struct inkan_error *e)
{
	struct inkan_sign_options o = INKAN_SIGN_OPTIONS_INIT;
	struct dkim_sign_options d;

	if (!lib_options(&o, sizeof o, given))
		return lib_error(e, INKAN_USAGE,
				 "inkan_sign_options: wrong size");
	if (!o.key)
		return lib_error(e, INKAN_USAGE, "a key is missing");
	d = convert(s->arena, &o);
	if (!dns_name_is_domain(d.domain, false) ||
	    dns_name_labels(d.domain) < 2)
		return lib_error(e, INKAN_USAGE,
				 "domain is not a domain that can sign");
	if (!dns_name_is_domain(d.selector, true))
		return lib_error(e, INKAN_USAGE, "selector is no selector");
	s->signs[s->n++] = dkim_sign_new(s->arena, &d, s->bodyhash);
	return true;
}

static bool add_all(struct inkan_signing *s,
		    const struct inkan_sign_options *options, size_t n,
		    struct inkan_error *e)
{
	bool ok = true;

	if (!arena_enter(s->arena))
		return lib_no_memory(e);
	s->header = header_of(s->arena, 0, 0);
	s->bodyhash = bodyhash_new(s->arena);
	for (size_t i = 0; ok && i < n; i++) {
		const char *at = (const char *)options + i * options->size;

		ok = add(s, (const void *)at, e);
	}
	arena_leave(s->arena);
	return ok;
}

struct inkan_signing *inkan_sign_new(const struct inkan_sign_options *options,
				     size_t n, struct inkan_error *e)
{
	struct inkan_signing *s;

	if (!options || n < 1 || n > SIGNATURES_MAX) {
		(void)lib_error(e, INKAN_USAGE,
				"a message gets 1 to 16 signatures");
		return NULL;
	}
	s = calloc(1, sizeof *s);
	if (s)
		s->arena = arena_new(16384);
	if (!s || !s->arena) {
		inkan_sign_free(s);
		(void)lib_no_memory(e);
		return NULL;
	}
	if (add_all(s, options, n, e))
		return s;
	inkan_sign_free(s);
	return NULL;
}

void inkan_sign_free(struct inkan_signing *s)
{
	if (!s)
		return;
	arena_free(s->arena);
	free(s);
}

static void on_field(void *arg, str raw)
{
	(void)header_add_raw(&((struct inkan_signing *)arg)->header, raw);
}

static void on_too_large(void *arg)
{
	((struct inkan_signing *)arg)->header.too_large = true;
}

static void on_body(void *arg, str chunk)
{
	bodyhash_feed(((struct inkan_signing *)arg)->bodyhash, chunk);
}

void inkan_sign_feed(struct inkan_signing *s, const void *bytes, size_t n)
{
	struct feed_sink sink = { .arg = s,
				  .field = on_field,
				  .too_large = on_too_large,
				  .body = on_body };

	if (!n || s->ended || s->out_of_memory)
		return;
	if (!arena_enter(s->arena)) {
		s->out_of_memory = true;
		return;
	}
	if (!s->feed)
		s->feed = feed_new(s->arena, &sink);
	feed_put(s->feed, (str){ bytes, n });
	arena_leave(s->arena);
}

void inkan_sign_header(struct inkan_signing *s, const char *name,
		       const void *value, size_t n)
{
	if (s->ended || s->out_of_memory)
		return;
	if (!arena_enter(s->arena)) {
		s->out_of_memory = true;
		return;
	}
	(void)header_add(&s->header, str_of(name), (str){ n ? value : "", n });
	arena_leave(s->arena);
}

void inkan_sign_body(struct inkan_signing *s, const void *bytes, size_t n)
{
	if (!n || s->ended || s->out_of_memory)
		return;
	if (!arena_enter(s->arena)) {
		s->out_of_memory = true;
		return;
	}
	bodyhash_feed(s->bodyhash, (str){ bytes, n });
	arena_leave(s->arena);
}

static bool make_fields(struct inkan_signing *s, struct inkan_error *e)
{
	struct buf all = buf_of(s->arena, 64u << 20);
	struct err why;

	if (s->feed)
		feed_end(s->feed);
	bodyhash_end(s->bodyhash);
	if (s->header.too_large)
		return lib_error(e, INKAN_DATA, "the header is too large");
	for (size_t i = 0; i < s->n; i++) {
		str field;

		if (!dkim_sign_finish(s->signs[i], &s->header, s->bodyhash,
				      &field, &why))
			return lib_error_from(e, &why);
		buf_put(&all, field);
		buf_put(&all, STR("\r\n"));
	}
	s->fields = arena_cstr(s->arena, buf_str(&all));
	return true;
}

const char *inkan_sign_finish(struct inkan_signing *s, struct inkan_error *e)
{
	if (s->ended) {
		if (!s->fields)
			(void)lib_error(e, INKAN_USAGE,
					"this signing has ended already");
		return s->fields;
	}
	s->ended = true;
	if (s->out_of_memory || !arena_enter(s->arena)) {
		(void)lib_no_memory(e);
		return NULL;
	}
	(void)make_fields(s, e);
	arena_leave(s->arena);
	return s->fields;
}
