#include "dkim/tags.h"

#include "base/ascii.h"
#include "base/cur.h"
#include "base/limits.h"

/* RFC 6376 3.2: tag-name = ALPHA *(ALPHA / DIGIT / "_") */
static bool name_ok(str name)
{
	if (!name.n || !ascii_is(name.p[0], ASCII_ALPHA))
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (!ascii_is(name.p[i], ASCII_ALPHA | ASCII_DIGIT) &&
		    name.p[i] != '_')
			return false;
	return true;
}

/* tval: VALCHAR and FWS between; UTF-8 is allowed in mail of RFC 8616. */
static bool value_ok(str value)
{
	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];

		if ((c < 0x20 && !ascii_is(value.p[i], ASCII_SPACE)) ||
		    c == 0x7f)
			return false;
	}
	return true;
}

static const char *take_tag(str spec, struct tag *tag)
{
	struct cur c = cur_of(spec);

	tag->name = str_trim(cur_until(&c, '='));
	if (!cur_char(&c, '='))
		return "tag without \"=\"";
	if (!name_ok(tag->name))
		return "malformed tag name";
	tag->room = cur_rest(&c);
	tag->value = str_trim(tag->room);
	if (tag->value.n > LIMIT_TAG_BYTES)
		return "tag value too long";
	return value_ok(tag->value) ? NULL : "control character in tag value";
}

bool tags_parse(struct arena *arena, str text, struct tags *out,
		const char **why)
{
	str rest = text, spec;
	size_t room = 1;

	for (size_t i = 0; i < text.n && room < LIMIT_TAGS; i++)
		room += text.p[i] == ';';
	out->n = 0;
	out->tag = arena_array_of(arena, struct tag, room);
	while (str_split(&rest, ';', &spec)) {
		if (!str_trim(spec).n) {
			if (!rest.p && out->n)
				break;
			*why = "empty tag";
			return false;
		}
		if (out->n == LIMIT_TAGS) {
			*why = "too many tags";
			return false;
		}

		struct tag *tag = &out->tag[out->n];

		*why = take_tag(spec, tag);
		if (*why)
			return false;
		for (size_t i = 0; i < out->n; i++)
			if (str_eq(out->tag[i].name, tag->name)) {
				*why = "duplicate tag";
				return false;
			}
		out->n++;
	}
	return true;
}

const struct tag *tags_find(const struct tags *tags, const char *name)
{
	for (size_t i = 0; i < tags->n; i++)
		if (str_eq(tags->tag[i].name, str_of(name)))
			return &tags->tag[i];
	return NULL;
}

str tags_value(const struct tags *tags, const char *name, const char *otherwise)
{
	const struct tag *tag = tags_find(tags, name);

	return tag ? tag->value : str_of(otherwise);
}

bool tags_element(str *rest, str *element)
{
	if (!str_split(rest, ':', element))
		return false;
	*element = str_trim(*element);
	return true;
}
