/* xml_inside: what the two readers share. */
#ifndef REPORT_XML_INSIDE_H
#define REPORT_XML_INSIDE_H

#include "report/xml.h"

struct xml_parser {
	struct xml_sink sink;
	const char *why;
	bool broken;
	unsigned depth;
};

struct xml_strict;
struct xml_strict *xml_strict_new(struct xml_parser *p);
void xml_strict_free(struct xml_strict *s);
bool xml_strict_put(struct xml_strict *s, str text);
bool xml_strict_end(struct xml_strict *s);

struct xml_lenient;
struct xml_lenient *xml_lenient_new(struct xml_parser *p);
void xml_lenient_free(struct xml_lenient *l);
bool xml_lenient_put(struct xml_lenient *l, str text);
bool xml_lenient_end(struct xml_lenient *l);

/* Sets why, unless it is set; false. */
bool xml_fail(struct xml_parser *p, bool broken, const char *why);
/* Without its prefix. */
str xml_local(str name);

#endif
