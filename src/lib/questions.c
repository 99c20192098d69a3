/* questions: DNS of the caller's. */
#include "dns/wire.h"
#include "lib/message.h"

void lib_caller_send(struct resolver *r, struct asks *as, unsigned id,
		     enum dns_type type, str name)
{
	struct inkan_message *m = (struct inkan_message *)r;

	m->asks = as;
	if (m->n_questions == LIMIT_QUESTIONS) {
		static const struct dns_answer no = { .status = DNS_TEMPFAIL };

		asks_answer(as, id, &no);
		return;
	}
	/* within verify's own boundary: out of memory ends there */
	m->questions[m->n_questions++] = (struct lib_question){
		.id = id,
		.type = type,
		.name = arena_cstr(asks_arena(as), name),
		.open = true,
	};
}

void lib_caller_cancel(struct resolver *r, struct asks *as)
{
	struct inkan_message *m = (struct inkan_message *)r;

	(void)as;
	for (unsigned i = 0; i < m->n_questions; i++)
		m->questions[i].open = false;
}

bool inkan_question(struct inkan_message *m, struct inkan_dns_question *q)
{
	while (m->handed_out < m->n_questions) {
		const struct lib_question *next =
			&m->questions[m->handed_out++];

		if (!next->open)
			continue;
		*q = (struct inkan_dns_question){ next->id,
						  (unsigned)next->type,
						  next->name };
		return true;
	}
	return false;
}

static struct lib_question *open_question(struct inkan_message *m, unsigned id)
{
	for (unsigned i = 0; i < m->n_questions; i++)
		if (m->questions[i].open && m->questions[i].id == id)
			return &m->questions[i];
	return NULL;
}

static bool record_ok(enum dns_type type, const struct inkan_dns_record *r)
{
	if (r->n > LIMIT_ANSWER_BYTES || (r->n && !r->data))
		return false;
	if (type == DNS_A)
		return r->n == 4;
	return type != DNS_AAAA || r->n == 16;
}

bool inkan_answer(struct inkan_message *m, unsigned id,
		  const struct inkan_dns_answer *answer)
{
	struct inkan_dns_answer a = INKAN_ANSWER_INIT;
	struct lib_question *q = open_question(m, id);
	struct dns_rr rr[LIMIT_RECORDS];
	struct dns_answer d;

	if (!q || !lib_options(&a, sizeof a, answer) ||
	    a.status > INKAN_DNS_TEMPFAIL)
		return false;
	if (a.n_records > LIMIT_RECORDS)
		a.n_records = LIMIT_RECORDS;
	if (a.status == INKAN_DNS_OK && !a.n_records)
		return false;
	for (size_t i = 0; i < a.n_records; i++) {
		if (!record_ok(q->type, &a.records[i]))
			return false;
		rr[i] = (struct dns_rr){
			.data = { a.records[i].data, a.records[i].n },
			.preference = (uint16_t)a.records[i].preference,
		};
	}
	d = (struct dns_answer){
		.status = a.bogus ? DNS_TEMPFAIL : (enum dns_status)a.status,
		.secure = a.secure && !a.bogus,
		.bogus = a.bogus,
		.n = a.status == INKAN_DNS_OK && !a.bogus ? a.n_records : 0,
		.rr = rr,
	};
	q->open = false;
	asks_answer_copy(m->asks, id, &d);
	return true;
}

bool inkan_answer_packet(struct inkan_message *m, unsigned id,
			 const void *packet, size_t n)
{
	static const struct dns_answer failed = { .status = DNS_TEMPFAIL };
	struct lib_question *q = open_question(m, id);
	struct arena *arena;

	if (!q)
		return false;
	q->open = false;
	arena = arena_new(n + 1024);
	if (!arena || !arena_enter(arena)) {
		arena_free(arena);
		asks_answer(m->asks, id, &failed);
		return true;
	}
	asks_answer_copy(m->asks, id,
			 dns_wire_answer(arena, (str){ packet, n }, q->type,
					 str_of(q->name)));
	arena_leave(arena);
	arena_free(arena);
	return true;
}
