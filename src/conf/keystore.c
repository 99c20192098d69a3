#include "conf/keystore.h"

#include "base/limits.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct slot {
	struct privkey *key;
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec changed;
};

/* One generation: its keys end with its arena. */
struct generation {
	struct arena *arena;
	struct map map;
};

struct keystore {
	pthread_mutex_t lock;
	struct identity who;
	bool safe;
	struct map_seed seed;
	struct generation young, old;
	struct generation inherited; /* of the last configuration: unproved */
};

static void free_slot(void *what)
{
	struct slot *s = what;

	privkey_free(s->key);
}

static bool generation_new(struct generation *g, struct map_seed seed)
{
	g->arena = arena_new(4096);
	if (!g->arena)
		return false;
	g->map = map_of(g->arena, seed, false);
	return true;
}

/* Without memory the key is not kept, and read again the next time. */
static void keep(struct generation *g, str source, const struct slot *what)
{
	if (!g->arena || !arena_enter(g->arena))
		return;

	void **place = map_put(&g->map, arena_str(g->arena, source));
	struct slot *slot = arena_new_of(g->arena, struct slot);

	arena_defer(g->arena, free_slot, slot);
	*slot = *what;
	slot->key = privkey_share(what->key);
	*place = slot;
	arena_leave(g->arena);
}

static void inherit(struct keystore *ks, const struct generation *from)
{
	size_t i = 0;
	str source;
	void *value;

	while (from->arena && map_next(&from->map, &i, &source, &value))
		if (value && !map_find(&ks->inherited.map, source))
			keep(&ks->inherited, source, value);
}

struct keystore *keystore_new(const struct identity *who, bool safe,
			      struct map_seed seed, struct keystore *old)
{
	struct keystore *ks = calloc(1, sizeof *ks);

	if (!ks)
		return NULL;
	if (pthread_mutex_init(&ks->lock, NULL) != 0) {
		free(ks);
		return NULL;
	}
	ks->who = *who;
	ks->safe = safe;
	ks->seed = seed;
	if (!generation_new(&ks->young, seed) ||
	    !generation_new(&ks->inherited, seed)) {
		keystore_free(ks);
		return NULL;
	}
	if (!old)
		return ks;
	pthread_mutex_lock(&old->lock);
	inherit(ks, &old->young);
	inherit(ks, &old->old);
	inherit(ks, &old->inherited); /* not asked for yet */
	pthread_mutex_unlock(&old->lock);
	return ks;
}

void keystore_free(struct keystore *ks)
{
	if (!ks)
		return;
	arena_free(ks->young.arena);
	arena_free(ks->old.arena);
	arena_free(ks->inherited.arena);
	pthread_mutex_destroy(&ks->lock);
	free(ks);
}

/* Under the lock: what is loaded, moved to the young generation. */
static struct privkey *loaded(struct keystore *ks, str source)
{
	struct slot *s = map_find(&ks->young.map, source);

	if (!s && ks->old.arena) {
		s = map_find(&ks->old.map, source);
		if (s)
			keep(&ks->young, source, s);
	}
	return s && s->key ? privkey_share(s->key) : NULL;
}

static void remember(struct keystore *ks, str source, const struct slot *s)
{
	pthread_mutex_lock(&ks->lock);
	if (ks->young.map.n >= LIMIT_KEYS_LOADED) {
		arena_free(ks->old.arena);
		ks->old = ks->young;
		if (!generation_new(&ks->young, ks->seed))
			ks->young = (struct generation){ .arena = NULL };
	}
	keep(&ks->young, source, s);
	pthread_mutex_unlock(&ks->lock);
}

/* The last configuration's key from there, with what its file was. */
static bool inherited(struct keystore *ks, str source, struct slot *out)
{
	const struct slot *s;

	pthread_mutex_lock(&ks->lock);
	s = map_find(&ks->inherited.map, source);
	if (s && s->key) {
		*out = *s;
		out->key = privkey_share(s->key);
	}
	pthread_mutex_unlock(&ks->lock);
	return s && s->key;
}

static bool unchanged(const struct slot *s, const struct stat *st)
{
	return s->key && s->dev == st->st_dev && s->ino == st->st_ino &&
	       s->size == st->st_size &&
	       s->changed.tv_sec == st->st_mtim.tv_sec &&
	       s->changed.tv_nsec == st->st_mtim.tv_nsec;
}

/* The key in an open file, or the last one when the file is still that. */
static bool read_open(int fd, const char *path, const struct slot *last,
		      struct slot *out, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "cannot look at key %s", path);
	*out = (struct slot){ .dev = st.st_dev,
			      .ino = st.st_ino,
			      .size = st.st_size,
			      .changed = st.st_mtim };
	out->key = unchanged(last, &st) ? privkey_share(last->key)
					: privkey_read_fd(fd, path, e);
	return out->key != NULL;
}

static bool read_path(const struct keystore *ks, str source,
		      const struct slot *last, struct slot *out,
		      enum keystore_news *news, struct err *e)
{
	char path[PATH_MAX];
	bool unsafe, ok;
	int fd;

	if (source.n >= sizeof path)
		return err_set(e, ERR_CONFIG, "key path too long");
	memcpy(path, source.p, source.n);
	path[source.n] = '\0';
	fd = safety_open(path, &ks->who, ks->safe, &unsafe, e);
	if (fd < 0)
		return false;

	struct err reading;

	ok = read_open(fd, path, last, out, &reading);
	if (!ok) {
		*e = reading;
	} else if (unsafe) {
		*news = KEYSTORE_UNSAFE;
	} else if (!safety_readable(fd, &ks->who)) {
		*news = KEYSTORE_ROOT_ONLY;
		(void)err_set(e, ERR_CONFIG,
			      "key %s can be read by root but not by %s "
			      "(chown %s %s)",
			      path, ks->who.name, ks->who.name, path);
	}
	close(fd);
	return ok;
}

static bool load(const struct keystore *ks, const struct key_entry *from,
		 const struct slot *last, struct slot *out,
		 enum keystore_news *news, struct err *e)
{
	struct err inner;

	if (from->is_path)
		return read_path(ks, from->key, last, out, news, e);
	*out = (struct slot){ .key = last->key ? privkey_share(last->key)
					       : privkey_parse(from->key,
							       &inner) };
	if (!out->key)
		return err_set(e, ERR_CONFIG,
			       "the key written in KeyTable cannot be used: "
			       "%.300s (a path begins with \"/\")",
			       inner.text);
	return true;
}

struct privkey *keystore_get(struct keystore *ks, const struct key_entry *from,
			     enum keystore_news *news, struct err *e)
{
	struct slot last = { .key = NULL }, now = { .key = NULL };
	struct privkey *key;

	*news = KEYSTORE_FINE;
	pthread_mutex_lock(&ks->lock);
	key = loaded(ks, from->key);
	pthread_mutex_unlock(&ks->lock);
	if (key)
		return key;
	(void)inherited(ks, from->key, &last);
	if (load(ks, from, &last, &now, news, e)) {
		privkey_free(last.key);
	} else {
		now = last;
		*news = last.key ? KEYSTORE_KEPT : KEYSTORE_FAILED;
	}
	if (now.key)
		remember(ks, from->key, &now);
	return now.key;
}

size_t keystore_count(struct keystore *ks)
{
	size_t n;

	pthread_mutex_lock(&ks->lock);
	n = ks->young.map.n + (ks->old.arena ? ks->old.map.n : 0);
	pthread_mutex_unlock(&ks->lock);
	return n;
}
