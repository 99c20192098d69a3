#include "dns/askers.h"

#include <stdlib.h>

static const struct dns_answer tempfail = { .status = DNS_TEMPFAIL };

void askers_add(struct askers *l, struct asker *a)
{
	a->prev = l->last;
	a->next = NULL;
	*(l->last ? &l->last->next : &l->first) = a;
	l->last = a;
}

void askers_remove(struct askers *l, struct asker *a)
{
	if (a->prev)
		a->prev->next = a->next;
	else
		l->first = a->next;
	if (a->next)
		a->next->prev = a->prev;
	else
		l->last = a->prev;
}

void askers_drop(struct askers *l, const struct asks *as)
{
	for (struct asker *a = l->first, *next; a; a = next) {
		next = a->next;
		if (as && a->as != as)
			continue;
		askers_remove(l, a);
		free(a);
	}
}

static struct asker *pop(struct askers *l)
{
	struct asker *a = l->first;

	if (!a)
		return NULL;
	l->first = a->next;
	if (l->first)
		l->first->prev = NULL;
	else
		l->last = NULL;
	return a;
}

void askers_deliver(struct askers *l)
{
	struct asker *a;

	while ((a = pop(l))) {
		const struct asker answer = *a;

		free(a);
		asks_answer(answer.as, answer.id, answer.answer);
	}
}

const struct dns_answer *asker_copy(const struct asks *as,
				    const struct dns_answer *a)
{
	struct arena *arena = asks_arena(as);
	const struct dns_answer *volatile copy = &tempfail;
	struct arena_outer outer;

	if (a->status == DNS_TEMPFAIL)
		return &tempfail;
	arena_suspend(arena, &outer);
	if (arena_enter(arena)) {
		copy = dns_answer_copy(arena, a);
		arena_leave(arena);
	}
	arena_resume(arena, &outer);
	return copy;
}
