#include "sign/hosts.h"

#include "sign/pattern.h"

enum { NETWORK_KEY = 18, NAME_MAX_BYTES = 253 };

bool hosts_entry_network(str key, struct ip_prefix *out)
{
	size_t close;

	if (key.n && *key.p == '!')
		key = str_skip(key, 1);
	if (!key.n || *key.p != '[')
		return ip_prefix_parse(key, out);
	key = str_skip(key, 1);
	close = str_find(key, ']');

	/* "[2001:db8::]/32" and "[2001:db8::/32]" */
	char text[IP_TEXT_MAX + 8];
	str tail = str_skip(key, close + 1);

	if (close == key.n || close + tail.n > sizeof text)
		return false;
	memcpy(text, key.p, close);
	if (tail.n)
		memcpy(text + close, tail.p, tail.n);
	return ip_prefix_parse((str){ text, close + tail.n }, out);
}

static str network_key(char out[NETWORK_KEY], struct ip ip, unsigned bits)
{
	unsigned bytes = ip.family == IP_V4 ? 4 : 16;

	memset(out, 0, NETWORK_KEY);
	out[0] = (char)ip.family;
	out[1] = (char)bits;
	for (unsigned i = 0; i < bytes && i * 8 < bits; i++) {
		unsigned left = bits - i * 8;
		unsigned mask = left >= 8 ? 0xff : 0xff00U >> left & 0xff;

		out[2 + i] = (char)(ip.b[i] & mask);
	}
	return (str){ out, 2 + bytes };
}

/* Both an entry and its "!" twin may name one network: at most one of each. */
struct network {
	struct table_entry in, out;
};

static void add_network(struct hosts *h, struct arena *arena,
			const struct table_entry *e)
{
	struct ip_prefix p;
	char key[NETWORK_KEY];

	if (!hosts_entry_network(e->key, &p))
		return;

	str k = network_key(key, p.ip, p.bits);
	struct network *n = map_find(&h->networks, k);

	if (!n) {
		n = arena_new_of(arena, struct network);
		*map_put(&h->networks, arena_str(arena, k)) = n;
	}
	if (p.ip.family == IP_V4)
		h->bits4[p.bits] = true;
	else
		h->bits6[p.bits] = true;
	if (*e->key.p == '!' && !n->out.key.p)
		n->out = *e;
	else if (*e->key.p != '!' && !n->in.key.p)
		n->in = *e;
}

struct hosts *hosts_new(struct arena *arena, const struct table *table,
			struct map_seed seed)
{
	struct hosts *h = arena_new_of(arena, struct hosts);
	struct table_entry e;
	size_t at = 0;

	h->table = table;
	h->networks = map_of(arena, seed, false);
	while (table_next(table, &at, &e))
		add_network(h, arena, &e);
	return h;
}

/* What is asked in one round. */
struct round {
	const struct hosts *h;
	bool patterns; /* entries with "*" and their like, or the others */
	struct table_entry *by;
};

/* The first match of text whose entry begins with "!", or not, as wanted. */
static bool find_text(const struct round *r, str text, bool out)
{
	const struct table *t = r->h->table;
	uint32_t last = TABLE_START;

	while (table_find_next(t, text, last, r->by)) {
		bool pattern = table_kind(t) == TABLE_PATTERNS &&
			       pattern_kind(r->by->key) != PATTERN_LITERAL;

		if (pattern == r->patterns && (*r->by->key.p == '!') == out)
			return true;
		last = r->by->at;
	}
	return false;
}

/* text stands behind a byte that holds "!" */
static enum hosts_answer ask_text(const struct round *r, str text)
{
	if (find_text(r, (str){ text.p - 1, text.n + 1 }, true))
		return HOSTS_OUT;
	return find_text(r, text, false) ? HOSTS_IN : HOSTS_UNKNOWN;
}

static enum hosts_answer ask_name(const struct round *r, str name)
{
	char text[NAME_MAX_BYTES + 2];

	if (name.n && name.p[name.n - 1] == '.')
		name.n--;
	if (!name.n || name.n > NAME_MAX_BYTES)
		return HOSTS_UNKNOWN;
	memcpy(text + 1, name.p, name.n);
	for (size_t i = 0; i < name.n; i++) {
		enum hosts_answer a;

		if (i && name.p[i] != '.')
			continue;
		text[i] = '!'; /* what stood here was asked before */
		a = ask_text(r, (str){ text + i + 1, name.n - i });
		if (a != HOSTS_UNKNOWN)
			return a;
	}
	return HOSTS_UNKNOWN;
}

/* Address patterns such as 192.0.2.*, with and without brackets. */
static enum hosts_answer ask_address_text(const struct round *r, struct ip ip)
{
	char text[IP_TEXT_MAX + 4] = "!!";
	str plain = ip_text(ip, text + 2);
	enum hosts_answer a = ask_text(r, plain);

	if (a != HOSTS_UNKNOWN)
		return a;
	text[1] = '[';
	text[2 + plain.n] = ']';
	return ask_text(r, (str){ text + 1, plain.n + 2 });
}

static enum hosts_answer ask_networks(const struct hosts *h, struct ip ip,
				      struct table_entry *by)
{
	const bool *bits = ip.family == IP_V4 ? h->bits4 : h->bits6;
	char key[NETWORK_KEY];

	for (int n = ip.family == IP_V4 ? 32 : 128; n >= 0; n--) {
		struct network *found =
			bits[n] ? map_find(&h->networks,
					   network_key(key, ip, (unsigned)n))
				: NULL;

		if (!found)
			continue;
		*by = found->out.key.p ? found->out : found->in;
		return found->out.key.p ? HOSTS_OUT : HOSTS_IN;
	}
	return HOSTS_UNKNOWN;
}

enum hosts_answer hosts_find(const struct hosts *h, str name, struct ip ip,
			     struct table_entry *by)
{
	struct round plain = { .h = h, .by = by };
	struct round patterns = { .h = h, .patterns = true, .by = by };
	bool has_ip = ip.family != IP_NONE;
	enum hosts_answer a;

	if (!h)
		return HOSTS_UNKNOWN;
	a = ask_name(&plain, name);
	if (a == HOSTS_UNKNOWN && has_ip)
		a = ask_networks(h, ip, by);
	if (a != HOSTS_UNKNOWN || table_kind(h->table) != TABLE_PATTERNS)
		return a;
	a = ask_name(&patterns, name);
	return a == HOSTS_UNKNOWN && has_ip ? ask_address_text(&patterns, ip)
					    : a;
}
