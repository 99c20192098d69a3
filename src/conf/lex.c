#include "conf/lex.h"

#include "base/ascii.h"

struct lex lex_of(str text)
{
	return (struct lex){ .in = cur_of(text) };
}

/* What stands before the first "#" or CR, without blanks around it. */
static str content(str line)
{
	line = str_head(line, str_find(line, '#'));
	return str_trim(str_head(line, str_find(line, '\r')));
}

bool lex_next(struct lex *l, str *name, str *value)
{
	while (!cur_done(&l->in)) {
		str raw = cur_until(&l->in, '\n');
		struct cur c = cur_of(content(raw));

		(void)cur_char(&l->in, '\n');
		l->line++;
		if (cur_done(&c))
			continue;
		while (!cur_done(&c) && !ascii_is(*c.p, ASCII_WSP))
			c.p++;
		*value = str_trim(cur_rest(&c));
		*name = content(raw);
		*name = str_head(*name, (size_t)(c.p - name->p));
		l->nul = str_find(raw, '\0') < raw.n;
		return true;
	}
	return false;
}
