#include "dns/asks.h"

#include "dns/name.h"
#include "dns/resolver.h"

struct question {
	str name;
	enum dns_type type;
	const struct dns_answer *answer;
};

struct asks {
	struct arena *arena;
	struct resolver *resolver;
	void (*on_answer)(void *);
	void *arg;
	unsigned n, room, max, outstanding;
	bool sending; /* inside resolver->send */
	struct question *q;
};

enum { USUAL = 12 }; /* questions of most messages */

static const struct dns_answer too_many = { .status = DNS_TEMPFAIL };
static const struct dns_answer no_such_name = { .status = DNS_NXDOMAIN };

struct dns_answer *dns_answer_copy(struct arena *arena,
				   const struct dns_answer *a)
{
	struct dns_answer *copy = arena_new_of(arena, struct dns_answer);
	struct dns_rr *rr = arena_array_of(arena, struct dns_rr, a->n);

	*copy = *a;
	copy->rr = rr;
	for (size_t i = 0; i < a->n; i++) {
		rr[i] = a->rr[i];
		rr[i].data = arena_str(arena, a->rr[i].data);
	}
	return copy;
}

struct asks *asks_new(struct arena *arena, struct resolver *r, unsigned max)
{
	struct asks *as = arena_new_of(arena, struct asks);

	as->arena = arena;
	as->resolver = r;
	as->max = max;
	as->room = max < USUAL ? max : USUAL;
	as->q = arena_array_of(arena, struct question, as->room);
	return as;
}

static void make_room(struct asks *as)
{
	unsigned room = as->room > as->max / 2 ? as->max : 2 * as->room;

	as->q = arena_grow(as->arena, as->q, as->room * sizeof *as->q,
			   room * sizeof *as->q);
	as->room = room;
}

const struct dns_answer *ask(struct asks *as, enum dns_type type, str name)
{
	for (unsigned i = 0; i < as->n; i++)
		if (as->q[i].type == type && str_ieq(as->q[i].name, name))
			return as->q[i].answer;
	if (!dns_name_valid(name))
		return &no_such_name;
	if (as->n == as->max)
		return &too_many;

	if (as->n == as->room)
		make_room(as);

	unsigned id = as->n++;

	as->q[id] = (struct question){ arena_str(as->arena, name), type, NULL };
	as->outstanding++;
	as->sending = true;
	as->resolver->send(as->resolver, as, id, type, as->q[id].name);
	as->sending = false;
	return as->q[id].answer; /* zone files and caches answer at once */
}

void asks_answer(struct asks *as, unsigned id, const struct dns_answer *a)
{
	if (id >= as->n || as->q[id].answer)
		return;
	as->q[id].answer = a;
	as->outstanding--;
	if (!as->sending && as->on_answer)
		as->on_answer(as->arg);
}

void asks_answer_copy(struct asks *as, unsigned id, const struct dns_answer *a)
{
	static const struct dns_answer no_memory = { .status = DNS_TEMPFAIL };
	const struct dns_answer *volatile copy = &no_memory;
	struct arena_outer outer;

	arena_suspend(as->arena, &outer);
	if (arena_enter(as->arena)) {
		copy = dns_answer_copy(as->arena, a);
		arena_leave(as->arena);
	}
	arena_resume(as->arena, &outer);
	asks_answer(as, id, copy);
}

struct arena *asks_arena(const struct asks *as)
{
	return as->arena;
}

unsigned asks_outstanding(const struct asks *as)
{
	return as->outstanding;
}

unsigned asks_count(const struct asks *as)
{
	return as->n;
}

void asks_each(const struct asks *as,
	       void (*fn)(void *arg, enum dns_type type, str name,
			  const struct dns_answer *answer),
	       void *arg)
{
	for (unsigned i = 0; i < as->n; i++)
		if (as->q[i].answer)
			fn(arg, as->q[i].type, as->q[i].name, as->q[i].answer);
}

void asks_on_answer(struct asks *as, void (*fn)(void *), void *arg)
{
	as->on_answer = fn;
	as->arg = arg;
}

void asks_cancel(struct asks *as)
{
	if (as->outstanding)
		as->resolver->cancel(as->resolver, as);
	as->on_answer = NULL;
}

void asks_give_up(struct asks *as)
{
	static const struct dns_answer too_late = { .status = DNS_TEMPFAIL };

	asks_cancel(as);
	for (unsigned i = 0; i < as->n; i++)
		if (!as->q[i].answer)
			as->q[i].answer = &too_late;
	as->outstanding = 0;
	as->max = as->n;
}
