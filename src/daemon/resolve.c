#include "daemon/resolve.h"

#include "dns/upstream.h"
#include "dns/zone.h"

#include <sys/resource.h>
#include <unistd.h>

size_t resolve_nameservers(const struct conf *c, struct arena *arena,
			   const char *out[RESOLVE_NAMESERVERS_MAX])
{
	str rest = c->nameservers, one;
	size_t n = 0;

	while (rest.n && n < RESOLVE_NAMESERVERS_MAX &&
	       str_split(&rest, ',', &one))
		if (str_trim(one).n)
			out[n++] = arena_cstr(arena, str_trim(one));
	return n;
}

static str without_final_dot(str name)
{
	if (name.n && name.p[name.n - 1] == '.')
		name.n--;
	return name;
}

static bool add_records(struct zone *z, const struct table *t, struct err *e)
{
	struct table_entry entry;
	size_t at = 0;

	while (t && table_next(t, &at, &entry))
		if (!zone_add_txt(z, without_final_dot(entry.key), entry.value,
				  e))
			return false;
	return true;
}

static struct resolver *test_resolver(const struct snapshot *s, struct err *e)
{
	struct zone *z = zone_new();

	if (!z) {
		err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	if (add_records(z, s->test_public_keys, e) &&
	    add_records(z, s->test_dns_data, e))
		return zone_resolver(z);
	zone_free(z);
	return NULL;
}

static unsigned timeout_of(const struct conf *c)
{
	/* 0 is "as long as the MTA waits": its own limit is 300 s */
	enum { LONG_MS = 240000, MAX_SECONDS = 240 };

	if (c->dns_timeout <= 0 || c->dns_timeout > MAX_SECONDS)
		return LONG_MS;
	return (unsigned)c->dns_timeout * 1000;
}

/* A share of the descriptors for each worker's resolver, twice at a reload; half
 * of all are left to the connections. */
static unsigned sockets_of(const struct conf *c)
{
	enum { LEAST = 16, MOST = 2048 };
	long workers = c->workers > 0 ? c->workers
				      : sysconf(_SC_NPROCESSORS_ONLN);
	struct rlimit limit;
	rlim_t share;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return LEAST;
	share = limit.rlim_cur / 4 / (rlim_t)(workers > 0 ? workers : 1);
	return share > MOST ? MOST : share < LEAST ? LEAST : (unsigned)share;
}

struct resolver *resolve_new(struct event_base *base, const struct snapshot *s,
			     struct err *e)
{
	const struct conf *c = s->conf;
	const char *servers[RESOLVE_NAMESERVERS_MAX];
	struct upstream_options o = { .nameservers = servers,
				      .timeout_ms = timeout_of(c),
				      .tcp = c->dns_connect,
				      .max_sockets = sockets_of(c),
				      .trust_anchor = c->trust_anchor_file.p };
	struct arena *arena;
	struct resolver *r;

	if (s->test_public_keys || s->test_dns_data)
		return test_resolver(s, e);
	arena = arena_new(1024);
	if (!arena) {
		err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	o.n_nameservers = resolve_nameservers(c, arena, servers);
	r = upstream_new(base, &o, e);
	arena_free(arena);
	return r;
}
