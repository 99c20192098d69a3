/* arena: memory with one lifetime, freed all at once.  One per message, one
 * per configuration, one per report.
 *
 * arena_alloc never returns NULL.  When the machine is out of memory, or the
 * arena's own limit is reached, it jumps back to the boundary that the arena's
 * owner opened, which gives up that one message (tempfail) or load (error):
 *
 *	if (!arena_enter(a))
 *		return give_up();	// a is poisoned: reset or free it
 *	... work that allocates from a ...
 *	arena_leave(a);
 *
 * The code between holds nothing but arena memory and what it registered with
 * arena_defer, so nothing leaks; and it keeps no changed local variable alive
 * across the jump.  Boundaries do not nest.  Without one, running out of memory
 * ends the process: only start-up code may do that. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"

#include <setjmp.h>

struct arena;

/* first_block: bytes taken at birth; NULL when there is no memory. */
struct arena *arena_new(size_t first_block);
/* Runs the deferred functions, newest first; keeps the first block. */
void arena_reset(struct arena *a);
void arena_free(struct arena *a); /* the same, and frees all; NULL is fine */
/* At most this many bytes in all; 0 (the start) is no limit. */
void arena_limit(struct arena *a, size_t bytes);

void *arena_alloc(struct arena *a, size_t size); /* zeroed, max-aligned */
/* An allocation made larger; the bytes after `old` are not zeroed. */
void *arena_grow(struct arena *a, void *p, size_t old, size_t size);
str arena_str(struct arena *a, str s); /* a copy */
char *arena_cstr(struct arena *a, str s); /* a copy with a NUL behind it */
size_t arena_used(const struct arena *a); /* bytes handed out */

/* fn(what) runs when the arena is reset or freed. */
void arena_defer(struct arena *a, void (*fn)(void *), void *what);

/* The same in two steps, for what is made after its place is reserved (so that
 * running out of memory in between cannot leak it). */
struct arena_slot;
struct arena_slot *arena_defer_slot(struct arena *a, void (*fn)(void *));
void arena_defer_set(struct arena_slot *slot, void *what);

/* For a library that could not allocate: as if arena_alloc had failed. */
_Noreturn void arena_out_of_memory(struct arena *a);

/* True on entry; comes back a second time, false, when memory ran out. */
#define arena_enter(a) (setjmp(*arena_boundary(a)) == 0)
jmp_buf *arena_boundary(struct arena *a);
void arena_leave(struct arena *a);

/* For a callback that must not jump over its caller's frames (a library's):
 * puts the open boundary aside, so that an own one can be entered and left. */
struct arena_outer {
	jmp_buf boundary;
	bool bounded;
};
void arena_suspend(struct arena *a, struct arena_outer *outer);
void arena_resume(struct arena *a, const struct arena_outer *outer);

#define arena_new_of(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define arena_array_of(a, type, count) \
	((type *)arena_alloc_array((a), (count), sizeof(type)))
void *arena_alloc_array(struct arena *a, size_t count, size_t size);

#endif
