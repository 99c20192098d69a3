/* log: where inkand says what it does: syslog, standard output, standard error.
 *
 * A line begins with the queue id and goes on with words and key=value pairs.
 * Whatever strangers wrote is escaped and cut here, never by callers: a line
 * holds no control and no 8-bit byte.  Any thread may log. */
#ifndef DAEMON_LOG_H
#define DAEMON_LOG_H

#include "base/buf.h"
#include "base/str.h"

#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_NOTE, LOG_FINE }; /* FINE: debug */

struct log_sinks {
	bool syslog, out, err;
	bool fine; /* debug lines too */
	int facility; /* syslog(3) */
	const char *name;
};

/* May be called again, at a reload; facility and name are taken over at the
 * first call with syslog only. */
void log_open(const struct log_sinks *sinks);

bool log_on_stderr(void);

enum { LOG_LINE_MAX = 1500, LOG_VALUE_MAX = 256 };

struct log_line {
	char text[LOG_LINE_MAX];
	size_t n;
};

/* id: the queue id; may be empty. */
void log_begin(struct log_line *l, str id);
/* Our own words; text of strangers comes only with log_pair. */
void log_words(struct log_line *l, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* " key=value", quoted where value needs it; nothing when value is empty. */
void log_pair(struct log_line *l, const char *key, str value);
void log_end(struct log_line *l, enum log_level level);

/* A line without message. */
void log_say(enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* For causes that repeat: at most 5 lines of one kind in a minute.  True: log
 * it; *left_out is how many were not, since the last one. */
struct log_limit {
	int64_t minute;
	unsigned n, left_out;
};
bool log_allowed(struct log_limit *limit, int64_t now, unsigned *left_out);

#endif
