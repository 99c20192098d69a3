#include "conf/suffixes.h"

#include "base/ascii.h"
#include "dns/name.h"

#include <libpsl.h>
#include <stdlib.h>

struct suffixes {
	struct suffix_list list;
	psl_ctx_t *psl;
};

/* The list knows names as text in lower case. */
static str organizational(const struct suffix_list *list, str domain)
{
	const struct suffixes *s = (const struct suffixes *)list;
	char name[DNS_NAME_MAX + 1];
	const char *found;

	if (domain.n > DNS_NAME_MAX)
		return domain;
	for (size_t i = 0; i < domain.n; i++)
		name[i] = ascii_lower(domain.p[i]);
	name[domain.n] = '\0';
	found = psl_registrable_domain(s->psl, name);
	return found ? str_skip(domain, (size_t)(found - name)) : domain;
}

struct suffix_list *suffixes_load(const char *path, struct err *e)
{
	struct suffixes *s = calloc(1, sizeof *s);

	if (!s) {
		(void)err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	s->list.organizational = organizational;
	s->psl = path ? psl_load_file(path) : psl_latest(NULL);
	if (s->psl)
		return &s->list;
	free(s);
	(void)err_set(e, ERR_NO_INPUT,
		      path ? "%s: no list of public suffixes can be read there"
			   : "%s: install the package publicsuffix, or name a "
			     "file (PublicSuffixList)",
		      path ? path
			   : "the system has no list of public suffixes");
	return NULL;
}

void suffixes_free(struct suffix_list *list)
{
	struct suffixes *s = (struct suffixes *)list;

	if (!s)
		return;
	psl_free(s->psl);
	free(s);
}
