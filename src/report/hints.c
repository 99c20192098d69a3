/* What names and subjects tell (RFC 7489 7.2.1.1, RFC 8460 5.1). */
#include "base/ascii.h"
#include "report/import_inside.h"
#include "report/values.h"

/* Behind the last "/" and before what names a format. */
static str stem_of(str name)
{
	static const str ends[] = { STR_INIT(".gz"), STR_INIT(".zip"),
				    STR_INIT(".xml"), STR_INIT(".json"),
				    STR_INIT(".eml") };
	size_t slash = str_rfind(name, '/');
	bool cut = true;

	if (slash < name.n)
		name = str_skip(name, slash + 1);
	while (cut) {
		cut = false;
		for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
			if (str_iends(name, ends[i])) {
				name.n -= ends[i].n;
				cut = true;
			}
	}
	return str_trim(name);
}

void hints_of_name(str name, struct report_hints *hints)
{
	str rest = stem_of(name), part[5] = { 0 };
	int64_t begin, end;
	size_t n = 0;

	if (str_find(name, '!') == name.n)
		return;
	while (n < 5 && str_split(&rest, '!', &part[n]))
		n++;
	if (n < 4 || !value_time(part[2], &begin) || !value_time(part[3], &end))
		return;
	hints->submitter = part[0].n ? part[0] : hints->submitter;
	hints->domain = part[1];
	hints->begin = begin;
	hints->end = end;
	if (n > 4)
		hints->report_id = part[4];
}

/* The word behind a label, whatever stands around it. */
static str behind(str s, str label)
{
	for (size_t i = 0; i + label.n <= s.n && i < 2000; i++) {
		str rest = str_skip(s, i);
		size_t n = 0;

		if (!str_istarts(rest, label))
			continue;
		rest = str_trim(str_skip(rest, label.n));
		if (rest.n && rest.p[0] == ':')
			rest = str_trim(str_skip(rest, 1));
		while (n < rest.n && !ascii_is(rest.p[n], ASCII_SPACE))
			n++;
		return str_head(rest, n);
	}
	return STR("");
}

void hints_of_subject(struct arena *arena, str subject,
		      struct report_hints *hints)
{
	str domain = behind(subject, STR("report domain"));
	str submitter = behind(subject, STR("submitter"));
	str id = behind(subject, STR("report-id"));

	if (domain.n)
		hints->domain = arena_str(arena, domain);
	if (submitter.n)
		hints->submitter = arena_str(arena, submitter);
	if (id.n)
		hints->report_id = arena_str(arena, id);
}
