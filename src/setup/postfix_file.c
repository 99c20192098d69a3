#include "setup/postfix_file.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/limits.h"

/* With its line end. */
static bool line_next(str text, size_t *at, str *line)
{
	str rest = str_skip(text, *at);

	if (!rest.n)
		return false;
	*line = str_head(rest, str_find(rest, '\n') + 1);
	*at += line->n;
	return true;
}

static bool is_skipped(str line)
{
	str s = str_trim(line);

	return !s.n || s.p[0] == '#';
}

/* The next logical line: all from its first line to the end of its last one.
 * Comments and blank lines behind it are not part of it. */
static bool logical_next(str text, size_t *at, str *out)
{
	size_t start, end;
	str line;

	do
		start = *at;
	while (line_next(text, at, &line) && is_skipped(line));
	if (start == *at || is_skipped(line))
		return false;
	end = *at;
	for (size_t next = end; line_next(text, &next, &line);) {
		if (is_skipped(line))
			continue;
		if (!ascii_is(line.p[0], ASCII_WSP))
			break;
		end = next;
	}
	*at = end;
	*out = str_head(str_skip(text, start), end - start);
	return true;
}

static str setting_name(str logical, str *value)
{
	size_t equals = str_find(logical, '=');

	*value = str_skip(logical, equals + (equals < logical.n));
	return str_trim(str_head(logical, equals));
}

static str joined(struct arena *arena, str raw)
{
	struct buf b = buf_of(arena, LIMIT_CONFIG_BYTES);
	size_t at = 0;
	str line;

	for (bool first = true; line_next(raw, &at, &line); first = false) {
		while (line.n && (line.p[line.n - 1] == '\n' ||
				  line.p[line.n - 1] == '\r'))
			line.n--;
		if (first || !is_skipped(line))
			buf_put(&b, line);
	}
	return str_trim(buf_str(&b));
}

/* The last logical line that sets name. */
static bool find_setting(str text, str name, str *logical, str *value)
{
	bool found = false;
	size_t at = 0;
	str l, v;

	while (logical_next(text, &at, &l))
		if (str_eq(setting_name(l, &v), name)) {
			found = true;
			*logical = l;
			*value = v;
		}
	return found;
}

str mainfile_get(struct arena *arena, str text, str name)
{
	str logical, value;

	if (!find_setting(text, name, &logical, &value))
		return (str){ NULL, 0 };
	return joined(arena, value);
}

str text_replace(struct arena *arena, str text, str piece, str by)
{
	struct buf b = buf_of(arena, LIMIT_CONFIG_BYTES + by.n);
	size_t before = (size_t)(piece.p - text.p);

	buf_put(&b, str_head(text, before));
	buf_put(&b, by);
	buf_put(&b, str_skip(text, before + piece.n));
	return buf_str(&b);
}

static str replace_setting(struct arena *arena, str text, str logical,
			   const struct mainfile_setting *s)
{
	struct buf b = buf_of(arena, LIMIT_CONFIG_BYTES);
	bool ends = logical.p[logical.n - 1] == '\n';

	buf_printf(&b, "%.*s = %.*s%s", STR_ARG(s->name), STR_ARG(s->value),
		   ends ? "\n" : "");
	return text_replace(arena, text, logical, buf_str(&b));
}

static str append_settings(struct arena *arena, str text,
			   const struct mainfile_setting *settings, size_t n)
{
	struct buf b = buf_of(arena, LIMIT_CONFIG_BYTES * 2);

	buf_put(&b, text);
	if (text.n && text.p[text.n - 1] != '\n')
		buf_putc(&b, '\n');
	buf_put(&b, STR("\n# inkan setup (inkan setup --undo takes it back)"
			"\n"));
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%.*s = %.*s\n", STR_ARG(settings[i].name),
			   STR_ARG(settings[i].value));
	return buf_str(&b);
}

str mainfile_set(struct arena *arena, str text,
		 const struct mainfile_setting *settings, size_t n)
{
	struct mainfile_setting *missing = arena_array_of(
		arena, struct mainfile_setting, n + 1);
	size_t n_missing = 0;

	for (size_t i = 0; i < n; i++) {
		str logical, value;

		if (!find_setting(text, settings[i].name, &logical, &value))
			missing[n_missing++] = settings[i];
		else if (!str_eq(joined(arena, value), settings[i].value))
			text = replace_setting(arena, text, logical,
					       &settings[i]);
	}
	return n_missing ? append_settings(arena, text, missing, n_missing)
			 : text;
}

str mainfile_disable(struct arena *arena, str text, str name)
{
	str logical, value, line;

	while (find_setting(text, name, &logical, &value)) {
		struct buf b = buf_of(arena, LIMIT_CONFIG_BYTES);
		size_t at = 0;

		while (line_next(logical, &at, &line))
			buf_printf(&b, "%s%.*s", is_skipped(line) ? "" : "#",
				   STR_ARG(line));
		text = text_replace(arena, text, logical, buf_str(&b));
	}
	return text;
}

/* Behind s->p: blanks, line ends, and comment lines. */
static str skip_blanks(str s)
{
	bool line_start = false;

	for (; s.n; s = str_skip(s, 1)) {
		if (s.p[0] == '\n')
			line_start = true;
		else if (s.p[0] == '#' && line_start)
			s = str_skip(s, str_find(s, '\n') - 1);
		else if (!ascii_is(s.p[0], ASCII_SPACE))
			break;
	}
	return s;
}

/* A word, or { a group }. */
static size_t word_length(str s, bool commas)
{
	size_t n = 0, depth = 0;

	for (; n < s.n; n++) {
		if (s.p[n] == '{')
			depth++;
		else if (s.p[n] == '}' && depth)
			depth--;
		else if (!depth && (ascii_is(s.p[n], ASCII_SPACE) ||
				    (commas && s.p[n] == ',')))
			break;
	}
	return n;
}

static bool word_next(str *rest, str *word)
{
	str s = skip_blanks(*rest);

	if (!s.n)
		return false;
	*word = str_head(s, word_length(s, false));
	*rest = str_skip(s, word->n);
	return true;
}

bool masterfile_next(str text, size_t *at, struct masterfile_service *out)
{
	str logical, word;

	while (logical_next(text, at, &logical)) {
		str *const columns[] = { &out->name, &out->type,   &word,
					 &word,      &out->chroot, &word,
					 &word,      &out->command };
		enum { COLUMNS = sizeof columns / sizeof(str *) };
		size_t i = 0;

		while (i < COLUMNS && word_next(&logical, columns[i]))
			i++;
		out->args = logical;
		if (i == COLUMNS)
			return true;
	}
	return false;
}

bool masterfile_option(const struct masterfile_service *s, str name, str *value)
{
	str rest = s->args, word;
	bool found = false;

	while (word_next(&rest, &word)) {
		if (str_eq(word, STR("-o"))) {
			if (!word_next(&rest, &word))
				break;
		} else if (str_starts(word, STR("-o"))) {
			word = str_skip(word, 2);
		} else {
			continue;
		}
		if (word.n > 1 && word.p[0] == '{' && word.p[word.n - 1] == '}')
			word = str_trim(
				str_skip(str_head(word, word.n - 1), 1));

		str v, n = setting_name(word, &v);

		if (str_eq(n, name)) {
			*value = str_trim(v);
			found = true;
		}
	}
	return found;
}

str masterfile_add(struct arena *arena, str text,
		   const struct masterfile_service *s, str name, str value)
{
	struct buf b = buf_of(arena, LIMIT_CONFIG_BYTES);
	str end = { s->args.p + s->args.n, 0 };
	bool ended = end.p > text.p && end.p[-1] == '\n';

	buf_printf(&b, "%s  -o %.*s=%.*s\n", ended ? "" : "\n", STR_ARG(name),
		   STR_ARG(value));
	return text_replace(arena, text, end, buf_str(&b));
}

bool postfix_list_next(str *rest, str *element)
{
	while (rest->n &&
	       (rest->p[0] == ',' || ascii_is(rest->p[0], ASCII_SPACE)))
		*rest = str_skip(*rest, 1);
	if (!rest->n)
		return false;
	*element = str_head(*rest, word_length(*rest, true));
	*rest = str_skip(*rest, element->n);
	return true;
}
