/* xml_inside: what the readers share. */
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
/* Tags that open elements of which the sink knows: before anything is put. */
bool xml_strict_resume(struct xml_strict *s, str open);
bool xml_strict_stopped(const struct xml_strict *s); /* by the sink */

struct xml_plain;
struct xml_plain *xml_plain_new(struct xml_parser *p);
void xml_plain_free(struct xml_plain *x);
bool xml_plain_put(struct xml_plain *x, str text);
bool xml_plain_end(struct xml_plain *x);

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
