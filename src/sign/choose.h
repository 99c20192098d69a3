/* choose: is this message signed, verified or left alone, with which keys, and
 * why.  opendkim's rules:
 *
 *	the client is ours	MTA matches {daemon_name}, or MacroList matches, or
 *				InternalHosts has the client, or {auth_type} is set
 *	the domain is ours	SigningTable matches the sender, or Domain has its
 *				domain (with SubDomains a parent)
 *	both			sign; else verify
 *
 * PeerList and ExemptDomains come before (ignore), DontSignMailTo stops signing.
 * The explanation names each condition, and by which line it held. */
#ifndef SIGN_CHOOSE_H
#define SIGN_CHOOSE_H

#include "sign/hosts.h"
#include "sign/keytable.h"

/* The loaded tables; NULL where a setting is absent. */
struct sign_rules {
	bool sign, verify; /* Mode */
	bool multiple; /* MultipleSignatures */
	bool sub_domains;
	const struct hosts *peers, *internal, *external_ignore;
	const struct table *domains, *exempt, *dont_sign_to, *mta, *macros;
	const struct table *signing, *keys;
	str selector, key_file; /* for domains, without keys */
};

struct sign_macro {
	str name, value; /* name without braces */
};

struct sign_request {
	str user, domain; /* of the sender's address; domain empty: none */
	str client_name; /* as resolved; empty or "unknown": none */
	struct ip client_ip; /* IP_NONE: local */
	const struct sign_macro *macros; /* {auth_type}, {daemon_name}, ... */
	size_t n_macros;
	const str *recipients; /* addresses, with or without <> */
	size_t n_recipients;
};

/* A condition: whether it held, and the entry that made it so. */
enum sign_condition {
	SIGN_PEER,
	SIGN_EXEMPT,
	SIGN_DONT_SIGN_TO,
	SIGN_MTA,
	SIGN_MACRO,
	SIGN_INTERNAL,
	SIGN_AUTHENTICATED,
	SIGN_DOMAIN, /* Domain */
	SIGN_TABLE, /* SigningTable */
	SIGN_CONDITIONS
};

struct sign_finding {
	bool asked; /* false: not configured, or decided before */
	bool held;
	const struct table *table; /* where entry is from, or NULL */
	struct table_entry entry;
};

struct sign_key {
	struct key_entry key; /* with "%" replaced; name empty in Domain mode */
	str identity; /* i=; empty: none */
	uint32_t sign_at; /* of the SigningTable (or Domain) entry */
	const char *trouble; /* not NULL: this key cannot be used: tempfail */
	str key_name; /* as SigningTable has it */
};

enum sign_action { SIGN_IGNORE, SIGN_SIGN, SIGN_VERIFY };

struct sign_choice {
	enum sign_action action;
	const struct sign_rules *rules;
	struct sign_finding findings[SIGN_CONDITIONS];
	struct sign_key *keys; /* of SIGN_SIGN, at least one */
	size_t n_keys;
	/* the client is not ours, but the domain is, and ExternalIgnoreList does
	 * not have it: worth a line in the log */
	bool external;
	str domain; /* the sender's, in lower case */
};

/* True: leave the client alone, known at connect time already. */
bool sign_is_peer(const struct sign_rules *r, str client_name, struct ip ip,
		  struct sign_finding *found);

/* Everything lives in the arena. */
struct sign_choice *sign_choose(const struct sign_rules *rules,
				const struct sign_request *rq,
				struct arena *arena);

const char *sign_condition_name(enum sign_condition c);

/* One sentence: why so, and if a message of ours was not signed, what is
 * missing and what to change. */
str sign_why(const struct sign_choice *c, const struct sign_request *rq,
	     struct arena *arena);

#endif
