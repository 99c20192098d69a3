#include "report/xml.h"

#include "report/decode.h"
#include "report/xml_inside.h"

#include <stdlib.h>

struct xml {
	struct xml_parser parser;
	struct decode *decode;
	struct xml_plain *strict;
	struct xml_lenient *lenient;
};

bool xml_fail(struct xml_parser *p, bool broken, const char *why)
{
	if (!p->why) {
		p->why = why;
		p->broken = broken;
	}
	return false;
}

str xml_local(str name)
{
	size_t colon = str_rfind(name, ':');

	return colon < name.n ? str_skip(name, colon + 1) : name;
}

static bool parse(void *arg, str text)
{
	struct xml *x = arg;

	return x->strict ? xml_plain_put(x->strict, text)
			 : xml_lenient_put(x->lenient, text);
}

struct xml *xml_new(const struct xml_sink *sink, bool lenient)
{
	struct xml *x = calloc(1, sizeof *x);

	if (!x)
		return NULL;
	x->parser.sink = *sink;
	x->decode = decode_new(parse, x);
	if (lenient)
		x->lenient = xml_lenient_new(&x->parser);
	else
		x->strict = xml_plain_new(&x->parser);
	if (x->decode && (x->strict || x->lenient))
		return x;
	xml_free(x);
	return NULL;
}

void xml_free(struct xml *x)
{
	if (!x)
		return;
	decode_free(x->decode);
	xml_plain_free(x->strict);
	xml_lenient_free(x->lenient);
	free(x);
}

bool xml_put(struct xml *x, str octets)
{
	return decode_put(x->decode, octets);
}

bool xml_end(struct xml *x)
{
	return decode_end(x->decode) &&
	       (x->strict ? xml_plain_end(x->strict)
			  : xml_lenient_end(x->lenient));
}

const char *xml_why(const struct xml *x)
{
	return x->parser.why;
}

bool xml_is_broken(const struct xml *x)
{
	return x->parser.broken;
}

bool xml_repaired(const struct xml *x)
{
	return decode_repaired(x->decode);
}
