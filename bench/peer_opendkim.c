#include "peer.h"

#include <dkim.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

static DKIM_LIB *lib;
static const char *pem, *key_record;

static DKIM_STAT key_lookup(DKIM *dkim, DKIM_SIGINFO *sig, unsigned char *buf,
			    size_t n)
{
	(void)dkim, (void)sig;
	(void)snprintf((char *)buf, n, "%s", key_record);
	return DKIM_STAT_OK;
}

bool peer_available(void)
{
	return true;
}

bool peer_open(const char *private_pem, const char *record)
{
	pem = private_pem;
	key_record = record;
	lib = dkim_init(NULL, NULL);
	return lib && dkim_set_key_lookup(lib, key_lookup) == DKIM_STAT_OK;
}

void peer_close(void)
{
	dkim_close(lib);
}

/* Their functions take what they do not change as if they did. */
static unsigned char *loose(const char *s)
{
	return (unsigned char *)(uintptr_t)s;
}

static bool feed(DKIM *dkim, const struct peer_message *m)
{
	for (size_t i = 0; i < m->n_fields; i++)
		if (dkim_header(dkim, loose(m->fields[i]),
				strlen(m->fields[i])) != DKIM_STAT_OK)
			return false;
	return dkim_eoh(dkim) == DKIM_STAT_OK &&
	       dkim_body(dkim, loose(m->body), m->body_n) == DKIM_STAT_OK;
}

bool peer_sign(const struct peer_message *m)
{
	DKIM_STAT status;
	unsigned char header[4096];
	DKIM *dkim = dkim_sign(lib, loose("id"), NULL, loose(pem), loose("s"),
			       loose("example.org"), DKIM_CANON_RELAXED,
			       DKIM_CANON_RELAXED, DKIM_SIGN_RSASHA256, -1,
			       &status);
	bool ok = dkim && feed(dkim, m) &&
		  dkim_eom(dkim, NULL) == DKIM_STAT_OK &&
		  dkim_getsighdr(dkim, header, sizeof header, 16) ==
			  DKIM_STAT_OK;

	if (dkim)
		(void)dkim_free(dkim);
	return ok;
}

bool peer_verify(const struct peer_message *m)
{
	DKIM_STAT status;
	DKIM *dkim = dkim_verify(lib, loose("id"), NULL, &status);
	bool ok = dkim && feed(dkim, m) && dkim_eom(dkim, NULL) == DKIM_STAT_OK;

	if (dkim)
		(void)dkim_free(dkim);
	return ok;
}
