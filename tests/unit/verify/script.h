/* A resolver for tests: a table of TXT answers, given at once or held back
 * until the test lets them go, in any order. */
#ifndef TESTS_UNIT_VERIFY_SCRIPT_H
#define TESTS_UNIT_VERIFY_SCRIPT_H

#include "dns/resolver.h"
#include "test.h"

struct script_row {
	const char *name;
	enum dns_status status;
	const char *text; /* TXT of one record; NULL for none */
};

enum { SCRIPT_HELD = 64 };

struct script {
	struct resolver r;
	const struct script_row *rows;
	size_t n;
	bool hold;
	struct {
		struct asks *asks;
		unsigned id;
		char name[256];
	} held[SCRIPT_HELD];
	size_t n_held;
	unsigned sent, cancelled;
};

static inline void script_answer(struct script *s, struct asks *as, unsigned id,
				 str name)
{
	struct arena *a = asks_arena(as);
	struct dns_answer *answer = arena_new_of(a, struct dns_answer);

	answer->status = DNS_NXDOMAIN;
	for (size_t i = 0; i < s->n; i++) {
		if (!str_ieq(str_of(s->rows[i].name), name))
			continue;
		struct dns_rr *rr = arena_new_of(a, struct dns_rr);

		rr->data = str_of(s->rows[i].text);
		answer->status = s->rows[i].status;
		answer->n = s->rows[i].text ? 1 : 0;
		answer->rr = rr;
	}
	asks_answer(as, id, answer);
}

static inline void script_send(struct resolver *r, struct asks *as, unsigned id,
			       enum dns_type type, str name)
{
	struct script *s = (struct script *)r;

	assert_int_equal(type, DNS_TXT);
	s->sent++;
	if (!s->hold) {
		script_answer(s, as, id, name);
		return;
	}
	assert_true(s->n_held < SCRIPT_HELD);
	s->held[s->n_held].asks = as;
	s->held[s->n_held].id = id;
	(void)snprintf(s->held[s->n_held++].name, 256, "%.*s", STR_ARG(name));
}

static inline void script_cancel(struct resolver *r, struct asks *as)
{
	(void)as;
	((struct script *)r)->cancelled++;
	((struct script *)r)->n_held = 0;
}

/* Lets go the i-th of the answers held back. */
static inline void script_release(struct script *s, size_t i)
{
	script_answer(s, s->held[i].asks, s->held[i].id,
		      str_of(s->held[i].name));
	s->held[i] = s->held[--s->n_held];
}

static inline struct script script_of(const struct script_row *rows, size_t n)
{
	return (struct script){
		.r = { .send = script_send, .cancel = script_cancel },
		.rows = rows,
		.n = n,
	};
}

#endif
