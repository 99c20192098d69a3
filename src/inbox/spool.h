/* spool: a folder with the test addresses that were given out, the messages that
 * came for them, and the results; shared by the server and by whoever brings
 * mail.  Only its owner can look into it.  What is said to be taken is on disk.
 *
 *	a.TOKEN		an address; its time is when it was given out
 *	t.TOKEN.X	a message that is coming
 *	m.TOKEN.X	a whole message that waits to be judged
 *	w.TOKEN r.TOKEN	a result that is written; a result
 *
 * Bounds: limits.h, LIMIT_SCORE_... */
#ifndef INBOX_SPOOL_H
#define INBOX_SPOOL_H

#include "base/arena.h"
#include "base/err.h"
#include "base/ip.h"

#define SPOOL_USUAL "/var/lib/inkan/score"

enum { SPOOL_TOKEN = 16, SPOOL_NAME = 64 };

struct spool {
	int fd; /* of the folder */
	const char *path;
};

/* create: makes the folder when it is not there.  False: *e. */
bool spool_open(struct spool *s, const char *path, bool create, struct err *e);
void spool_close(struct spool *s);

/* 16 characters of a-z and 2-7, in lower case. */
bool spool_is_token(str text);
/* The token at the end of an address's local part, in lower case.  False: there
 * is none. */
bool spool_token_of(str address, char token[SPOOL_TOKEN + 1]);

/* An address that nobody can guess. */
bool spool_give_out(struct spool *s, char token[SPOOL_TOKEN + 1],
		    struct err *e);
bool spool_knows(const struct spool *s, const char *token);

enum spool_status {
	SPOOL_OK,
	SPOOL_UNKNOWN, /* no such address was given out */
	SPOOL_FULL, /* for now */
	SPOOL_TOO_LARGE,
	SPOOL_FAILED /* the system refused; *e */
};

struct spool_envelope {
	struct ip ip; /* IP_NONE: not known */
	str helo, mail_from; /* absent: not known */
};

/* A message that comes. */
struct spool_mail {
	struct spool *s;
	int fd; /* -1: none */
	char name[SPOOL_NAME];
	uint64_t octets;
	int error; /* errno of the first write that failed */
};

enum spool_status spool_begin(struct spool *s, const char *token,
			      const struct spool_envelope *envelope,
			      struct spool_mail *m, struct err *e);
void spool_put(struct spool_mail *m, str bytes);
/* SPOOL_OK: it is on disk, whatever happens. */
enum spool_status spool_commit(struct spool_mail *m, struct err *e);
void spool_abandon(struct spool_mail *m); /* one without message is fine */

/* The oldest message that waits. */
struct spool_job {
	char name[SPOOL_NAME], token[SPOOL_TOKEN + 1];
	int fd; /* at the message's first octet */
	int64_t time; /* when it came */
	struct spool_envelope envelope; /* in the arena */
};
bool spool_next(struct spool *s, struct arena *arena, struct spool_job *out);
/* The result is kept, the message is not. */
bool spool_finish(struct spool *s, struct spool_job *job, str result,
		  struct err *e);

/* In the arena.  False: there is none. */
bool spool_result(const struct spool *s, struct arena *arena, const char *token,
		  str *out);

struct spool_entry {
	char token[SPOOL_TOKEN + 1];
	int64_t time;
};
/* The results, newest first. */
size_t spool_results(const struct spool *s, struct arena *arena,
		     const struct spool_entry **out);
/* When the address was given out; 0: it was not. */
int64_t spool_time(const struct spool *s, const char *token);

/* Takes away what is older than `keep` seconds, what is too many, and the
 * rest of deliveries that were broken off. */
void spool_sweep(struct spool *s, int64_t now, int64_t keep);

#endif
