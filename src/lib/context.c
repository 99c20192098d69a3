/* context: where answers come from, keys that were seen, errors. */
#include "lib/inside.h"

#include <stdio.h>
#include <stdlib.h>

enum { KEYS_KEPT = 1024 };

bool lib_error(struct inkan_error *e, enum inkan_code code, const char *text)
{
	if (e) {
		e->code = code;
		(void)snprintf(e->text, sizeof e->text, "%s", text);
	}
	return false;
}

bool lib_error_from(struct inkan_error *e, const struct err *from)
{
	int code = err_exit(from);

	/* 73, "cannot create", is nothing that the library does */
	return lib_error(e, code == 73 ? INKAN_SYSTEM : (enum inkan_code)code,
			 from->text);
}

bool lib_no_memory(struct inkan_error *e)
{
	return lib_error(e, INKAN_INTERNAL, "out of memory");
}

/* Every options struct begins with its size. */
bool lib_options(void *to, size_t size, const void *from)
{
	size_t given;

	if (!from)
		return true;
	memcpy(&given, from, sizeof given);
	if (given <= sizeof given || given > size)
		return false;
	memcpy(to, from, given);
	return true;
}

const char *inkan_version(void)
{
	return INKAN_VERSION;
}

static struct dns_client *open_dns(const struct inkan_options *o,
				   struct inkan_error *e)
{
	struct dns_client_options d = {
		.nameservers = o->nameservers,
		.n_nameservers = o->n_nameservers,
		.zones = o->zones,
		.n_zones = o->n_zones,
		.timeout_ms = o->timeout_ms,
		.trust_anchor = o->trust_anchor,
	};
	struct err why;
	struct dns_client *dns = dns_client_new(&d, &why);

	if (!dns)
		(void)lib_error_from(e, &why);
	return dns;
}

struct inkan *inkan_new(const struct inkan_options *options,
			struct inkan_error *e)
{
	struct inkan_options o = INKAN_OPTIONS_INIT;
	struct inkan *ctx;

	if (!lib_options(&o, sizeof o, options)) {
		(void)lib_error(e, INKAN_USAGE, "inkan_options: wrong size");
		return NULL;
	}
	ctx = calloc(1, sizeof *ctx);
	if (ctx)
		ctx->keys = keycache_new(KEYS_KEPT);
	if (!ctx || !ctx->keys) {
		inkan_free(ctx);
		(void)lib_no_memory(e);
		return NULL;
	}
	if (o.dns == INKAN_DNS_CALLER)
		return ctx;
	ctx->dns = open_dns(&o, e);
	if (ctx->dns)
		return ctx;
	inkan_free(ctx);
	return NULL;
}

void inkan_free(struct inkan *ctx)
{
	if (!ctx)
		return;
	dns_client_free(ctx->dns);
	keycache_free(ctx->keys);
	free(ctx);
}

bool inkan_poll(struct inkan *ctx, int *fd, int *timeout_ms,
		struct inkan_error *e)
{
	struct err why;

	*fd = *timeout_ms = -1;
	if (!ctx->dns || dns_client_poll(ctx->dns, fd, timeout_ms, &why))
		return true;
	return lib_error_from(e, &why);
}

void inkan_step(struct inkan *ctx)
{
	if (ctx->dns)
		dns_client_step(ctx->dns);
}
