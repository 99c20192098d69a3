/* records_publish: inkan records --publish: what will change is shown, then
 * done, then looked at again. */
#include "base/buf.h"
#include "cli/records_plan.h"
#include "dns/name.h"
#include "publish/primary.h"
#include "publish/update.h"

#include <unistd.h>

struct publishing {
	struct cli *cli;
	struct plan plan;
	struct server server;
	const struct tsig_key *key; /* NULL: none */
	struct tsig_key key_read;
};

static bool is_change(const struct change *c)
{
	return c->action == CHANGE_ADD || c->action == CHANGE_REPLACE;
}

static bool any_change(const struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (is_change(&p->change[i]))
			return true;
	return false;
}

static bool any_kept(const struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->change[i].action == CHANGE_KEEP)
			return true;
	return false;
}

static void print_line(struct arena *arena, enum out_style style, char sign,
		       const struct record *x, str value)
{
	printf("%s%c %.*s %s %.*s%s\n", out_begin(style), sign,
	       STR_ARG(x->name), x->type, STR_ARG(out_text(arena, value)),
	       out_end());
}

static const char *default_note(enum change_action action)
{
	if (action == CHANGE_ELSEWHERE)
		return N_("not a name of this server: order it from whoever "
			  "has it");
	return N_("left out for now: inkan records says until when");
}

static void print_change(struct arena *arena, const struct plan *p,
			 const struct change *c)
{
	const char *note = c->note;

	for (size_t i = 0; is_change(c) && i < server_count(&c->seen); i++)
		if (plan_removes(arena, p, c, i))
			print_line(arena, OUT_BAD, '-', c->record,
				   server_value_at(arena, &c->seen, i));
	if (is_change(c)) {
		print_line(arena, OUT_GOOD, '+', c->record, c->value);
	} else if (c->action == CHANGE_NONE) {
		print_line(arena, OUT_DIM, '=', c->record, c->value);
	} else {
		print_line(arena, OUT_WARN, '!', c->record, c->value);
		note = note ? note : default_note(c->action);
	}
	if (note)
		printf("    %s\n", _(note));
}

static json_t *change_json(struct arena *arena, const struct plan *p,
			   const struct change *c)
{
	static const char *const words[] = { "none", "add",       "replace",
					     "keep", "elsewhere", "later" };
	json_t *removed = json_array();

	for (size_t i = 0; is_change(c) && i < server_count(&c->seen); i++)
		if (plan_removes(arena, p, c, i))
			json_array_append_new(
				removed,
				json_of(server_value_at(arena, &c->seen, i)));
	return json_pack("{s:s, s:o, s:s, s:o, s:o, s:o}", "action",
			 words[c->action], "name", json_of(c->record->name),
			 "type", c->record->type, "value", json_of(c->value),
			 "removed", removed, "note",
			 c->note ? json_words(_(c->note)) : json_null());
}

static void show(struct publishing *u, bool done)
{
	struct arena *arena = u->cli->arena;
	json_t *all;

	if (!u->cli->json) {
		printf(_("At name server %s:\n"), u->server.text);
		for (size_t i = 0; i < u->plan.n; i++)
			print_change(arena, &u->plan, &u->plan.change[i]);
		return;
	}
	all = json_array();
	for (size_t i = 0; i < u->plan.n; i++)
		json_array_append_new(all, change_json(arena, &u->plan,
						       &u->plan.change[i]));
	out_json(json_pack("{s:s, s:b, s:o}", "server", u->server.text,
			   "published", (int)done, "changes", all));
}

static bool is_first_of_set(const struct plan *p, size_t at)
{
	const struct record *x = p->change[at].record;

	for (size_t i = 0; i < at; i++)
		if (is_change(&p->change[i]) &&
		    str_ieq(p->change[i].record->name, x->name) &&
		    strcmp(p->change[i].record->type, x->type) == 0)
			return false;
	return true;
}

static bool put(struct update *u, struct arena *arena, const struct plan *p,
		size_t at, struct err *e)
{
	const struct change *c = &p->change[at];
	struct record wanted = *c->record;
	bool there = false;

	wanted.value = c->value;
	if (is_first_of_set(p, at))
		update_expect(u, wanted.name, plan_type(&wanted), &c->seen);
	for (size_t i = 0; i < server_count(&c->seen); i++) {
		there |= str_eq(server_value_at(arena, &c->seen, i), c->value);
		if (plan_removes(arena, p, c, i))
			update_delete(u, server_rr_at(&c->seen, i));
	}
	return there || update_add(u, wanted.name, p->records->ttl, wanted.type,
				   records_master(arena, &wanted), e);
}

/* Everything of one zone in one update: all of it happens, or nothing. */
static bool send_zone(struct publishing *u, size_t from, struct err *e)
{
	const struct plan *p = &u->plan;
	str zone = p->change[from].zone;
	struct update *update = update_new(u->cli->arena, zone);

	for (size_t i = from; i < p->n; i++)
		if (is_change(&p->change[i]) &&
		    str_ieq(p->change[i].zone, zone) &&
		    !put(update, u->cli->arena, p, i, e))
			return false;
	return update_send(update, &u->server, u->key, e);
}

static bool send_all(struct publishing *u, struct err *e)
{
	const struct plan *p = &u->plan;

	for (size_t i = 0; i < p->n; i++) {
		bool first = is_change(&p->change[i]);

		for (size_t k = 0; first && k < i; k++)
			first = !is_change(&p->change[k]) ||
				!str_ieq(p->change[k].zone, p->change[i].zone);
		if (first && !send_zone(u, i, e))
			return false;
	}
	return true;
}

/* Is everything there now? */
static bool look_again(struct publishing *u, struct err *e)
{
	struct plan after = u->plan;

	if (!plan_make(u->cli->arena, &u->server, &after, e))
		return false;
	for (size_t i = 0; i < after.n; i++)
		if (is_change(&after.change[i]) &&
		    !(after.change[i].record->role == ROLE_ADDRESS ||
		      after.change[i].record->role == ROLE_TLSA))
			return err_set(e, ERR_UNAVAILABLE,
				       _("name server %s took the update but "
					 "does not show %.*s: its log says "
					 "why"),
				       u->server.text,
				       STR_ARG(after.change[i].record->name));
	return true;
}

static bool agreed(struct cli *cli)
{
	int c, first;

	if (cli->json || args_has(&cli->args, "yes") || !isatty(STDIN_FILENO) ||
	    !isatty(STDOUT_FILENO))
		return true;
	printf("%s ", _("Change this? [y/N]"));
	fflush(stdout);
	first = c = getchar();
	while (c != '\n' && c != EOF)
		c = getchar();
	return first == 'y' || first == 'Y';
}

static bool find_server(struct publishing *u, const struct records *r)
{
	struct cli *cli = u->cli;
	const char *text = args_get(&cli->args, "server");
	struct dns_client *dns;
	int64_t seconds;
	bool ok;

	if (!args_number(&cli->args, "dns-timeout", 1, 3600, 5, &seconds,
			 &cli->err))
		return false;
	if (text)
		return server_parse(text, (unsigned)seconds * 1000, &u->server,
				    &cli->err);
	dns = cli_dns(cli);
	if (!dns)
		return false;
	ok = primary_find(cli->arena, dns, r->domain, (unsigned)seconds * 1000,
			  &u->server, &cli->err);
	dns_client_free(dns);
	return ok;
}

static bool prepare(struct publishing *u, const struct records *r)
{
	struct cli *cli = u->cli;
	const char *tsig = args_get(&cli->args, "tsig");

	u->plan.records = r;
	u->plan.replace = args_has(&cli->args, "replace");
	u->plan.dmarc = args_has(&cli->args, "policy") ||
			args_has(&cli->args, "rua");
	if (tsig) {
		if (!tsig_read(cli->arena, tsig, &u->key_read, &cli->err))
			return false;
		u->key = &u->key_read;
	}
	return find_server(u, r) &&
	       plan_make(cli->arena, &u->server, &u->plan, &cli->err);
}

static int outcome(const struct publishing *u)
{
	return args_has(&u->cli->args, "fail") && any_kept(&u->plan) ? 1 : 0;
}

int records_publish(struct cli *cli, const struct records *r)
{
	struct publishing u = { .cli = cli };
	bool change;

	if (!prepare(&u, r))
		return cli_fail(cli);
	change = any_change(&u.plan);
	if (!cli->json)
		show(&u, false);
	if (args_has(&cli->args, "dry-run") || !change) {
		if (cli->json)
			show(&u, false);
		else if (!change)
			puts(_("Nothing to change."));
		return outcome(&u);
	}
	if (!agreed(cli)) {
		puts(_("Nothing was changed."));
		return 0;
	}
	if (!send_all(&u, &cli->err) || !look_again(&u, &cli->err))
		return cli_fail(cli);
	if (cli->json)
		show(&u, true);
	else
		puts(_("Published, and seen at the name server."));
	return outcome(&u);
}
