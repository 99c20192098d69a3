#include "store/intake.h"

#include "store/piece.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

/* Pieces in the queue: while a batch is committed and sums are merged, reading goes
 * on.  Memory that no piece has needed yet is not taken. */
enum { PIECES = 64 };

/* A batch: rows after which it is committed. */
enum { BATCH_ROWS = 50000, REPORT_COSTS = 20 };

struct intake {
	struct store *store;
	struct piece pieces[PIECES];
	pthread_t thread;

	/* of the one who reads */
	struct piece *now; /* that is being filled */
	enum store_kind kind;

	/* of both */
	pthread_mutex_t lock;
	pthread_cond_t came, went; /* something in, out of the queue */
	struct piece *queue, **queue_end, *free;
	unsigned under_way; /* in the queue, or being put */
	bool stopping, failed;
	struct err err;
	struct store_counts counts;

	/* of the thread */
	bool in_batch;
	uint64_t batch;
};

/* ---- the thread ---- */

static bool commit(struct intake *f, struct err *e)
{
	struct store_counts added = { 0 };

	if (!f->in_batch)
		return true;
	f->in_batch = false;
	f->batch = 0;
	if (!store_commit(f->store, &added, e)) {
		store_rollback(f->store);
		return false;
	}
	pthread_mutex_lock(&f->lock);
	f->counts.reports += added.reports;
	f->counts.records += added.records;
	f->counts.duplicates += added.duplicates;
	f->counts.reused += added.reused;
	pthread_mutex_unlock(&f->lock);
	return true;
}

static bool put_rows(struct intake *f, const struct piece *p, struct err *e)
{
	const struct store_tls *tls = p->rows;
	const struct store_failure *failures = p->rows;

	if (p->kind == STORE_AGGREGATE)
		return store_put_records(f->store, p->rows, p->n, e);
	for (size_t i = 0; i < p->n; i++)
		if (p->kind == STORE_TLS
			    ? !store_put_tls(f->store, &tls[i], e)
			    : !store_put_failure(f->store, &failures[i], e))
			return false;
	return true;
}

static bool put(struct intake *f, const struct piece *p, struct err *e)
{
	bool known = false;

	if (p->commit)
		return commit(f, e);
	if (!f->in_batch && !store_begin(f->store, e))
		return false;
	f->in_batch = true;
	if (p->first && p->last &&
	    !store_skip_known(f->store, &p->head, p->tail.ident, p->n, &known,
			      e))
		return false;
	if (known)
		return true;
	if (p->first && !store_report_begin(f->store, &p->head, e))
		return false;
	f->batch += p->n + (p->first ? REPORT_COSTS : 0);
	if (p->cancel)
		return store_report_cancel(f->store, e);
	if (!put_rows(f, p, e))
		return false;
	if (!p->last)
		return true;
	return store_report_end(f->store, &p->tail, e) &&
	       (f->batch < BATCH_ROWS || commit(f, e));
}

static void roll_back(struct intake *f)
{
	if (f->in_batch)
		store_rollback(f->store);
	f->in_batch = false;
}

/* The oldest piece; NULL: it is over. */
static struct piece *next(struct intake *f, bool *failed)
{
	struct piece *p;

	pthread_mutex_lock(&f->lock);
	while (!f->queue && !f->stopping)
		pthread_cond_wait(&f->came, &f->lock);
	p = f->queue;
	if (p) {
		f->queue = p->next;
		if (!f->queue)
			f->queue_end = &f->queue;
	}
	*failed = f->failed || f->stopping;
	pthread_mutex_unlock(&f->lock);
	return p;
}

static void done(struct intake *f, struct piece *p, const struct err *e)
{
	pthread_mutex_lock(&f->lock);
	if (e && !f->failed) {
		f->failed = true;
		f->err = *e;
	}
	p->next = f->free;
	f->free = p;
	f->under_way--;
	pthread_cond_signal(&f->went);
	pthread_mutex_unlock(&f->lock);
}

/* After a failure, and at the end, pieces that wait are passed over. */
static void *run(void *arg)
{
	struct intake *f = arg;
	struct piece *p;
	struct err e;
	bool failed;

	while ((p = next(f, &failed))) {
		bool ok = failed || put(f, p, &e);

		if (!ok)
			roll_back(f);
		done(f, p, ok ? NULL : &e);
	}
	roll_back(f);
	return NULL;
}

/* ---- the one who reads ---- */

static bool fail(struct intake *f, struct err *e)
{
	*e = f->err; /* the first one stays */
	return false;
}

static bool no_memory(struct intake *f, struct err *e)
{
	pthread_mutex_lock(&f->lock);
	if (!f->failed)
		(void)err_set(&f->err, ERR_INTERNAL, "out of memory");
	f->failed = true;
	pthread_mutex_unlock(&f->lock);
	return fail(f, e);
}

/* An empty piece to fill.  False: the store does not work. */
static bool take(struct intake *f, struct err *e)
{
	struct piece *p;
	bool failed;

	pthread_mutex_lock(&f->lock);
	while (!f->free && !f->failed)
		pthread_cond_wait(&f->went, &f->lock);
	failed = f->failed;
	p = f->free;
	if (p && !failed)
		f->free = p->next;
	pthread_mutex_unlock(&f->lock);
	if (failed)
		return fail(f, e);
	piece_empty(p, f->kind);
	f->now = p;
	return true;
}

static void hand_over(struct intake *f)
{
	struct piece *p = f->now;

	f->now = NULL;
	p->next = NULL;
	pthread_mutex_lock(&f->lock);
	*f->queue_end = p;
	f->queue_end = &p->next;
	f->under_way++;
	pthread_cond_signal(&f->came);
	pthread_mutex_unlock(&f->lock);
}

/* Room for so many octets in the piece that is being filled, or in the next
 * one. */
static bool reserve(struct intake *f, size_t n, struct err *e)
{
	if (f->now && !piece_is_empty(f->now) && !piece_has_room(f->now, n))
		hand_over(f);
	if (!f->now && !take(f, e))
		return false;
	return piece_has_room(f->now, n) || piece_grow(f->now, n) ||
	       no_memory(f, e);
}

bool intake_report_begin(struct intake *f, const struct store_head *h,
			 struct err *e)
{
	f->kind = h->kind;
	if (!reserve(f, piece_size(h, &piece_head), e))
		return false;
	f->now->first = true;
	f->now->kind = h->kind;
	piece_copy(f->now, &f->now->head, h, &piece_head);
	return true;
}

static bool put_row(struct intake *f, const void *row, struct err *e)
{
	if (!reserve(f, piece_size(row, piece_row(f->kind)), e))
		return false;
	piece_add(f->now, row);
	return true;
}

bool intake_put_record(struct intake *f, const struct store_record *r,
		       struct err *e)
{
	return put_row(f, r, e);
}

bool intake_put_tls(struct intake *f, const struct store_tls *r, struct err *e)
{
	return put_row(f, r, e);
}

bool intake_put_failure(struct intake *f, const struct store_failure *r,
			struct err *e)
{
	return put_row(f, r, e);
}

bool intake_report_end(struct intake *f, const struct store_tail *t,
		       struct err *e)
{
	if (!reserve(f, piece_size(t, &piece_tail), e))
		return false;
	f->now->last = true;
	piece_copy(f->now, &f->now->tail, t, &piece_tail);
	hand_over(f);
	return true;
}

bool intake_report_cancel(struct intake *f, struct err *e)
{
	struct piece *p = f->now;

	if (p && p->first) { /* nobody knows of it */
		piece_empty(p, p->kind);
		return true;
	}
	if (!p && !take(f, e))
		return false;
	f->now->n = 0;
	f->now->cancel = true;
	hand_over(f);
	return true;
}

bool intake_commit(struct intake *f, struct store_counts *added, struct err *e)
{
	bool ok = f->now || take(f, e);

	if (ok) {
		assert(piece_is_empty(f->now));
		f->now->commit = true;
		hand_over(f);
	}
	pthread_mutex_lock(&f->lock);
	while (f->under_way)
		pthread_cond_wait(&f->went, &f->lock);
	added->reports += f->counts.reports;
	added->records += f->counts.records;
	added->duplicates += f->counts.duplicates;
	added->reused += f->counts.reused;
	f->counts = (struct store_counts){ 0 };
	ok = !f->failed;
	pthread_mutex_unlock(&f->lock);
	return ok || fail(f, e);
}

/* ---- both ends ---- */

static void free_all(struct intake *f)
{
	for (size_t i = 0; i < PIECES; i++)
		piece_done(&f->pieces[i]);
	(void)pthread_mutex_destroy(&f->lock);
	(void)pthread_cond_destroy(&f->came);
	(void)pthread_cond_destroy(&f->went);
	free(f);
}

static bool make_pieces(struct intake *f)
{
	bool ok = true;

	for (size_t i = 0; i < PIECES; i++) {
		struct piece *p = &f->pieces[i];

		ok = piece_init(p) && ok;
		p->next = f->free;
		f->free = p;
	}
	return ok;
}

struct intake *intake_new(struct store *s, struct err *e)
{
	struct intake *f = calloc(1, sizeof *f);

	if (!f) {
		(void)err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	f->store = s;
	f->queue_end = &f->queue;
	(void)pthread_mutex_init(&f->lock, NULL);
	(void)pthread_cond_init(&f->came, NULL);
	(void)pthread_cond_init(&f->went, NULL);
	if (make_pieces(f) && pthread_create(&f->thread, NULL, run, f) == 0)
		return f;
	(void)err_set(e, ERR_INTERNAL, "out of memory");
	free_all(f);
	return NULL;
}

void intake_free(struct intake *f)
{
	if (!f)
		return;
	pthread_mutex_lock(&f->lock);
	f->stopping = true;
	pthread_cond_signal(&f->came);
	pthread_mutex_unlock(&f->lock);
	(void)pthread_join(f->thread, NULL);
	free_all(f);
}
