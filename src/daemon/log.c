#include "daemon/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

enum { NAME_MAX_BYTES = 64, PER_MINUTE = 5 };

static struct {
	atomic_bool syslog, out, err, fine, journal;
	bool opened;
	char name[NAME_MAX_BYTES];
} sinks;

void log_open(const struct log_sinks *s)
{
	if (s->syslog && !sinks.opened) {
		(void)snprintf(sinks.name, sizeof sinks.name, "%s", s->name);
		openlog(sinks.name, LOG_PID, s->facility);
		sinks.opened = true;
	}
	atomic_store(&sinks.syslog, s->syslog);
	atomic_store(&sinks.out, s->out);
	atomic_store(&sinks.err, s->err);
	atomic_store(&sinks.fine, s->fine);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes it */
	atomic_store(&sinks.journal, getenv("JOURNAL_STREAM") != NULL);
}

bool log_on_stderr(void)
{
	return atomic_load(&sinks.err);
}

static void put(struct log_line *l, char c)
{
	if (l->n < sizeof l->text - 1)
		l->text[l->n++] = c;
}

/* One byte as it may stand in a line. */
static void put_safe(struct log_line *l, char c, bool quoted)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char u = (unsigned char)c;

	if (quoted && (c == '"' || c == '\\')) {
		put(l, '\\');
		put(l, c);
	} else if (u >= ' ' && u < 0x7f) {
		put(l, c);
	} else {
		put(l, '\\');
		put(l, 'x');
		put(l, hex[u >> 4]);
		put(l, hex[u & 15]);
	}
}

void log_begin(struct log_line *l, str id)
{
	enum { ID_MAX = 64 };

	l->n = 0;
	id = str_head(id, ID_MAX);
	for (size_t i = 0; i < id.n; i++)
		put_safe(l, id.p[i], false);
	if (id.n) {
		put(l, ':');
		put(l, ' ');
	}
}

__attribute__((format(printf, 2, 0))) static void put_words(struct log_line *l,
							    const char *fmt,
							    va_list ap)
{
	char words[LOG_LINE_MAX];
	int n = vsnprintf(words, sizeof words, fmt, ap);

	if (n < 0)
		return;
	for (size_t i = 0; i < (size_t)n && i < sizeof words - 1; i++)
		put_safe(l, words[i], false);
}

void log_words(struct log_line *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_words(l, fmt, ap);
	va_end(ap);
}

static bool plain(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f || s.p[i] == '"' ||
		    s.p[i] == '\\')
			return false;
	return true;
}

void log_pair(struct log_line *l, const char *key, str value)
{
	str shown = str_head(value, LOG_VALUE_MAX);
	bool quoted = !plain(shown);

	if (!value.n)
		return;
	put(l, ' ');
	for (; *key; key++)
		put(l, *key);
	put(l, '=');
	if (quoted)
		put(l, '"');
	for (size_t i = 0; i < shown.n; i++)
		put_safe(l, shown.p[i], quoted);
	if (quoted)
		put(l, '"');
	if (shown.n < value.n)
		log_words(l, "...");
}

static const struct {
	int priority;
	const char *word;
} levels[] = {
	[LOG_ERROR] = { LOG_ERR, "error: " },
	[LOG_WARN] = { LOG_WARNING, "warning: " },
	[LOG_NOTE] = { LOG_INFO, "" },
	[LOG_FINE] = { LOG_DEBUG, "debug: " },
};

/* One write for a line, so that lines of several threads do not mix. */
static void write_line(int fd, const struct log_line *l, enum log_level level)
{
	char line[LOG_LINE_MAX + 32];
	int n = atomic_load(&sinks.journal)
			? snprintf(line, sizeof line, "<%d>%s\n",
				   levels[level].priority, l->text)
			: snprintf(line, sizeof line, "%s%s\n",
				   levels[level].word, l->text);

	if (n > 0 && write(fd, line, (size_t)n) < 0)
		return; /* nobody is left to be told */
}

void log_end(struct log_line *l, enum log_level level)
{
	if (level == LOG_FINE && !atomic_load(&sinks.fine))
		return;
	l->text[l->n] = '\0';
	if (atomic_load(&sinks.syslog))
		syslog(levels[level].priority, "%s", l->text);
	if (atomic_load(&sinks.out))
		write_line(STDOUT_FILENO, l, level);
	if (atomic_load(&sinks.err))
		write_line(STDERR_FILENO, l, level);
}

void log_say(enum log_level level, const char *fmt, ...)
{
	struct log_line l = { .n = 0 };
	va_list ap;

	va_start(ap, fmt);
	put_words(&l, fmt, ap);
	va_end(ap);
	log_end(&l, level);
}

bool log_allowed(struct log_limit *limit, int64_t now, unsigned *left_out)
{
	if (now / 60 != limit->minute) {
		limit->minute = now / 60;
		limit->n = 0;
	}
	if (limit->n >= PER_MINUTE) {
		limit->left_out++;
		return false;
	}
	limit->n++;
	*left_out = limit->left_out;
	limit->left_out = 0;
	return true;
}
