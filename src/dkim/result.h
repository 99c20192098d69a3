/* result: RFC 8601 2.7.1, what became of one signature. */
#ifndef DKIM_RESULT_H
#define DKIM_RESULT_H

enum dkim_result {
	DKIM_PENDING, /* not settled yet */
	DKIM_NONE,
	DKIM_PASS,
	DKIM_FAIL,
	DKIM_POLICY,
	DKIM_NEUTRAL,
	DKIM_TEMPERROR,
	DKIM_PERMERROR
};

const char *dkim_result_word(enum dkim_result result);

#endif
