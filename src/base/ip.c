#include "base/ip.h"

#include "base/cur.h"

#include <arpa/inet.h>
#include <stdio.h>

struct ip ip_of_bytes(const void *bytes, size_t n)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct ip ip = { .family = n == 4 ? IP_V4 : IP_V6 };

	if (n == 16 && memcmp(bytes, mapped, 12) == 0) {
		ip.family = IP_V4;
		memcpy(ip.b, (const uint8_t *)bytes + 12, 4);
	} else {
		memcpy(ip.b, bytes, n == 4 ? 4 : 16);
	}
	return ip;
}

bool ip_parse(str text, struct ip *out)
{
	char c[IP_TEXT_MAX];
	uint8_t b[16];
	bool v6 = str_find(text, ':') < text.n;

	if (text.n >= sizeof c || str_find(text, '\0') < text.n)
		return false;
	if (text.n)
		memcpy(c, text.p, text.n);
	c[text.n] = '\0';
	if (inet_pton(v6 ? AF_INET6 : AF_INET, c, b) != 1)
		return false;
	*out = ip_of_bytes(b, v6 ? 16 : 4);
	return true;
}

bool ip_prefix_parse(str text, struct ip_prefix *out)
{
	size_t slash = str_find(text, '/');
	str address = str_head(text, slash);
	bool v6 = str_find(address, ':') < address.n;
	uint32_t bits = v6 ? 128 : 32;
	struct cur c = cur_of(str_skip(text, slash));

	if (!ip_parse(address, &out->ip))
		return false;
	if (cur_char(&c, '/') && !cur_uint(&c, bits, &bits))
		return false;
	if (v6 && out->ip.family == IP_V4) { /* ::ffff:0:0/96 and longer */
		if (bits < 96)
			return false;
		bits -= 96;
	}
	out->bits = (uint8_t)bits;
	return cur_done(&c);
}

bool ip_equal(struct ip a, struct ip b)
{
	return a.family == b.family &&
	       memcmp(a.b, b.b, a.family == IP_V4 ? 4 : 16) == 0;
}

bool ip_in_prefix(struct ip ip, struct ip_prefix prefix)
{
	unsigned whole = prefix.bits / 8, part = prefix.bits % 8;

	if (ip.family != prefix.ip.family ||
	    memcmp(ip.b, prefix.ip.b, whole) != 0)
		return false;
	return part == 0 ||
	       (ip.b[whole] ^ prefix.ip.b[whole]) >> (8 - part) == 0;
}

bool ip_is_global(struct ip ip)
{
	static const char *const local[] = {
		"0.0.0.0/8",      "10.0.0.0/8",     "100.64.0.0/10",
		"127.0.0.0/8",    "169.254.0.0/16", "172.16.0.0/12",
		"192.168.0.0/16", "224.0.0.0/3",    "::/127",
		"fc00::/7",       "fe80::/10",      "ff00::/8",
	};

	for (size_t i = 0; i < sizeof local / sizeof *local; i++) {
		struct ip_prefix p;

		if (ip_prefix_parse(str_of(local[i]), &p) &&
		    ip_in_prefix(ip, p))
			return false;
	}
	return ip.family != IP_NONE;
}

bool ip_prefix_has_host_bits(struct ip_prefix prefix)
{
	unsigned all = prefix.ip.family == IP_V4 ? 32 : 128;

	for (unsigned i = prefix.bits; i < all; i++)
		if (prefix.ip.b[i / 8] >> (7 - i % 8) & 1)
			return true;
	return false;
}

/* The longest run of groups that are 0, the first of equals; n: 0 or 1 when there
 * is none that may be left out (RFC 5952 4.2). */
static void longest_zeros(const uint16_t group[8], unsigned *at, unsigned *n)
{
	unsigned run = 0;

	*at = *n = 0;
	for (unsigned i = 0; i < 8; i++) {
		run = group[i] ? 0 : run + 1;
		if (run > *n) {
			*n = run;
			*at = i + 1 - run;
		}
	}
}

static size_t put_hex(char *out, unsigned v)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;

	for (unsigned shift = 16; shift;) {
		shift -= 4;
		if (v >> shift || !shift)
			out[n++] = hex[v >> shift & 15];
	}
	return n;
}

/* inet_ntop does the same by sprintf, in a tenth of a row's time of a report.
 * What has five groups of 0 in front may hold an IPv4 address: it does that. */
static str ip6_text(const uint8_t b[16], char out[IP_TEXT_MAX])
{
	uint16_t group[8];
	unsigned at, zeros;
	size_t n = 0;

	for (unsigned i = 0; i < 8; i++)
		group[i] = (uint16_t)(b[2 * i] << 8 | b[2 * i + 1]);
	longest_zeros(group, &at, &zeros);
	for (unsigned i = 0; i < 8; i++) {
		if (zeros > 1 && i == at) {
			i += zeros - 1;
			out[n++] = ':';
			if (i == 7)
				out[n++] = ':';
			continue;
		}
		if (i)
			out[n++] = ':';
		n += put_hex(out + n, group[i]);
	}
	out[n] = '\0';
	return (str){ out, n };
}

str ip_text(struct ip ip, char out[IP_TEXT_MAX])
{
	static const uint8_t zeros[10];
	int family = ip.family == IP_V4 ? AF_INET : AF_INET6;

	if (ip.family == IP_V6 && memcmp(ip.b, zeros, sizeof zeros) != 0)
		return ip6_text(ip.b, out);
	out[0] = '\0';
	if (ip.family != IP_NONE)
		(void)inet_ntop(family, ip.b, out, IP_TEXT_MAX);
	return str_of(out);
}

str ip_reverse_name(struct ip ip, char out[IP_REVERSE_MAX])
{
	size_t n = 0;

	if (ip.family == IP_V4) {
		n = (size_t)snprintf(out, IP_REVERSE_MAX,
				     "%u.%u.%u.%u.in-addr.arpa", ip.b[3],
				     ip.b[2], ip.b[1], ip.b[0]);
		return (str){ out, n };
	}
	for (int i = 15; i >= 0; i--) {
		static const char hex[] = "0123456789abcdef";

		out[n++] = hex[ip.b[i] & 15];
		out[n++] = '.';
		out[n++] = hex[ip.b[i] >> 4];
		out[n++] = '.';
	}
	memcpy(out + n, "ip6.arpa", sizeof "ip6.arpa");
	return (str){ out, n + 8 };
}
