#include "mail/fold.h"

struct fold fold_of(struct buf *out, size_t column)
{
	return (struct fold){ out, column };
}

void fold_glue(struct fold *f, str text)
{
	buf_put(f->out, text);
	f->column += text.n;
}

static void new_line(struct fold *f)
{
	buf_put(f->out, STR("\r\n "));
	f->column = 1;
}

void fold_word(struct fold *f, str word)
{
	if (f->column > 1 && f->column + 1 + word.n > FOLD_WIDTH)
		new_line(f);
	else if (f->column != 1)
		fold_glue(f, STR(" "));
	fold_glue(f, word);
}

void fold_part(struct fold *f, str part)
{
	if (f->column > 1 && f->column + part.n > FOLD_WIDTH)
		new_line(f);
	fold_glue(f, part);
}

void fold_anywhere(struct fold *f, str text)
{
	while (text.n) {
		if (f->column >= FOLD_WIDTH)
			new_line(f);

		str part = str_head(text, FOLD_WIDTH - f->column);

		fold_glue(f, part);
		text = str_skip(text, part.n);
	}
}

void fold_line(struct fold *f)
{
	if (f->column > 1)
		new_line(f);
}
