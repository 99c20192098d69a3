/* The strict reader: expat, with document types refused before anything in them
 * is read and with bounds on what it keeps. */
#include "base/limits.h"
#include "report/xml_inside.h"

#include <stdint.h>
#include <stdlib.h>

#include <expat.h>

struct xml_strict {
	struct xml_parser *p;
	XML_Parser expat;
	uint64_t fed;
	bool stopped;
	bool quiet; /* what comes was told before */
};

static void stop(struct xml_strict *s)
{
	s->stopped = true;
	(void)XML_StopParser(s->expat, XML_FALSE);
}

static void XMLCALL on_start(void *arg, const XML_Char *name,
			     const XML_Char **attributes)
{
	struct xml_strict *s = arg;
	struct xml_parser *p = s->p;

	(void)attributes;
	if (s->stopped || s->quiet)
		return;
	if (++p->depth > LIMIT_XML_DEPTH) {
		(void)xml_fail(p, false, "its elements are nested too deep");
		stop(s);
	} else if (!p->sink.start(p->sink.arg, xml_local(str_of(name)))) {
		stop(s);
	}
}

static void XMLCALL on_end(void *arg, const XML_Char *name)
{
	struct xml_strict *s = arg;

	(void)name;
	if (s->stopped || s->quiet)
		return;
	s->p->depth--;
	if (!s->p->sink.end(s->p->sink.arg))
		stop(s);
}

static void XMLCALL on_text(void *arg, const XML_Char *text, int n)
{
	struct xml_strict *s = arg;

	if (!s->stopped && !s->quiet &&
	    !s->p->sink.text(s->p->sink.arg, (str){ text, (size_t)n }))
		stop(s);
}

static void XMLCALL on_doctype(void *arg, const XML_Char *name,
			       const XML_Char *system_id,
			       const XML_Char *public_id, int internal)
{
	struct xml_strict *s = arg;

	(void)name;
	(void)system_id;
	(void)public_id;
	(void)internal;
	(void)xml_fail(s->p, false, "it has a document type (DTD): refused");
	stop(s);
}

struct xml_strict *xml_strict_new(struct xml_parser *p)
{
	struct xml_strict *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->p = p;
	s->expat = XML_ParserCreate("UTF-8");
	if (!s->expat) {
		free(s);
		return NULL;
	}
	XML_SetUserData(s->expat, s);
	XML_SetElementHandler(s->expat, on_start, on_end);
	XML_SetCharacterDataHandler(s->expat, on_text);
	XML_SetStartDoctypeDeclHandler(s->expat, on_doctype);
	return s;
}

void xml_strict_free(struct xml_strict *s)
{
	if (!s)
		return;
	XML_ParserFree(s->expat);
	free(s);
}

static bool feed(struct xml_strict *s, str text, bool last)
{
	enum XML_Status status;

	if (s->p->why || s->stopped)
		return false;
	status = XML_Parse(s->expat, text.p, (int)text.n, last);
	if (s->stopped)
		return false;
	if (status == XML_STATUS_OK)
		return true;
	switch (XML_GetErrorCode(s->expat)) {
	case XML_ERROR_NO_MEMORY:
		return xml_fail(s->p, false, "not enough memory to read it");
	case XML_ERROR_NO_ELEMENTS:
		return xml_fail(s->p, false,
				s->p->depth ? "it ends in the middle"
					    : "it is empty");
	default:
		return xml_fail(s->p, true, "its XML is broken");
	}
}

bool xml_strict_resume(struct xml_strict *s, str open)
{
	bool ok;

	s->quiet = true;
	ok = !open.n || feed(s, open, false);
	s->quiet = false;
	s->fed += open.n;
	return ok;
}

bool xml_strict_stopped(const struct xml_strict *s)
{
	return s->stopped;
}

bool xml_strict_put(struct xml_strict *s, str text)
{
	enum { PIECE = 16384 };

	while (text.n) {
		str piece = str_head(text, PIECE);
		XML_Index at;

		if (!feed(s, piece, false))
			return false;
		s->fed += piece.n;
		/* What expat holds back is one unfinished tag, which it looks
		 * at again with each piece. */
		at = XML_GetCurrentByteIndex(s->expat);
		if (at >= 0 && s->fed - (uint64_t)at > LIMIT_XML_TAG + PIECE)
			return xml_fail(s->p, false,
					"one of its tags is too long");
		text = str_skip(text, PIECE);
	}
	return true;
}

bool xml_strict_end(struct xml_strict *s)
{
	return feed(s, STR(""), true);
}
