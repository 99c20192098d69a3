#include "store/piece.h"

#include "base/fields.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

struct layout {
	size_t size;
	const size_t *offsets;
	size_t n;
};

#define OFFSETS_OF(s)                                                    \
	{                                                                \
		sizeof(struct s), s##_at, sizeof s##_at / sizeof *s##_at \
	}

static const size_t store_head_at[] = {
	offsetof(struct store_head, domain),
	offsetof(struct store_head, org),
	offsetof(struct store_head, email),
	offsetof(struct store_head, contact),
	offsetof(struct store_head, report_id),
	offsetof(struct store_head, p),
	offsetof(struct store_head, policy),
};

static const size_t store_tail_at[] = {
	offsetof(struct store_tail, ident),
	offsetof(struct store_tail, warnings),
	offsetof(struct store_tail, file),
	offsetof(struct store_tail, original),
};

static const size_t store_record_at[] = {
	offsetof(struct store_record, source_ip),
	offsetof(struct store_record, disposition),
	offsetof(struct store_record, header_from),
	offsetof(struct store_record, envelope_from),
	offsetof(struct store_record, envelope_to),
	offsetof(struct store_record, reasons),
	offsetof(struct store_record, auth),
	offsetof(struct store_record, raw),
	offsetof(struct store_record, selector),
	offsetof(struct store_record, via),
};

static const size_t store_tls_at[] = {
	offsetof(struct store_tls, policy_type),
	offsetof(struct store_tls, mx),
	offsetof(struct store_tls, result),
	offsetof(struct store_tls, sending_ip),
	offsetof(struct store_tls, receiving_host),
	offsetof(struct store_tls, receiving_ip),
	offsetof(struct store_tls, reason),
};

static const size_t store_failure_at[] = {
	offsetof(struct store_failure, source_ip),
	offsetof(struct store_failure, auth_failure),
	offsetof(struct store_failure, identity_alignment),
	offsetof(struct store_failure, delivery_result),
	offsetof(struct store_failure, mail_from),
	offsetof(struct store_failure, rcpt_to),
	offsetof(struct store_failure, header_from),
	offsetof(struct store_failure, subject),
	offsetof(struct store_failure, message_id),
	offsetof(struct store_failure, authres),
};

const struct layout piece_head = OFFSETS_OF(store_head),
		    piece_tail = OFFSETS_OF(store_tail);

static const struct layout rows[] = {
	[STORE_AGGREGATE] = OFFSETS_OF(store_record),
	[STORE_TLS] = OFFSETS_OF(store_tls),
	[STORE_FAILURE] = OFFSETS_OF(store_failure),
};

enum { ROW_MAX = sizeof(struct store_record) };

_Static_assert(sizeof(struct store_tls) <= ROW_MAX &&
		       sizeof(struct store_failure) <= ROW_MAX,
	       "rows of every kind fit");

const struct layout *piece_row(enum store_kind kind)
{
	return &rows[kind];
}

bool piece_init(struct piece *p)
{
	*p = (struct piece){ .rows = malloc((size_t)PIECE_ROWS * ROW_MAX),
			     .octets = malloc(PIECE_OCTETS),
			     .size = PIECE_OCTETS };
	return p->rows && p->octets;
}

void piece_done(struct piece *p)
{
	free(p->rows);
	free(p->octets);
}

void piece_empty(struct piece *p, enum store_kind kind)
{
	p->first = p->last = p->cancel = p->commit = false;
	p->kind = kind;
	p->n = p->used = 0;
}

bool piece_is_empty(const struct piece *p)
{
	return !p->first && !p->n && !p->used;
}

size_t piece_size(const void *of, const struct layout *l)
{
	return fields_size(of, l->offsets, l->n);
}

bool piece_has_room(const struct piece *p, size_t size)
{
	return p->n < PIECE_ROWS && size <= p->size - p->used;
}

bool piece_grow(struct piece *p, size_t size)
{
	char *more;

	assert(piece_is_empty(p)); /* nothing points there */
	if (size <= p->size)
		return true;
	more = realloc(p->octets, size);
	if (!more)
		return false;
	p->octets = more;
	p->size = size;
	return true;
}

void piece_copy(struct piece *p, void *to, const void *from,
		const struct layout *l)
{
	char *end;

	memcpy(to, from, l->size);
	end = fields_move(to, l->offsets, l->n, p->octets + p->used);
	p->used = (size_t)(end - p->octets);
}

void piece_add(struct piece *p, const void *row)
{
	const struct layout *l = piece_row(p->kind);

	piece_copy(p, (char *)p->rows + p->n * l->size, row, l);
	p->n++;
}
