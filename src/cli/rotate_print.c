/* rotate_print: see cli/rotate_print.h. */
#include "cli/rotate_print.h"

#include <stdio.h>
#include <time.h>

static const char *sentence(enum rotate_stage stage)
{
	static const char *const sentences[] = {
		[ROTATE_KEY] = N_("new keys are being made"),
		[ROTATE_PUBLISH] = N_("the new keys are there; mail is signed "
				      "with the old ones until every name "
				      "server shows the new records"),
		[ROTATE_SWITCH] = N_("every name server shows the new records; "
				     "the tables change now"),
		[ROTATE_HOLD] = N_("mail is signed with the new keys; the old "
				   "records stay for mail that is under way"),
		[ROTATE_CLEAN] = N_("the old keys leave the KeyTable"),
		[ROTATE_REVOKE] = N_("the old records are being revoked (an "
				     "empty p=)"),
		[ROTATE_DONE] = N_("done"),
	};

	return _(sentences[stage]);
}

static void print_date(int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;
	char text[64];

	if (localtime_r(&t, &tm) &&
	    strftime(text, sizeof text, "%Y-%m-%d %H:%M %Z", &tm))
		fputs(text, stdout);
}

void rotate_print_stage(const struct rotation *r)
{
	printf("%.*s: %s%s%s\n", STR_ARG(r->domain),
	       out_begin(r->stage == ROTATE_DONE ? OUT_GOOD : OUT_PLAIN),
	       sentence(r->stage), out_end());
	fflush(stdout);
}

static void print_places(const struct seen *seen)
{
	for (size_t i = 0; i < seen->n; i++) {
		const struct seen_place *p = &seen->place[i];

		printf("    %s%s%s  %s\n",
		       out_begin(p->ok ? OUT_GOOD : OUT_WARN),
		       p->server ? p->server : _("the resolver"), out_end(),
		       _(p->what));
	}
}

static void print_records(struct cli *cli, const struct rotation *r,
			  const struct rotate_progress *p)
{
	if (p->wait == WAIT_PASTE)
		printf(_("Publish this, as TXT, then run: inkan rotate next "
			 "--domain %.*s\n\n"),
		       STR_ARG(r->domain));
	else
		puts(_("Published, but not to be seen everywhere yet (inkan "
		       "rotate next looks again):"));
	for (size_t i = 0; i < p->n_records; i++) {
		printf("  %.*s\n  %.*s\n", STR_ARG(p->record[i].name),
		       STR_ARG(out_text(cli->arena, p->record[i].value)));
		print_places(&p->record[i].seen);
		putchar('\n');
	}
}

void rotate_print(struct cli *cli, const struct rotation *r,
		  const struct rotate_progress *p)
{
	if (!p) {
		rotate_print_stage(r);
		for (size_t i = 0; i < r->n_keys; i++)
			printf("  %.*s -> %.*s  (%s%s%.*s)\n",
			       STR_ARG(r->keys[i].old.selector),
			       STR_ARG(r->keys[i].new.selector),
			       r->keys[i].type == KEY_RSA ? "RSA" : "Ed25519",
			       r->keys[i].sender.n ? ", " : "",
			       STR_ARG(out_text(cli->arena,
						r->keys[i].sender)));
	} else if (p->n_records) {
		print_records(cli, r, p);
	}
	if ((p && p->wait == WAIT_TIME) || (!p && r->stage == ROTATE_HOLD)) {
		printf("  %s ", _("the old records stay until"));
		print_date(r->since + r->hold);
		putchar('\n');
	}
}

static json_t *places_json(const struct seen *seen)
{
	json_t *all = json_array();

	for (size_t i = 0; i < seen->n; i++)
		json_array_append_new(all,
				      json_pack("{s:s, s:s, s:b}", "server",
						seen->place[i].server
							? seen->place[i].server
							: "resolver",
						"seen", _(seen->place[i].what),
						"ok", (int)seen->place[i].ok));
	return all;
}

static json_t *records_json(const struct rotate_progress *p)
{
	json_t *all = json_array();

	for (size_t i = 0; p && i < p->n_records; i++)
		json_array_append_new(
			all,
			json_pack("{s:o, s:s, s:o, s:o}", "name",
				  json_of(p->record[i].name), "type", "TXT",
				  "value", json_of(p->record[i].value),
				  "servers", places_json(&p->record[i].seen)));
	return all;
}

json_t *rotate_json(struct cli *cli, const struct rotation *r,
		    const struct rotate_progress *p)
{
	static const char *const waits[] = { NULL, "dns", "paste", "time" };
	bool holds = r->stage == ROTATE_HOLD;
	json_t *keys = json_array();

	(void)cli;
	for (size_t i = 0; i < r->n_keys; i++)
		json_array_append_new(
			keys,
			json_pack("{s:o, s:o, s:o, s:s}", "old",
				  json_of(r->keys[i].old.selector), "new",
				  json_of(r->keys[i].new.selector), "file",
				  json_of(r->keys[i].new.path), "algorithm",
				  r->keys[i].type == KEY_RSA
					  ? "rsa-sha256"
					  : "ed25519-sha256"));
	return json_pack("{s:o, s:s, s:b, s:o, s:o, s:o, s:o}", "domain",
			 json_of(r->domain), "stage", rotate_stages[r->stage],
			 "done", (int)(r->stage == ROTATE_DONE), "waiting",
			 p ? json_words(waits[p->wait]) : json_null(), "until",
			 holds ? json_integer(r->since + r->hold) : json_null(),
			 "keys", keys, "records", records_json(p));
}
