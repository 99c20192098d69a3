/* snapshot: one whole configuration, loaded and checked: settings, tables, keys.
 * Immutable and counted: a reload makes a new one and swaps the pointer, mail
 * in flight ends with the one it began with. */
#ifndef CONF_SNAPSHOT_H
#define CONF_SNAPSHOT_H

#include "conf/conf.h"
#include "conf/keystore.h"
#include "conf/names.h"
#include "sign/choose.h"

enum snapshot_purpose {
	/* Say everything; any mistake is an error (inkand -n, inkan). */
	SNAPSHOT_CHECK,
	/* The first one: mistakes in settings and tables are errors; a key that
	 * cannot be loaded is a warning while another one can. */
	SNAPSHOT_START,
	/* What is wrong with one entry concerns that entry only; its mail gets
	 * a temporary failure, or its last good key. */
	SNAPSHOT_RELOAD
};

struct snapshot_setting { /* from the command line, after the files */
	str name, value, origin; /* origin: "-b" */
};

struct snapshot_request {
	enum snapshot_purpose purpose;
	const char *const *paths; /* configuration files, in order */
	size_t n_paths;
	const struct snapshot_setting *settings;
	size_t n_settings;
	bool opendmarc; /* in opendmarc's place */
	struct snapshot *last; /* at a reload: what is in use, or NULL */
};

struct snapshot {
	struct arena *arena;
	struct problems problems; /* in the order found */
	struct conf *conf;
	struct sign_rules rules;
	const struct table *remove_ar_from, *must_be_signed,
		*trust_signatures_from, *test_dns_data, *test_public_keys;
	/* Whom SPF and DMARC do not judge, and the like. */
	const struct hosts *ignore_hosts, *skip_addresses, *whitelist;
	const struct table *ignore_mail_from, *ignore_mail_to, *reject_not_pass,
		*trusted_ids, *sealers, *sealers_file, *excuse_domains,
		*excuse_ptr, *excuse_helo;
	struct suffix_list *suffixes; /* NULL: tree walk */
	struct dkim_names sign_headers, omit_headers, oversign_headers,
		sender_headers;
	struct identity who; /* UserID */
	struct keystore *keys;
	struct map_seed seed;
	bool ok; /* no error: may be used */
	size_t keys_checked_to; /* of the KeyTable: what was opened at load */
	unsigned references;
};

/* Never NULL but when memory is out.  With BaseDirectory, changes to it unless
 * it is a reload.  Reads files: not on a loop thread. */
struct snapshot *snapshot_load(const struct snapshot_request *rq);
struct snapshot *snapshot_hold(struct snapshot *s); /* one more owner */
void snapshot_release(struct snapshot *s); /* NULL is fine; any thread */

/* The private key of a choice: a share (privkey_free), or NULL and *e.  Reads a
 * file when the key was not needed before. */
struct privkey *snapshot_key(const struct snapshot *s,
			     const struct key_entry *from,
			     enum keystore_news *news, struct err *e);

/* Tables with more keys than are opened at load: opens up to max more, from
 * *at (begin with keys_checked_to), and tells what is wrong.  False when all are
 * done.  For a background thread. */
bool snapshot_check_keys(const struct snapshot *s, size_t *at, size_t max,
			 void (*tell)(void *arg, const struct problem *p),
			 void *arg);

#endif
