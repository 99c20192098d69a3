/* records_print: the same records for a web panel, a zone file, nsupdate. */
#include "base/buf.h"
#include "cli/out.h"
#include "cli/records.h"
#include "cli/tr.h"

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

static void print_table(const struct records *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct record *x = &r->record[i];

		printf("%s%s%s\n  %s: %.*s\n  %s: %s\n  TTL: %" PRId64
		       "\n  %s: %.*s\n",
		       out_begin(OUT_STRONG), _(x->why), out_end(), _("name"),
		       STR_ARG(x->name), _("type"), x->type, r->ttl, _("value"),
		       STR_ARG(x->value));
		if (x->value.n > STRING_MAX)
			printf("  %s\n",
			       _("(longer than 255 characters: most panels "
				 "take it in one piece; if yours refuses it, "
				 "use the strings of --format zone)"));
		putchar('\n');
	}
}

static void print_zone(struct arena *arena, const struct records *r)
{
	printf("; %s %.*s\n; %s\n", _("records for"), STR_ARG(r->domain),
	       _("several strings in one record are one value: a web panel "
		 "wants them joined, without quotes"));
	for (size_t i = 0; i < r->n; i++) {
		const struct record *x = &r->record[i];
		str strings = records_strings(arena, x->value);

		printf("\n; %s\n%.*s. %" PRId64 " IN %s %.*s\n", _(x->why),
		       STR_ARG(x->name), r->ttl, x->type, STR_ARG(strings));
	}
}

static void print_lines(const struct records *r)
{
	for (size_t i = 0; i < r->n; i++)
		printf("%.*s %s %.*s\n", STR_ARG(r->record[i].name),
		       r->record[i].type, STR_ARG(r->record[i].value));
}

static void print_json(const struct records *r)
{
	json_t *all = json_array();

	for (size_t i = 0; i < r->n; i++) {
		const struct record *x = &r->record[i];
		json_t *strings = json_array();

		for (str rest = x->value; rest.n;
		     rest = str_skip(rest, STRING_MAX))
			json_array_append_new(
				strings, json_of(str_head(rest, STRING_MAX)));
		json_array_append_new(
			all, json_pack("{s:o, s:s, s:I, s:o, s:o, s:s}", "name",
				       json_of(x->name), "type", x->type, "ttl",
				       (json_int_t)r->ttl, "value",
				       json_of(x->value), "strings", strings,
				       "why", _(x->why)));
	}
	out_json(all);
}

/* Only adds: a TXT record of another purpose at the same name must stay. */
static void print_nsupdate(struct arena *arena, const struct records *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct record *x = &r->record[i];
		str strings = records_strings(arena, x->value);

		printf("; %s\nupdate add %.*s. %" PRId64 " %s %.*s\n",
		       _(x->why), STR_ARG(x->name), r->ttl, x->type,
		       STR_ARG(strings));
	}
	puts("send");
}

void records_print(struct arena *arena, const struct records *r,
		   enum records_format format)
{
	switch (format) {
	case RECORDS_TABLE:
		print_table(r);
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
