/* records_print: the same records for a web panel, a zone file, nsupdate. */
#include "base/buf.h"
#include "cli/records.h"
#include "dns/name.h"

#include <inttypes.h>
#include <stdio.h>

enum { STRING_MAX = 255 };

bool records_format_parse(const char *name, enum records_format *out)
{
	static const char *const names[] = { "table", "zone", "lines", "json",
					     "nsupdate" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0) {
			*out = (enum records_format)i;
			return true;
		}
	return false;
}

str records_strings(struct arena *arena, str value)
{
	struct buf b = buf_of(arena, value.n * 2 + 64);

	do {
		str part = str_head(value, STRING_MAX);

		value = str_skip(value, part.n);
		buf_printf(&b, "%s\"", b.n ? " " : "");
		for (size_t i = 0; i < part.n; i++) {
			if (part.p[i] == '"' || part.p[i] == '\\')
				buf_putc(&b, '\\');
			buf_putc(&b, part.p[i]);
		}
		buf_putc(&b, '"');
	} while (value.n);
	return buf_str(&b);
}

str records_master(struct arena *arena, const struct record *x)
{
	struct buf b = buf_of(arena, x->value.n + 2);

	if (strcmp(x->type, "TXT") == 0)
		return records_strings(arena, x->value);
	buf_put(&b, x->value);
	if (x->role == ROLE_MX || x->role == ROLE_PTR)
		buf_putc(&b, '.');
	return buf_str(&b);
}

static const char *when_heading(enum record_when when)
{
	static const char *const headings[] = {
		[RECORD_NOW] = N_("Publish these now"),
		[RECORD_ELSEWHERE] = N_(
			"Order these from whoever has those names"),
		[RECORD_LATER] = N_("Publish these later, when the reason "
				    "given holds"),
	};

	return _(headings[when]);
}

/* The name as panels want it that add the domain by themselves. */
static str short_name(const struct records *r, str name)
{
	if (str_ieq(name, r->domain))
		return STR("@");
	if (!dns_name_is_below(name, r->domain))
		return name;
	return str_head(name, name.n - r->domain.n - 1);
}

static void print_row(struct arena *arena, const struct records *r,
		      const struct record *x)
{
	printf("%s%s%s\n  %s: %.*s", out_begin(OUT_STRONG), _(x->why),
	       out_end(), _("name"), STR_ARG(x->name));
	if (!str_eq(short_name(r, x->name), x->name))
		printf("  (%s: %.*s)", _("in many panels"),
		       STR_ARG(short_name(r, x->name)));
	printf("\n  %s: %s\n  TTL: %" PRId64 "\n  %s: %.*s\n", _("type"),
	       x->type, r->ttl, _("value"), STR_ARG(x->value));
	if (strcmp(x->type, "TXT") == 0 && x->value.n > STRING_MAX)
		printf("  %s:\n    %.*s\n",
		       _("if your panel refuses more than 255 characters, in "
			 "two strings"),
		       STR_ARG(records_strings(arena, x->value)));
	putchar('\n');
}

static void print_file(const struct records *r, const char *before)
{
	str rest = r->policy_file, line;

	printf("%s%s %.*s\n", before,
	       _("The policy file of MTA-STS, to be served as"),
	       STR_ARG(r->policy_url));
	while (str_split(&rest, '\n', &line))
		if (line.n)
			printf("%s  %.*s\n", before, STR_ARG(line));
}

static void print_table(struct arena *arena, const struct records *r)
{
	for (enum record_when when = RECORD_NOW; when <= RECORD_LATER; when++) {
		bool any = false;

		for (size_t i = 0; i < r->n; i++) {
			if (r->record[i].when != when)
				continue;
			if (!any)
				printf("== %s ==\n\n", when_heading(when));
			any = true;
			print_row(arena, r, &r->record[i]);
		}
	}
	print_file(r, "");
}

static void print_zone_row(struct arena *arena, const struct records *r,
			   const struct record *x, bool comment)
{
	printf("\n; %s\n%s%.*s. %" PRId64 " IN %s %.*s\n", _(x->why),
	       comment ? ";" : "", STR_ARG(x->name), r->ttl, x->type,
	       STR_ARG(records_master(arena, x)));
}

static void print_zone(struct arena *arena, const struct records *r)
{
	printf("; %s %.*s\n; %s\n; %s\n", _("records for"), STR_ARG(r->domain),
	       _("several strings in one record are one value: a web panel "
		 "wants them joined, without quotes"),
	       _("lines that begin with ; belong elsewhere, or come later"));
	for (size_t i = 0; i < r->n; i++)
		print_zone_row(arena, r, &r->record[i],
			       r->record[i].when != RECORD_NOW);
	putchar('\n');
	print_file(r, "; ");
}

static void print_lines(const struct records *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->record[i].when != RECORD_LATER)
			printf("%.*s %s %.*s\n", STR_ARG(r->record[i].name),
			       r->record[i].type, STR_ARG(r->record[i].value));
}

static json_t *strings_of(const struct record *x)
{
	json_t *strings = json_array();

	for (str rest = x->value; rest.n; rest = str_skip(rest, STRING_MAX))
		json_array_append_new(strings,
				      json_of(str_head(rest, STRING_MAX)));
	return strings;
}

static void print_json(const struct records *r)
{
	static const char *const when[] = { "now", "elsewhere", "later" };
	json_t *all = json_array();

	for (size_t i = 0; i < r->n; i++) {
		const struct record *x = &r->record[i];
		json_t *one = json_pack("{s:o, s:s, s:I, s:o, s:o, s:s, s:s}",
					"name", json_of(x->name), "type",
					x->type, "ttl", (json_int_t)r->ttl,
					"value", json_of(x->value), "strings",
					strings_of(x), "when", when[x->when],
					"why", _(x->why));

		if (x->role == ROLE_MTA_STS)
			json_object_set_new(one, "file",
					    json_pack("{s:o, s:s#}", "url",
						      json_of(r->policy_url),
						      "content",
						      r->policy_file.p,
						      (int)r->policy_file.n));
		json_array_append_new(all, one);
	}
	out_json(all);
}

/* Only adds: a TXT record of another purpose at the same name must stay. */
static void print_nsupdate(struct arena *arena, const struct records *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct record *x = &r->record[i];

		printf("; %s\n%supdate add %.*s. %" PRId64 " %s %.*s\n",
		       _(x->why), x->when == RECORD_NOW ? "" : ";",
		       STR_ARG(x->name), r->ttl, x->type,
		       STR_ARG(records_master(arena, x)));
	}
	puts("send");
}

void records_print(struct arena *arena, const struct records *r,
		   enum records_format format)
{
	switch (format) {
	case RECORDS_TABLE:
		print_table(arena, r);
		break;
	case RECORDS_ZONE:
		print_zone(arena, r);
		break;
	case RECORDS_LINES:
		print_lines(r);
		break;
	case RECORDS_JSON:
		print_json(r);
		break;
	case RECORDS_NSUPDATE:
		print_nsupdate(arena, r);
		break;
	}
}
