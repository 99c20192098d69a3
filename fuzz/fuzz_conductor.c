/* The whole conductor, its DNS answers from the input: octet 0 says how (bits
 * 0-2: which methods are off, bit 3: given up), a line with HELO, a line with the
 * sender, up to a NUL what script_feed hands out, then the message.  It always
 * settles; what it writes can be read back; DMARC passes for no domain that
 * nothing which passed could stand for. */
#include "base/limits.h"
#include "dns/name.h"
#include "dns/script.h"
#include "verify/received_spf.h"
#include "verify/stamp.h"
#include "verify/verify.h"

#include <stdlib.h>

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void feed(struct verify *v, str message)
{
	str line;

	while (message.n && str_split(&message, '\n', &line) && line.n) {
		str whole = line;

		while (message.n &&
		       (message.p[0] == ' ' || message.p[0] == '\t')) {
			(void)str_split(&message, '\n', &line);
			whole.n = (size_t)(line.p + line.n - whole.p);
		}
		(void)verify_header_raw(v, whole);
	}
	verify_end_of_headers(v);
	verify_body(v, message);
	verify_end(v);
}

static bool may_stand_for(str id, str author)
{
	return dns_name_is_below(id, dns_name_last_labels(author, 1));
}

static void look_at_dmarc(const struct verdict *v)
{
	const struct verdict_dmarc *d = v->dmarc;
	bool some = false;

	check(d->result != DMARC_PENDING);
	if (d->result != DMARC_PASS)
		return;
	check(d->check && d->check->record && d->domain.n);
	for (size_t i = 0; i < v->n_dkim; i++)
		some = some ||
		       (v->dkim_rows[i].result == DKIM_PASS &&
			may_stand_for(v->dkim_rows[i].domain, d->domain));
	if (v->spf && v->spf->result == SPF_PASS)
		some = some || may_stand_for(v->spf->domain, d->domain);
	check(some);
}

static void look_at(struct arena *arena, const struct verdict *v)
{
	struct stamp_options o = { .authserv_id = STR("mx.example.org") };
	struct authres back;

	if (v->out_of_memory)
		return;
	if (v->dmarc)
		look_at_dmarc(v);
	if (v->spf) {
		str field = received_spf_value(arena, v->spf, v, STR("mx"));

		for (size_t i = 0; i < field.n; i++)
			check((unsigned char)field.p[i] >= ' ' ||
			      field.p[i] == '\r' || field.p[i] == '\n');
	}
	check(authres_parse(arena, stamp_value(arena, v, &o), &back));
	check(!back.sloppy && str_eq(back.id, o.authserv_id));
}

static void judge(struct arena *arena, uint8_t how, str rest)
{
	struct script *s = script_new(arena);
	struct verify_options o = verify_defaults(1790000000);
	str helo = { NULL, 0 }, sender = { NULL, 0 }, answers;
	struct ip ip;
	struct verify *v;

	(void)ip_parse(STR("192.0.2.1"), &ip);
	(void)str_split(&rest, '\n', &helo);
	(void)str_split(&rest, '\n', &sender);
	answers = str_head(rest, str_find(rest, '\0'));
	script_feed(s, answers);
	o.methods = VERIFY_DKIM | VERIFY_ARC |
		    (how & 1 ? 0 : VERIFY_SPF | VERIFY_HELO) |
		    (how & 2 ? 0 : VERIFY_DMARC) | (how & 4 ? 0 : VERIFY_IPREV);
	o.trace = true;
	v = verify_new(&o, script_resolver(s));
	if (!v)
		return;
	verify_envelope(v, ip, helo, sender);
	feed(v, str_skip(rest, answers.n + 1));
	if (how & 8)
		verify_give_up(v);
	while (!verify_run(v))
		check(script_next(s));
	look_at(arena, verify_verdict(v));
	verify_free(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(4096);

	if (size && arena_enter(arena)) {
		judge(arena, data[0],
		      (str){ (const char *)data + 1, size - 1 });
		arena_leave(arena);
	}
	arena_free(arena);
	return 0;
}
