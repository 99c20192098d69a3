#include "daemon/recorder.h"

#include "base/fields.h"
#include "daemon/log.h"
#include "daemon/storefile.h"
#include "report/redact.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum {
	BATCH = 1000, /* so many do not wait for more */
	BATCH_MAX = 5000,
	COLLECT_MS = 500,
	IDLE_MS = 600000, /* old days end although nothing comes */
	BACKOFF_MS = 1000, /* doubled up to */
	BACKOFF_MAX_MS = 30000,
	STOP_SECONDS = 5,
	BYTES_EACH = 2048 /* of the queue's bound; a usual row has 700 */
};

/* A row and its texts in one block. */
struct entry {
	struct entry *next;
	size_t size;
	struct store_verdict v;
	struct store_incident incident;
	bool has_incident;
};

struct recorder {
	/* of all threads */
	_Atomic(struct entry *) head; /* the newest; the thread takes all */
	atomic_size_t n, bytes; /* until they are in the store */
	atomic_size_t max;
	atomic_uint_fast64_t recorded, lost;
	atomic_bool on, stopping;
	atomic_bool losing; /* said in the log */
	int wake;
	unsigned char secret[REDACT_SECRET]; /* of hashes */
	pthread_mutex_t lock; /* of what follows */
	char *url; /* NULL: none */
	long days;
	unsigned version; /* of both */
	pthread_t thread;
	bool started, confined;
	char *first_url; /* whose folder the sandbox leaves open */

	/* of its thread */
	struct store_writer writer;
	uint64_t numbered;
	struct entry *waiting, **waiting_end; /* the oldest first */
	struct store *store;
	char *store_url;
	long keep_days;
	unsigned used; /* version */
	bool failing;
	int backoff;
	int64_t pruned; /* the day when it was done */
	struct store_verdict *batch; /* BATCH_MAX */
	struct store_incident *incidents; /* of the batch */
};

/* ---- workers ---- */

static const size_t texts[] = {
	offsetof(struct store_verdict, domain),
	offsetof(struct store_verdict, policy.p),
	offsetof(struct store_verdict, policy.sp),
	offsetof(struct store_verdict, policy.np),
	offsetof(struct store_verdict, policy.adkim),
	offsetof(struct store_verdict, policy.aspf),
	offsetof(struct store_verdict, policy.testing),
	offsetof(struct store_verdict, policy.fo),
	offsetof(struct store_verdict, policy.discovery),
	offsetof(struct store_verdict, policy.rua),
	offsetof(struct store_verdict, source_ip),
	offsetof(struct store_verdict, header_from),
	offsetof(struct store_verdict, envelope_from),
	offsetof(struct store_verdict, envelope_to),
	offsetof(struct store_verdict, result),
	offsetof(struct store_verdict, disposition),
	offsetof(struct store_verdict, reasons),
	offsetof(struct store_verdict, auth),
	offsetof(struct store_verdict, action),
};

enum { TEXTS = sizeof texts / sizeof *texts };

static const size_t incident_texts[] = {
	offsetof(struct store_incident, domain),
	offsetof(struct store_incident, source_ip),
	offsetof(struct store_incident, envelope_from),
	offsetof(struct store_incident, alignment),
	offsetof(struct store_incident, feedback),
	offsetof(struct store_incident, header),
};

enum { INCIDENT_TEXTS = sizeof incident_texts / sizeof *incident_texts };

static struct entry *entry_of(const struct store_verdict *v,
			      const struct store_incident *incident)
{
	size_t size = sizeof(struct entry) + fields_size(v, texts, TEXTS);
	struct entry *en;
	char *to;

	if (incident)
		size += fields_size(incident, incident_texts, INCIDENT_TEXTS);
	en = malloc(size);
	if (!en)
		return NULL;
	*en = (struct entry){ .size = size,
			      .v = *v,
			      .has_incident = incident != NULL };
	to = fields_move(&en->v, texts, TEXTS, (char *)(en + 1));
	if (!incident)
		return en;
	en->incident = *incident;
	(void)fields_move(&en->incident, incident_texts, INCIDENT_TEXTS, to);
	return en;
}

static void wake(struct recorder *r)
{
	static const uint64_t one = 1;

	if (write(r->wake, &one, sizeof one) < 0 && errno != EAGAIN)
		log_say(LOG_ERROR, "cannot wake the recorder: %s",
			strerror(errno)); /* NOLINT(concurrency-mt-unsafe) */
}

static void lose(struct recorder *r, uint64_t n)
{
	atomic_fetch_add(&r->lost, n);
	if (!atomic_exchange(&r->losing, true))
		log_say(LOG_ERROR,
			"verdicts are not recorded any more: the store does "
			"not take them and %zu wait already (StoreQueue); "
			"mail goes on",
			atomic_load(&r->n));
}

static void forget(struct recorder *r, const struct entry *en)
{
	atomic_fetch_sub(&r->n, 1);
	atomic_fetch_sub(&r->bytes, en->size);
}

const unsigned char *recorder_secret(const struct recorder *r)
{
	return r->secret;
}

void recorder_put(struct recorder *r, const struct store_verdict *v,
		  const struct store_incident *incident)
{
	struct entry *en;
	size_t max, n;

	if (!r || !atomic_load_explicit(&r->on, memory_order_relaxed))
		return;
	en = entry_of(v, incident);
	if (!en) {
		lose(r, 1);
		return;
	}
	max = atomic_load_explicit(&r->max, memory_order_relaxed);
	n = atomic_fetch_add(&r->n, 1);
	if (n >= max ||
	    atomic_fetch_add(&r->bytes, en->size) >= max * BYTES_EACH) {
		if (n >= max)
			atomic_fetch_add(&r->bytes, en->size);
		forget(r, en);
		free(en);
		lose(r, 1);
		return;
	}
	en->next = atomic_load_explicit(&r->head, memory_order_relaxed);
	while (!atomic_compare_exchange_weak(&r->head, &en->next, en))
		;
	if (!n || n == BATCH)
		wake(r);
}

/* ---- its thread ---- */

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool is_changed(struct recorder *r)
{
	bool changed;

	pthread_mutex_lock(&r->lock);
	changed = r->version != r->used;
	pthread_mutex_unlock(&r->lock);
	return changed;
}

/* Until `ms` have passed, settings change, the end comes, or with `rows` the
 * queue has so many. */
static void rest(struct recorder *r, int ms, size_t rows)
{
	int64_t end = now_ms() + ms, left = ms;
	struct pollfd fd = { .fd = r->wake, .events = POLLIN };
	uint64_t count;

	while (left > 0 && !atomic_load(&r->stopping) && !is_changed(r) &&
	       !(rows && atomic_load(&r->n) >= rows)) {
		if (poll(&fd, 1, (int)left) > 0 &&
		    read(r->wake, &count, sizeof count) < 0 && errno != EAGAIN)
			return;
		left = end - now_ms();
	}
}

/* The queue's rows behind those that wait, in their order. */
static void take(struct recorder *r)
{
	struct entry *en = atomic_exchange(&r->head, NULL), *list = NULL;

	while (en) {
		struct entry *next = en->next;

		en->next = list;
		list = en;
		en = next;
	}
	*r->waiting_end = list;
	for (; list; list = list->next) {
		list->v.n = ++r->numbered;
		r->waiting_end = &list->next;
	}
}

static void drop(struct recorder *r, size_t n)
{
	while (n-- && r->waiting) {
		struct entry *en = r->waiting;

		r->waiting = en->next;
		if (!r->waiting)
			r->waiting_end = &r->waiting;
		forget(r, en);
		free(en);
	}
}

static void close_store(struct recorder *r)
{
	store_close(r->store);
	r->store = NULL;
}

/* Said once; then nothing until it works again. */
static void fail(struct recorder *r, struct err *e)
{
	close_store(r);
	if (!r->failing) {
		(void)storefile_check(r->store_url, NULL, e);
		log_say(LOG_ERROR,
			"verdicts cannot be recorded: %s (tried again; up to "
			"%zu wait, StoreQueue; mail goes on)",
			e->text, atomic_load(&r->max));
	}
	r->failing = true;
	r->backoff = r->backoff ? r->backoff * 2 : BACKOFF_MS;
	if (r->backoff > BACKOFF_MAX_MS)
		r->backoff = BACKOFF_MAX_MS;
}

static bool open_store(struct recorder *r)
{
	struct err e;

	if (r->store)
		return true;
	r->store = store_open_recorder(r->store_url, &e);
	if (!r->store)
		fail(r, &e);
	return r->store != NULL;
}

static void recovered(struct recorder *r)
{
	r->backoff = 0;
	if (r->failing)
		log_say(LOG_NOTE, "verdicts are recorded again");
	r->failing = false;
	if (atomic_load(&r->n) < atomic_load(&r->max) / 2 + 1 &&
	    atomic_exchange(&r->losing, false))
		log_say(LOG_WARN,
			"%llu verdicts were not recorded since the start",
			(unsigned long long)atomic_load(&r->lost));
}

/* The oldest that wait.  False: they still do. */
static bool write_batch(struct recorder *r)
{
	struct entry *en = r->waiting;
	size_t n = 0, incidents = 0;
	uint64_t added;
	struct err e;

	if (!open_store(r))
		return false;
	for (; en && n < BATCH_MAX; en = en->next) {
		r->batch[n++] = en->v;
		if (!en->has_incident)
			continue;
		r->incidents[incidents] = en->incident;
		r->incidents[incidents++].n = en->v.n;
	}
	if (!store_put_verdicts(r->store, &r->writer, r->batch, n, &added,
				&e) ||
	    !store_put_incidents(r->store, &r->writer, r->incidents, incidents,
				 &e)) {
		fail(r, &e);
		return false;
	}
	drop(r, n);
	atomic_fetch_add(&r->recorded, n);
	return true;
}

static void write_all(struct recorder *r)
{
	take(r);
	while (r->waiting && write_batch(r))
		;
}

/* Once a day, by whoever comes first. */
static void prune(struct recorder *r)
{
	int64_t today = (int64_t)time(NULL) / 86400;
	uint64_t removed;
	struct err e;

	if (!r->store || r->pruned == today)
		return;
	r->pruned = today;
	if (!store_prune_incidents(r->store, today - INCIDENT_DAYS, &e))
		log_say(LOG_WARN,
			"old messages that failed cannot be removed: %s",
			e.text);
	if (r->keep_days <= 0)
		return;
	if (!store_prune_verdicts(r->store, today - r->keep_days, &removed, &e))
		log_say(LOG_WARN, "old verdicts cannot be removed: %s", e.text);
	else if (removed)
		log_say(LOG_NOTE,
			"%llu verdicts older than %ld days were removed",
			(unsigned long long)removed, r->keep_days);
}

static void work(struct recorder *r)
{
	if (!open_store(r))
		return;
	write_all(r);
	if (r->waiting)
		return;
	recovered(r);
	prune(r);
}

/* Settings have changed: what waits goes where it was meant to, if it can. */
static void change(struct recorder *r)
{
	char *old = r->store_url;
	bool other;

	if (old)
		write_all(r);
	pthread_mutex_lock(&r->lock);
	r->store_url = r->url ? strdup(r->url) : NULL; /* none: no Store */
	r->keep_days = r->days;
	r->used = r->version;
	pthread_mutex_unlock(&r->lock);
	other = !old != !r->store_url ||
		(old && strcmp(old, r->store_url) != 0);
	if (other)
		close_store(r);
	free(old);
	r->backoff = 0;
	r->failing = r->failing && !other;
	r->pruned = 0;
}

static void end(struct recorder *r)
{
	size_t n;

	if (r->store_url)
		write_all(r);
	n = atomic_load(&r->n);
	drop(r, n);
	atomic_fetch_add(&r->lost, n);
	if (n)
		log_say(LOG_WARN,
			"%zu verdicts that waited for the store are lost", n);
	close_store(r);
}

static void *run(void *arg)
{
	struct recorder *r = arg;

	while (!atomic_load(&r->stopping)) {
		if (is_changed(r))
			change(r);
		if (r->store_url)
			work(r);
		if (r->backoff) {
			rest(r, r->backoff, 0);
		} else {
			rest(r, IDLE_MS, 1);
			rest(r, COLLECT_MS, BATCH);
		}
	}
	end(r);
	return NULL;
}

/* ---- the main thread ---- */

struct recorder *recorder_new(const char *node, struct err *e)
{
	struct recorder *r = calloc(1, sizeof *r);

	if (!r) {
		(void)err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	pthread_mutex_init(&r->lock, NULL);
	r->waiting_end = &r->waiting;
	r->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	r->batch = calloc(BATCH_MAX, sizeof *r->batch);
	r->incidents = calloc(BATCH_MAX, sizeof *r->incidents);
	r->writer.node = str_of(node);
	if (r->wake >= 0 && r->batch && r->incidents &&
	    getrandom(r->secret, sizeof r->secret, 0) == sizeof r->secret &&
	    getrandom(&r->writer.id, sizeof r->writer.id, 0) ==
		    sizeof r->writer.id) {
		r->writer.id &= INT64_MAX;
		return r;
	}
	(void)err_set(e, ERR_INTERNAL, "not enough memory or descriptors");
	recorder_free(r);
	return NULL;
}

static bool start(struct recorder *r)
{
	sigset_t all, before;

	(void)sigfillset(&all); /* signals are the main thread's */
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r->started = pthread_create(&r->thread, NULL, run, r) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!r->started)
		log_say(LOG_ERROR, "cannot start a thread to record verdicts");
	return r->started;
}

/* The sandbox lets SQLite write in the folder of the first Store only. */
static const char *allowed(struct recorder *r, const struct conf *c)
{
	const char *url = c->store.n ? c->store.p : NULL;

	if (!r->version) {
		r->confined = c->sandbox && !c->enable_coredumps;
		r->first_url = url ? strdup(url) : NULL;
	}
	if (!url || !r->confined || storefile_same_folder(r->first_url, url))
		return url;
	log_say(LOG_WARN,
		"Store was moved to another folder: that needs a restart "
		"(Sandbox); until then the old one is written");
	return r->url;
}

void recorder_use(struct recorder *r, const struct conf *c)
{
	const char *url = allowed(r, c);
	char *copy = url ? strdup(url) : NULL;

	pthread_mutex_lock(&r->lock);
	free(r->url);
	r->url = copy;
	r->days = c->store_days;
	r->version++;
	atomic_store(&r->max, (size_t)c->store_queue);
	pthread_mutex_unlock(&r->lock);
	atomic_store(&r->on, copy && (r->started || start(r)));
	wake(r);
}

void recorder_count(const struct recorder *r, struct stats *sum)
{
	stats_add(&sum->recorded, atomic_load(&r->recorded));
	stats_add(&sum->unrecorded, atomic_load(&r->lost));
}

bool recorder_stop(struct recorder *r)
{
	struct timespec until;

	atomic_store(&r->on, false);
	if (!r->started)
		return true;
	atomic_store(&r->stopping, true);
	wake(r);
	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += STOP_SECONDS;
	if (pthread_timedjoin_np(r->thread, NULL, &until) == 0) {
		r->started = false;
		return true;
	}
	log_say(LOG_ERROR,
		"the store does not answer: %zu verdicts that waited for it "
		"are lost",
		atomic_load(&r->n));
	return false;
}

void recorder_free(struct recorder *r)
{
	if (!r)
		return;
	take(r);
	drop(r, SIZE_MAX);
	if (r->wake >= 0)
		close(r->wake);
	pthread_mutex_destroy(&r->lock);
	free(r->url);
	free(r->first_url);
	free(r->store_url);
	free(r->batch);
	free(r->incidents);
	free(r);
}
