/* inkan reports import imap://...: the mails of a folder that were not looked at
 * yet.  Nothing is changed there before what was read is in the store for good:
 * interrupted anywhere, the next run reads the same mails again, and they count
 * once. */
#include "cli/reports_imap.h"

#include "base/buf.h"
#include "base/limits.h"
#include "cli/reports.h"
#include "report/imap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	BATCH = 50, /* mails between two commits */
	ANSWER_SECONDS = 120,
	PASSWORD_MAX = 1024
};

/* What we leave at a mail that was looked at. */
#define KEYWORD "$InkanImported"

enum kind { REPORT, FAILED, OTHER };

struct seen {
	uint32_t uid;
	enum kind kind;
};

struct box {
	struct cli *cli;
	struct imap *imap;
	struct importer *importer;
	const char *url; /* without a password */
	bool keywords; /* the server keeps such words */
	bool move, uidplus; /* what it can */
	const char *move_to; /* or NULL */
	bool delete;
	uint32_t *uids;
	size_t n, cap;
	struct seen batch[BATCH];
	size_t n_batch;
	bool told; /* what the literal is of was taken already */
	bool fatal; /* the store */
};

/* ---- who we are ---- */

/* Only a file that nobody else can read holds a secret. */
static bool private_file(const char *path, int fd, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return err_sys(e, _("cannot read %s"), path);
	return !(st.st_mode & 077) ||
	       err_set(e, ERR_PERMISSION,
		       _("%s can be read by others: chmod 600 it"), path);
}

static bool read_password(struct cli *cli, const char *path, const char **out)
{
	char *text = arena_alloc(cli->arena, PASSWORD_MAX + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n = 0;
	bool ok;

	if (fd < 0)
		return err_sys(&cli->err, _("cannot read %s"), path);
	ok = private_file(path, fd, &cli->err);
	if (ok) {
		n = read(fd, text, PASSWORD_MAX);
		ok = n >= 0 || err_sys(&cli->err, _("cannot read %s"), path);
	}
	close(fd);
	text[str_find((str){ text, ok ? (size_t)n : 0 }, '\n')] = '\0';
	*out = text;
	return ok;
}

static bool find_netrc(struct cli *cli, struct imap_options *o)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes it */
	const char *home = getenv("HOME");
	struct buf path = buf_of(cli->arena, 4096);
	int fd;
	bool ok;

	buf_printf(&path, "%s/.netrc%c", home ? home : "", '\0');
	fd = home ? open(path.p, O_RDONLY | O_CLOEXEC | O_NOCTTY) : -1;
	if (fd < 0)
		return err_set(&cli->err, ERR_USAGE,
			       _("no password for %.*s: name a file with "
				 "--password-file, or have one in ~/.netrc or "
				 "INKAN_IMAP_PASSWORD"),
			       STR_ARG(o->url.host));
	ok = private_file(path.p, fd, &cli->err);
	close(fd);
	o->netrc = path.p;
	return ok;
}

static bool read_options(struct cli *cli, const char *url,
			 struct imap_options *o)
{
	const char *file = args_get(&cli->args, "password-file");
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes it */
	const char *env = getenv("INKAN_IMAP_PASSWORD");

	*o = (struct imap_options){ .seconds = ANSWER_SECONDS };
	if (!imap_url_parse(cli->arena, str_of(url), &o->url))
		return err_set(&cli->err, ERR_USAGE,
			       _("\"%.200s\" is no mailbox: write "
				 "imaps://USER@HOST/INBOX"),
			       url);
	if (o->url.secret)
		return err_set(&cli->err, ERR_USAGE,
			       _("a password in a command line is seen by all "
				 "on this machine: use --password-file"));
	o->ca_file = args_get(&cli->args, "ca-file");
	if (o->url.user.n)
		o->user = arena_cstr(cli->arena, o->url.user);
	if (file)
		return read_password(cli, file, &o->password);
	o->password = env;
	return env || find_netrc(cli, o);
}

/* ---- the folder ---- */

static bool run(struct box *b, bool *done, imap_fn *fn, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static bool run(struct box *b, bool *done, imap_fn *fn, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof text)
		return err_set(&b->cli->err, ERR_INTERNAL, "too long");
	return imap_run(b->imap, (str){ text, (size_t)n }, fn, b, done,
			&b->cli->err);
}

/* The same, and it has to be done. */
static bool must(struct box *b, imap_fn *fn, const char *what,
		 const char *folder)
{
	bool done;

	return run(b, &done, fn, "%s%s", what, folder) &&
	       (done || err_set(&b->cli->err, ERR_UNAVAILABLE,
				_("%s: the server does not do %.40s: %s"),
				b->url, what, imap_said(b->imap)));
}

static bool on_capability(void *arg, const struct imap_response *r)
{
	struct box *b = arg;
	str rest, word;

	if (!imap_untagged(r->head, STR("CAPABILITY"), &rest))
		return true;
	while (str_split(&rest, ' ', &word)) {
		b->move |= str_ieq(word, STR("MOVE"));
		b->uidplus |= str_ieq(word, STR("UIDPLUS"));
	}
	return true;
}

static bool on_select(void *arg, const struct imap_response *r)
{
	static const str flags = STR_INIT("* OK [PERMANENTFLAGS (");
	struct box *b = arg;

	if (str_istarts(r->head, flags))
		b->keywords = memmem(r->head.p, r->head.n, "\\*", 2) != NULL;
	return true;
}

static bool on_search(void *arg, const struct imap_response *r)
{
	struct box *b = arg;
	uint32_t uid;
	str rest;

	if (!imap_untagged(r->head, STR("SEARCH"), &rest))
		return true;
	while (imap_search(&rest, &uid)) {
		if (b->n == b->cap) {
			size_t cap = b->cap ? b->cap * 2 : 256;

			b->uids = arena_grow(b->cli->arena, b->uids,
					     b->cap * sizeof uid,
					     cap * sizeof uid);
			b->cap = cap;
		}
		b->uids[b->n++] = uid;
	}
	return true;
}

static const char *quoted(struct box *b, str folder)
{
	struct buf text = buf_of(b->cli->arena, 1000);

	if (!imap_quote(&text, folder) || text.n > 900) {
		(void)err_set(&b->cli->err, ERR_USAGE,
			      _("folder \"%.*s\": write it as the server names "
				"it, in ASCII (modified UTF-7)"),
			      STR_ARG(str_head(folder, 100)));
		return NULL;
	}
	buf_putc(&text, '\0');
	return buf_str(&text).p;
}

static bool enter(struct box *b, str folder)
{
	const char *name = quoted(b, folder);
	bool all = args_has(&b->cli->args, "all");

	return name && must(b, on_capability, "CAPABILITY", "") &&
	       must(b, on_select, "SELECT ", name) &&
	       must(b, on_search, "UID SEARCH UNDELETED",
		    all           ? ""
		    : b->keywords ? " UNKEYWORD " KEYWORD
				  : " UNSEEN");
}

/* ---- the mails ---- */

static bool on_fetch(void *arg, const struct imap_response *r)
{
	struct box *b = arg;
	const struct import_counts *c = importer_counts(b->importer);
	struct seen *seen = &b->batch[b->n_batch];
	uint64_t failed = c->failed, other = c->other;
	char name[1200];

	/* flags of other mails may come at any time */
	if (!r->literal.p || b->told)
		return true;
	b->told = true;
	(void)snprintf(name, sizeof name, "%.1000s;UID=%u", b->url,
		       (unsigned)seen->uid);
	if (!importer_take(b->importer, r->literal, str_of(name), false,
			   &b->cli->err)) {
		b->fatal = true;
		return false;
	}
	seen->kind = c->failed > failed ? FAILED
		     : c->other > other ? OTHER
					: REPORT;
	b->n_batch++;
	return true;
}

/* As many as one command holds. */
static bool mark(struct box *b, enum kind kind, const char *command,
		 const char *what, bool *done)
{
	struct buf set = buf_of(b->cli->arena, 1024);

	*done = true;
	for (size_t i = 0; i < b->n_batch; i++)
		if (b->batch[i].kind == kind)
			buf_printf(&set, "%s%u", set.n ? "," : "",
				   (unsigned)b->batch[i].uid);
	return !set.n || run(b, done, NULL, "%s %.*s %s", command,
			     STR_ARG(buf_str(&set)), what);
}

static bool refused(struct box *b)
{
	return err_set(&b->cli->err, ERR_UNAVAILABLE,
		       _("%s: the server does not change the mails that were "
			 "imported: %s"),
		       b->url, imap_said(b->imap));
}

/* Only with UIDPLUS, which removes ours alone; otherwise whoever looks after the
 * folder does. */
static bool expunge(struct box *b)
{
	bool done;

	return mark(b, REPORT, "UID STORE", "+FLAGS.SILENT (\\Deleted)",
		    &done) &&
	       (done || refused(b)) &&
	       (!b->uidplus || (mark(b, REPORT, "UID EXPUNGE", "", &done) &&
				(done || refused(b))));
}

static bool put_away(struct box *b)
{
	const char *folder;
	bool done;

	if (b->delete)
		return expunge(b);
	if (!b->move_to)
		return true;
	folder = quoted(b, str_of(b->move_to));
	if (!folder ||
	    !mark(b, REPORT, b->move ? "UID MOVE" : "UID COPY", folder, &done))
		return false;
	if (!done)
		return refused(b);
	return b->move || expunge(b);
}

/* What is in the store for good is marked, and only then. */
static bool end_batch(struct box *b)
{
	bool done;

	if (!importer_commit(b->importer, &b->cli->err)) {
		b->fatal = true;
		return false;
	}
	if (!mark(b, REPORT, "UID STORE",
		  b->keywords ? "+FLAGS.SILENT (\\Seen " KEYWORD ")"
			      : "+FLAGS.SILENT (\\Seen)",
		  &done))
		return false;
	if (!done)
		return refused(b);
	if (b->keywords && (!mark(b, OTHER, "UID STORE",
				  "+FLAGS.SILENT (" KEYWORD ")", &done) ||
			    !mark(b, FAILED, "UID STORE",
				  "+FLAGS.SILENT (" KEYWORD ")", &done)))
		return false;
	if (!put_away(b))
		return false;
	b->n_batch = 0;
	return true;
}

static bool read_all(struct box *b)
{
	bool done;

	for (size_t i = 0; i < b->n; i++) {
		b->batch[b->n_batch].uid = b->uids[i];
		b->told = false;
		/* PEEK: the mail stays unread until it is in the store */
		if (!run(b, &done, on_fetch, "UID FETCH %u (BODY.PEEK[]<0.%d>)",
			 (unsigned)b->uids[i], LIMIT_IMAP_LITERAL))
			return false;
		if (b->n_batch == BATCH && !end_batch(b))
			return false;
	}
	return end_batch(b);
}

bool reports_is_imap(const char *path)
{
	return str_istarts(str_of(path), STR("imap://")) ||
	       str_istarts(str_of(path), STR("imaps://"));
}

bool reports_import_imap(struct cli *cli, struct importer *importer,
			 const char *url, bool *fatal)
{
	struct box b = { .cli = cli,
			 .importer = importer,
			 .url = url,
			 .move_to = args_get(&cli->args, "move-to"),
			 .delete = args_has(&cli->args, "delete") };
	struct imap_options o;
	bool done, ok;

	*fatal = false;
	if (!read_options(cli, url, &o))
		return false;
	b.imap = imap_open(&o, &cli->err);
	if (!b.imap)
		return false;
	ok = enter(&b, o.url.folder) && read_all(&b);
	if (ok)
		(void)run(&b, &done, NULL, "LOGOUT");
	imap_close(b.imap);
	*fatal = b.fatal;
	return ok;
}
