#include "conf/signing.h"

#include "mail/address.h"

bool signing_sender(const struct snapshot *s, const struct header *header,
		    struct arena *arena, str *user, str *domain)
{
	for (size_t i = 0; i < s->sender_headers.n; i++) {
		const struct field *f = header_find(
			header, s->sender_headers.names[i], 0);
		struct mailbox box;

		if (!f || !mailbox_first(arena, f->value, &box))
			continue;
		*user = box.local;
		*domain = box.domain;
		return true;
	}
	return false;
}

static enum canon canon_of(bool relaxed)
{
	return relaxed ? CANON_RELAXED : CANON_SIMPLE;
}

struct dkim_sign_options signing_options(const struct snapshot *s,
					 const struct sign_key *chosen,
					 struct privkey *key, int64_t now)
{
	const struct conf *c = s->conf;

	return (struct dkim_sign_options){
		.domain = chosen->key.domain,
		.selector = chosen->key.selector,
		.key = key,
		.header_canon = canon_of(c->canonicalization.header_relaxed),
		.body_canon = canon_of(c->canonicalization.body_relaxed),
		.sign = s->sign_headers,
		.never = s->omit_headers,
		.oversign = s->oversign_headers,
		.identity = chosen->identity,
		.timestamp = now,
		.lifetime = c->signature_ttl > 0 ? c->signature_ttl : 0,
		.body_length = -1,
		.diagnostics = c->diagnostics,
		.request_reports = c->request_reports,
	};
}

/* SignatureAlgorithm is a default that a key of another type overrides (with a
 * warning at load); what a KeyTable entry says of its own key must be true. */
const char *signing_trouble(const struct snapshot *s,
			    const struct sign_key *chosen,
			    const struct privkey *key)
{
	enum key_type type = privkey_type(key);

	(void)s;
	if (chosen->key.algorithm == KEY_ALGORITHM_RSA && type != KEY_RSA)
		return "the KeyTable says rsa-sha256, the key is for "
		       "ed25519-sha256";
	if (chosen->key.algorithm == KEY_ALGORITHM_ED25519 &&
	    type != KEY_ED25519)
		return "the KeyTable says ed25519-sha256, the key is for "
		       "rsa-sha256";
	return NULL;
}
