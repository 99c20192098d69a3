/* xml: an XML document as a stream of elements and text, in memory that does
 * not grow with it.  Names come without their namespace prefix.
 *
 * Two readers behind one interface: the strict one is expat's, with a faster way
 * for what is plain; the lenient one takes for a tag only what has a name it is
 * told to know, so that documents with bare "<" and "&" in them can be read.
 * Neither knows a document type or an entity beyond XML's five: a DOCTYPE ends
 * the reading. */
#ifndef REPORT_XML_H
#define REPORT_XML_H

#include "base/str.h"

struct xml_sink {
	void *arg;
	/* False ends the reading; the sink knows why. */
	bool (*start)(void *arg, str name);
	bool (*text)(void *arg, str text); /* in any number of pieces */
	bool (*end)(void *arg);
	/* For the lenient reader: is this an element of the document? */
	bool (*known)(str name);
};

struct xml;

struct xml *xml_new(const struct xml_sink *sink, bool lenient); /* or NULL */
void xml_free(struct xml *x);
bool xml_put(struct xml *x, str octets); /* false: it is over */
bool xml_end(struct xml *x);

/* Why it is over, a static sentence; NULL: the sink ended it. */
const char *xml_why(const struct xml *x);
/* The markup is broken, the lenient reader may make sense of it. */
bool xml_is_broken(const struct xml *x);
bool xml_repaired(const struct xml *x); /* octets that were no text */

#endif
