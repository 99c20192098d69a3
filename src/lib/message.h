/* message: one message that is verified.  Inside only. */
#ifndef LIB_MESSAGE_H
#define LIB_MESSAGE_H

#include "lib/inside.h"

struct lib_question {
	unsigned id;
	enum dns_type type;
	const char *name;
	bool open; /* no answer yet */
};

struct inkan_message {
	struct resolver caller; /* first: the resolver of its asks */
	struct inkan *ctx;
	struct arena *arena; /* the stream, the rows */
	struct verify *verify;
	struct feed *feed; /* NULL: the message comes in parts */
	bool in_body, ended, out_of_memory;
	bool settled; /* the rows are there */
	struct inkan_dkim *rows;
	size_t n_rows;
	const struct inkan_spf *spf; /* these: NULL without a verdict */
	const struct inkan_dmarc *dmarc;
	const struct inkan_arc *arc;

	/* DNS of the caller's */
	struct asks *asks;
	struct lib_question questions[LIMIT_QUESTIONS];
	unsigned n_questions, handed_out;
};

/* results.c: the verdict as programs see it, in m->arena. */
enum inkan_result lib_result_of(enum dkim_result r);
void lib_fill_results(struct inkan_message *m, const struct verdict *v);

/* Sends nothing: inkan_question() hands it out. */
void lib_caller_send(struct resolver *r, struct asks *as, unsigned id,
		     enum dns_type type, str name);
void lib_caller_cancel(struct resolver *r, struct asks *as);

#endif
