/* unpack: the documents in a file: as they are, in gzip (RFC 1952), in zip, one
 * within the other.  What a file is, its first octets tell, never its name; no
 * name in an archive becomes a path.  Nothing is kept: documents pass by in
 * pieces.  Every limit on size holds for all documents of a file together. */
#ifndef REPORT_UNPACK_H
#define REPORT_UNPACK_H

#include "base/str.h"

#include <stdint.h>

enum unpack_kind {
	UNPACK_OTHER,
	UNPACK_EMPTY, /* nothing but white space */
	UNPACK_XML, /* white space or a BOM may stand before its "<" */
	UNPACK_JSON,
	UNPACK_GZIP,
	UNPACK_ZIP
};

/* By the first octets; a few hundred will do. */
enum unpack_kind unpack_kind_of(str octets);

struct unpack_sink {
	void *arg;
	/* A document begins: its number from 0, what it is, its name in the
	 * archive or an empty one.  False: not wanted, it is passed over. */
	bool (*begin)(void *arg, unsigned number, enum unpack_kind kind,
		      str name);
	/* False: enough of this document; the others follow all the same. */
	bool (*octets)(void *arg, str octets);
	/* why: NULL, or what is wrong with the archive here.  mended: it has a
	 * wrong check sum or length, but all of the document came. */
	void (*end)(void *arg, const char *why, bool mended);
};

/* What all readings of one file may use up together. */
struct unpack_budget {
	uint64_t octets; /* unpacked so far */
	bool spent; /* a limit was passed: nothing more is unpacked */
};

/* Reads the whole file in memory (mapped, or a part of a mail).  NULL, or what
 * is wrong with it as a whole (then no document began). */
const char *unpack(str file, const struct unpack_sink *sink,
		   struct unpack_budget *budget);

/* A zip with one member and no more. */
bool unzip_has_one(str file);

#endif
