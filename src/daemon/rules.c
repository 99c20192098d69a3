/* rules: RFC 5322 3.6, how often each field may occur (RequiredHeaders,
 * StrictHeaders). */
#include "daemon/job.h"

static const struct {
	const char *name;
	bool required;
} rules[] = {
	{ "From", true },         { "Date", true },
	{ "Sender", false },      { "Reply-To", false },
	{ "To", false },          { "Cc", false },
	{ "Bcc", false },         { "Message-ID", false },
	{ "In-Reply-To", false }, { "References", false },
	{ "Subject", false },
};

const char *rules_broken(const struct header *h, struct arena *arena)
{
	struct buf b = buf_of(arena, 128);

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		size_t n = header_count(h, str_of(rules[i].name));

		if (rules[i].required && n != 1)
			buf_printf(&b,
				   "message does not have exactly one %s field",
				   rules[i].name);
		else if (n > 1)
			buf_printf(&b, "message has multiple %s fields",
				   rules[i].name);
		if (b.n) {
			buf_putc(&b, '\0');
			return b.p;
		}
	}
	return NULL;
}
