#include "dkim/headerhash.h"

struct name_state {
	str name;
	size_t next; /* fields below this index are not used yet */
};

static struct name_state *state_of(struct name_state *states, size_t *n,
				   str name, size_t fields)
{
	for (size_t i = 0; i < *n; i++)
		if (str_ieq(states[i].name, name))
			return &states[i];
	states[*n] = (struct name_state){ name, fields };
	return &states[(*n)++];
}

static const struct field *next_instance(struct name_state *s,
					 const struct header *header,
					 const struct field *own)
{
	while (s->next) {
		const struct field *f = &header->fields[--s->next];

		if (f != own && str_ieq(f->name, s->name))
			return f;
	}
	return NULL;
}

static void add(struct hash *h, struct buf *b)
{
	str s = buf_str(b);

	hash_add(h, s.p, s.n);
	b->n = 0;
}

/* RFC 6376 3.7: the field with b= emptied, without CRLF at the end */
static void add_own(struct hash *h, struct buf *b, enum canon canon, str raw,
		    str room)
{
	struct buf emptied = buf_of(b->arena, raw.n + 1);
	size_t before = room.p ? (size_t)(room.p - raw.p) : raw.n;

	buf_put(&emptied, str_head(raw, before));
	if (room.p)
		buf_put(&emptied, str_skip(raw, before + room.n));
	canon_header(b, canon, buf_str(&emptied));
	add(h, b);
}

str headerhash_digest(struct arena *arena, const struct headerhash *hh,
		      const struct header *header, str own_raw, str own_room)
{
	struct hash *h = hash_new(arena, hh->algorithm);
	struct name_state *states = arena_array_of(arena, struct name_state,
						   hh->n_names);
	struct buf b = buf_of(arena, header->bytes + own_raw.n + 16);
	size_t n = 0;

	for (size_t i = 0; i < hh->n_names; i++) {
		struct name_state *s = state_of(states, &n, hh->names[i],
						header->n);
		const struct field *f = next_instance(s, header, hh->own);

		if (!f)
			continue;
		canon_header(&b, hh->canon, f->raw);
		buf_put(&b, STR("\r\n"));
		if (b.n > 4096)
			add(h, &b);
	}
	add(h, &b);
	add_own(h, &b, hh->canon, own_raw, own_room);
	return hash_end(h);
}
