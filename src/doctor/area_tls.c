/* The certificate that Postfix shows: its time, its names, its key. */
#include "base/limits.h"
#include "crypto/cert.h"
#include "doctor/areas.h"

enum { DAY = 86400, SOON = 14 };

static str first_path(const struct machine *m, str setting)
{
	str value = postfix_value(m, NULL, setting);
	size_t i = 0;

	while (i < value.n && value.p[i] != ',' && value.p[i] != ' ')
		i++;
	return str_head(value, i);
}

static void free_cert(void *cert)
{
	cert_free(cert);
}

static void check_time(struct findings *f, const struct machine *m,
		       const struct cert *cert, str path, str host)
{
	int64_t left = (cert_not_after(cert) - m->now) / DAY;
	bool over = cert_not_after(cert) <= m->now;
	struct buf b = buf_of(m->arena, 32);

	buf_printf(&b, "%lld", (long long)left);
	finding_put(f, FIND_TLS_EXPIRY,
		    over          ? FINDING_FAIL
		    : left < SOON ? FINDING_WARN
				  : FINDING_OK,
		    path, ARGS(buf_str(&b), host));
}

static void check_key(struct findings *f, const struct machine *m,
		      const struct cert *cert, str path)
{
	str key = first_path(m, STR("smtpd_tls_key_file")), pem;
	struct err e;

	if (!key.n || str_starts(key, STR("$")))
		key = path;
	if (!tree_read(&m->tree, m->arena, machine_cstr(m, key),
		       LIMIT_CERTIFICATE_FILE, &pem, &e))
		return; /* postfix.tls.certificate, or only root may */
	judge(f, FIND_TLS_KEY, cert_has_key(cert, pem), path, ARGS(key));
}

void check_certificate(struct findings *f, const struct machine *m)
{
	str path = first_path(m, STR("smtpd_tls_chain_files"));
	str host = postfix_value(m, NULL, STR("myhostname")), pem;
	struct arena_slot *slot;
	struct cert *cert;
	struct err e;

	if (!path.n)
		path = first_path(m, STR("smtpd_tls_cert_file"));
	if (!path.n || !tree_read(&m->tree, m->arena, machine_cstr(m, path),
				  LIMIT_CERTIFICATE_FILE, &pem, &e))
		return;
	slot = arena_defer_slot(m->arena, free_cert);
	cert = cert_read(pem);
	arena_defer_set(slot, cert);
	judge(f, FIND_TLS_CERT, cert, path, NULL);
	if (!cert)
		return;
	check_key(f, m, cert, path);
	check_time(f, m, cert, path, host);
	judge(f, FIND_TLS_NAME, cert_names(cert, host), path, ARGS(host));
}
