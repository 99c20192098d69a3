#include "crypto/hash.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

struct hash {
	struct arena *arena;
	EVP_MD_CTX *ctx;
	enum hash_algorithm algorithm;
};

/* Fetched once per process: an implicit fetch for every digest costs three
 * times what hashing a short header does.  Never changed after that. */
static EVP_MD *fetched[2];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void forget(void)
{
	EVP_MD_free(fetched[HASH_SHA1]);
	EVP_MD_free(fetched[HASH_SHA256]);
}

static void fetch(void)
{
	fetched[HASH_SHA1] = EVP_MD_fetch(NULL, "SHA1", NULL);
	fetched[HASH_SHA256] = EVP_MD_fetch(NULL, "SHA256", NULL);
	(void)atexit(forget);
}

static void ctx_free(void *ctx)
{
	EVP_MD_CTX_free(ctx);
}

static struct hash *allocate(struct arena *arena, enum hash_algorithm algorithm)
{
	struct hash *h = arena_new_of(arena, struct hash);
	struct arena_slot *slot = arena_defer_slot(arena, ctx_free);

	h->arena = arena;
	h->algorithm = algorithm;
	h->ctx = EVP_MD_CTX_new();
	if (!h->ctx)
		arena_out_of_memory(arena);
	arena_defer_set(slot, h->ctx);
	return h;
}

struct hash *hash_new(struct arena *arena, enum hash_algorithm algorithm)
{
	struct hash *h = allocate(arena, algorithm);

	(void)pthread_once(&once, fetch);
	assert(fetched[algorithm]);
	if (EVP_DigestInit_ex2(h->ctx, fetched[algorithm], NULL) != 1)
		arena_out_of_memory(arena);
	return h;
}

struct hash *hash_copy(struct arena *arena, const struct hash *h)
{
	struct hash *copy = allocate(arena, h->algorithm);

	if (EVP_MD_CTX_copy_ex(copy->ctx, h->ctx) != 1)
		arena_out_of_memory(arena);
	return copy;
}

void hash_add(struct hash *h, const void *p, size_t n)
{
	if (EVP_DigestUpdate(h->ctx, p, n) != 1)
		arena_out_of_memory(h->arena);
}

str hash_end(struct hash *h)
{
	unsigned char *digest = arena_alloc(h->arena, HASH_MAX);
	unsigned n = 0;

	if (EVP_DigestFinal_ex(h->ctx, digest, &n) != 1)
		arena_out_of_memory(h->arena);
	return (str){ (const char *)digest, n };
}

str hash_of(struct arena *arena, enum hash_algorithm algorithm, str bytes)
{
	struct hash *h = hash_new(arena, algorithm);

	hash_add(h, bytes.p, bytes.n);
	return hash_end(h);
}

size_t hash_size(enum hash_algorithm algorithm)
{
	return algorithm == HASH_SHA1 ? 20 : 32;
}

bool hash_equal(str a, str b)
{
	return a.n == b.n && a.n && CRYPTO_memcmp(a.p, b.p, a.n) == 0;
}
