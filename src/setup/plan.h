/* plan: from what a machine is to what has to change on it: directories, files
 * as they are and as they will be, keys to make or to take over, each with its
 * reason.  Pure of side effects; carrying it out is apply.h's. */
#ifndef SETUP_PLAN_H
#define SETUP_PLAN_H

#include "crypto/pubkey.h"
#include "setup/site.h"

struct plan_wanted {
	str domain; /* A-labels, lower case */
	const char *host; /* the mail host's name */
	str selector; /* new keys are SELECTORr and SELECTORe */
	bool sender_login; /* users may send as themselves only */
	bool mend; /* what inkan check would name */
	bool server; /* configure submission, TLS and mailboxes too */
	const char *tls_cert, *tls_key; /* for that; NULL: what there is */
	const char *admin; /* the user who reads root's mail, or NULL */
};

enum change_kind {
	CHANGE_DIR,
	CHANGE_FILE,
	CHANGE_KEY,
	CHANGE_CERT, /* a key and a certificate that nobody vouches for */
	CHANGE_DATABASE, /* what postalias(1) makes of a file */
};

struct change {
	enum change_kind kind;
	bool postfix; /* goes in place after the filter answers */
	bool lines; /* only lines are added: passwd, group */
	const char *path; /* as this process opens it */
	struct file_state before, after; /* of a directory and a key: after's
					    mode and owner */
	const char *from; /* a key that is taken over; NULL: a new one.  The
			     name of a certificate; TYPE:FILE of a database */
	enum key_type type; /* of a new key */
};

struct reason {
	const char *code; /* stable, for scripts */
	const char *what; /* translated */
};

struct plan_key { /* what the domain is signed with */
	str selector;
	const char *path; /* will be there after --apply */
	bool is_new;
};

struct plan {
	const struct site *m;
	struct plan_wanted wanted;
	struct change *change;
	size_t n_changes;
	struct reason *reason;
	size_t n_reasons;
	struct reason *offer; /* what is done only when it is asked for */
	size_t n_offers;
	struct plan_key *key;
	size_t n_keys;
	struct account inkan; /* the user's ids, there or to be made */
	const char *socket; /* a path of the machine */
	const char *pid_file;
	bool take_over; /* OpenDKIM's keys; it is stopped at the end */
	bool dovecot; /* its files change */
	bool self_signed; /* TLS with a certificate of our own */
};

/* kept: a directory of keys that an undo put aside, as this process opens it.
 * False: something stands in the way. */
bool setup_plan(const struct site *m, const struct plan_wanted *wanted,
		const char *kept, struct plan *out, struct err *e);

/* For the parts of the plan.  A place for one more change: a KeyTable that setup
 * takes over has fewer keys than there are places. */
struct change *plan_add(struct plan *p);
/* A file that is as it should be is no change. */
void plan_dir(struct plan *p, const char *path, mode_t mode,
	      struct account owner);
bool plan_file(struct plan *p, const char *path, str text, struct err *e);
void plan_reason(struct plan *p, const char *code, const char *what);
void plan_offer(struct plan *p, const char *code, const char *what);
bool plan_tables(struct plan *p, const char *kept, struct err *e);
bool plan_conf(struct plan *p, const struct signing_source *s, bool patterns,
	       struct err *e);
bool plan_postfix(struct plan *p, struct err *e);
bool plan_unit(struct plan *p, struct err *e);

#define SETUP_DOVECOT_FILE "/etc/dovecot/conf.d/99-inkan.conf"
#define SETUP_KEYS_DIR SETUP_INKAN_DIR "/keys"
#define SETUP_KEY_TABLE SETUP_INKAN_DIR "/KeyTable"
#define SETUP_SIGNING_TABLE SETUP_INKAN_DIR "/SigningTable"
#define SETUP_TRUSTED_HOSTS SETUP_INKAN_DIR "/TrustedHosts"

#endif
