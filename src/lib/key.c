/* key: private keys of the caller's. */
#include "dkim/record_write.h"
#include "lib/inside.h"

#include <stdlib.h>

static void write_record(struct inkan_key *key)
{
	struct dkim_record_options o = { .hashes = STR("sha256") };
	size_t at;

	key->record = arena_cstr(
		key->arena, dkim_record_write(key->arena, key->key, &o, &at));
}

/* Takes the key over. */
static struct inkan_key *wrap(struct privkey *privkey, const struct err *why,
			      struct inkan_error *e)
{
	struct inkan_key *key = privkey ? calloc(1, sizeof *key) : NULL;

	if (!privkey) {
		(void)lib_error_from(e, why);
		return NULL;
	}
	if (key)
		key->arena = arena_new(4096);
	if (!key || !key->arena) {
		privkey_free(privkey);
		free(key);
		(void)lib_no_memory(e);
		return NULL;
	}
	key->key = privkey;
	if (!arena_enter(key->arena)) {
		inkan_key_free(key);
		(void)lib_no_memory(e);
		return NULL;
	}
	write_record(key);
	arena_leave(key->arena);
	return key;
}

struct inkan_key *inkan_key_read(const char *path, struct inkan_error *e)
{
	struct err why;

	return wrap(privkey_read(path, PRIVKEY_ANY, &why), &why, e);
}

struct inkan_key *inkan_key_parse(const void *text, size_t n,
				  struct inkan_error *e)
{
	struct err why;

	return wrap(privkey_parse((str){ text, n }, &why), &why, e);
}

void inkan_key_free(struct inkan_key *key)
{
	if (!key)
		return;
	privkey_free(key->key);
	arena_free(key->arena);
	free(key);
}

const char *inkan_key_record(const struct inkan_key *key)
{
	return key->record;
}
