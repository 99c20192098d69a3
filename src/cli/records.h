/* records: the DNS records of a domain that sends and takes mail, with the
 * reason for each, and the ways to write them down. */
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
	str host; /* the mail host's name */
	bool host_is_guess; /* nobody said it */
	const struct ip *ips;
	size_t n_ips;
	struct records_key *keys;
	size_t n_keys;
	str rua; /* an address; empty: postmaster@domain */
	const char *policy; /* DMARC p= */
	str ca; /* CAA's issuer; empty: no CAA */
	str key_digest; /* of the host's certificate, hex; empty: no TLSA */
	bool dnssec; /* the host's zone is signed */
	bool mta_sts; /* its policy file is being served */
	int64_t ttl;
};

enum record_when {
	RECORD_NOW,
	RECORD_ELSEWHERE, /* to order from whoever has that zone */
	RECORD_LATER /* only once what `why` says is done */
};

/* What it is for: decides what happens to records that are there already. */
enum record_role {
	ROLE_ADDRESS,
	ROLE_MX,
	ROLE_SPF,
	ROLE_DKIM,
	ROLE_DMARC,
	ROLE_CONSENT,
	ROLE_TLS_RPT,
	ROLE_MTA_STS,
	ROLE_CAA,
	ROLE_TLSA,
	ROLE_PTR
};

struct record {
	str name;
	str value; /* as a panel wants it: names without final dot */
	const char *type;
	const char *why; /* untranslated */
	enum record_role role;
	enum record_when when;
};

struct records {
	struct record *record;
	size_t n;
	str domain;
	str policy_url, policy_file; /* MTA-STS: what the web server serves */
	int64_t ttl;
};

/* This machine's global addresses; private and link-local ones cannot be seen
 * by others.  False: there is none. */
bool records_own_addresses(struct arena *arena, struct records_wanted *w,
			   struct err *e);

/* The mail host's name when nobody says it: Postfix's myhostname, this
 * machine's full name, or else mail.DOMAIN. */
void records_guess_host(struct arena *arena, struct records_wanted *w);

/* The keys that --selector and --key, --directory, or the configuration name.
 * False: cli->err. */
bool records_find_keys(struct cli *cli, struct records_wanted *w);

/* ca, key_digest and dnssec from options or from what this machine has.
 * False: cli->err. */
bool records_find_tls(struct cli *cli, struct records_wanted *w);

void records_make(struct arena *arena, const struct records_wanted *w,
		  struct records *r);
/* Its second half: MTA-STS, TLS-RPT, CAA, TLSA. */
void records_make_tls(struct arena *arena, const struct records_wanted *w,
		      struct records *r);
void records_add(struct records *r, enum record_role role,
		 enum record_when when, const char *type, str name, str value,
		 const char *why);

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
/* A record's value as a master file has it. */
str records_master(struct arena *arena, const struct record *x);

/* Brings the zones at --server up to the records.  Returns an exit status. */
int records_publish(struct cli *cli, const struct records *r);

#endif
