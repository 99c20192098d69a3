/* records: the DNS records of a sending domain, with the reason for each, and
 * the ways to write them down. */
#ifndef CLI_RECORDS_H
#define CLI_RECORDS_H

#include "base/ip.h"
#include "cli/cli.h"
#include "crypto/privkey.h"

struct records_key {
	str selector;
	struct privkey *key;
};

struct records_wanted {
	str domain;
	str host; /* or empty: none of its own */
	const struct ip *ips;
	size_t n_ips;
	struct records_key *keys;
	size_t n_keys;
	str rua; /* an address; empty: postmaster@domain */
	const char *policy; /* DMARC p= */
	int64_t ttl;
};

struct record {
	str name, value;
	const char *type;
	const char *why; /* untranslated */
};

struct records {
	struct record *record;
	size_t n;
	str domain;
	int64_t ttl;
};

/* This machine's global addresses; private and link-local ones cannot be seen
 * by others.  False: there is none. */
bool records_own_addresses(struct arena *arena, struct records_wanted *w,
			   struct err *e);

/* The keys that --selector and --key, --directory, or the configuration name.
 * False: cli->err. */
bool records_find_keys(struct cli *cli, struct records_wanted *w);

void records_make(struct arena *arena, const struct records_wanted *w,
		  struct records *r);

enum records_format {
	RECORDS_TABLE, /* for people and web panels */
	RECORDS_ZONE, /* RFC 1035 master file, with comments */
	RECORDS_LINES, /* NAME TYPE value, each in one line */
	RECORDS_JSON,
	RECORDS_NSUPDATE
};
bool records_format_parse(const char *name, enum records_format *out);
void records_print(struct arena *arena, const struct records *r,
		   enum records_format format);

/* A value as quoted strings of at most 255 octets: "..." "...". */
str records_strings(struct arena *arena, str value);

#endif
