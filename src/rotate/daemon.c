/* daemon: see rotate/daemon.h. */
#include "rotate/daemon.h"

#include "base/buf.h"
#include "base/cur.h"
#include "base/tr.h"
#include "conf/file.h"
#include "dkim/tags.h"
#include "milter/client.h"
#include "net/listen.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	ARGUMENTS_MAX = 8,
	PID_MAX = 1 << 22, /* pid_max_max of Linux */
	POLL_MS = 50,
	ANSWER_SECONDS = 60,
	ALL_ACTIONS = 0x1ff,
	ALL_STEPS = 0x1fffff
};

static bool wait_for(pid_t pid, const char *command, struct err *e)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, _("cannot wait for \"%.100s\""),
				       command);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	return err_set(e, ERR_UNAVAILABLE,
		       _("the command \"%.200s\" failed (exit status %d)"),
		       command,
		       WIFEXITED(status) ? WEXITSTATUS(status)
					 : 128 + WTERMSIG(status));
}

/* Its output goes to standard error: ours may be JSON. */
static int start(pid_t *pid, const char *const *argv)
{
	/* posix_spawn changes neither the array nor the strings
	 * NOLINTNEXTLINE(performance-no-int-to-ptr) */
	char *const *arguments = (char *const *)(uintptr_t)argv;
	posix_spawn_file_actions_t files;
	int wrong = posix_spawn_file_actions_init(&files);

	if (wrong)
		return wrong;
	wrong = posix_spawn_file_actions_adddup2(&files, STDERR_FILENO,
						 STDOUT_FILENO);
	if (!wrong)
		wrong = posix_spawn(pid, "/bin/sh", &files, NULL, arguments,
				    environ);
	posix_spawn_file_actions_destroy(&files);
	return wrong;
}

bool daemon_run(const char *command, const char *const *arguments,
		struct err *e)
{
	char script[4096];
	const char *argv[ARGUMENTS_MAX + 5] = { "sh", "-c", script, command };
	size_t n = 4;
	pid_t pid;
	int wrong,
		length = snprintf(script, sizeof script, "%s \"$@\"", command);

	if (length < 0 || (size_t)length >= sizeof script)
		return err_set(e, ERR_USAGE, _("the command is too long"));
	for (size_t i = 0; arguments && arguments[i] && i < ARGUMENTS_MAX; i++)
		argv[n++] = arguments[i];
	wrong = start(&pid, argv);
	if (wrong) {
		errno = wrong;
		return err_sys(e, _("cannot run \"%.100s\""), command);
	}
	return wait_for(pid, command, e);
}

static bool read_pid(const char *path, pid_t *out, struct err *e)
{
	struct arena *arena = arena_new(4096);
	uint32_t number = 0;
	struct cur c;
	str text;
	bool ok;

	if (!arena)
		return err_set(e, ERR_INTERNAL, _("out of memory"));
	ok = file_read(arena, path, 4096, &text, e);
	c = cur_of(ok ? str_trim(text) : STR(""));
	if (ok &&
	    (!cur_uint(&c, PID_MAX, &number) || number < 2 || !cur_done(&c)))
		ok = err_set(e, ERR_DATA, _("%s holds no process id"), path);
	*out = (pid_t)number;
	arena_free(arena);
	return ok;
}

/* SIGUSR1 is what both inkand and opendkim read their files again for. */
bool daemon_reload(const struct rotate_tables *t, const char *command,
		   struct err *e)
{
	pid_t pid = 0;

	if (command && *command)
		return daemon_run(command, NULL, e);
	if (!t->pid_file)
		return daemon_run("systemctl reload inkand", NULL, e);
	if (!read_pid(t->pid_file, &pid, e))
		return false;
	return kill(pid, SIGUSR1) == 0 ||
	       err_sys(e,
		       _("cannot tell process %d (of %s) to read its tables "
			 "again"),
		       (int)pid, t->pid_file);
}

static str message_from(struct arena *arena, str sender)
{
	struct buf b = buf_of(arena, 2048);

	buf_printf(&b,
		   "From: <%.*s>\r\nTo: <%.*s>\r\nSubject: inkan rotate\r\n"
		   "\r\nWhich key is in use?  This goes nowhere.\r\n",
		   STR_ARG(sender), STR_ARG(sender));
	return buf_str(&b);
}

static bool converse(struct arena *arena, int fd, str sender,
		     struct milter_outcome *out, struct err *e)
{
	struct milter_envelope env = {
		.client_name = STR("localhost"),
		.client_ip = STR("127.0.0.1"),
		.helo = STR("localhost"),
		.mail_from = sender,
		.rcpts = &sender,
		.rcpt_count = 1,
		.auth_type = STR("PLAIN"),
		.auth_user = STR("inkan-rotate"),
		.host = STR("localhost"),
		.queue_id = STR("ROTATE"),
	};
	const struct timeval limit = { ANSWER_SECONDS, 0 };
	struct milter_client c;
	char verdict = 0;
	bool ok;

	/* a filter that hangs must not hang us */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	milter_client_init(&c, fd);
	ok = milter_client_negotiate(&c, MILTER_VERSION, ALL_ACTIONS, ALL_STEPS,
				     e) &&
	     milter_client_hello(&c, &env, &verdict, e) &&
	     milter_client_message(&c, arena, &env, message_from(arena, sender),
				   out, e);
	if (ok)
		milter_client_quit(&c);
	milter_client_done(&c);
	return ok;
}

static bool is_signature_of(struct arena *arena, const struct milter_change *c,
			    str domain, str selector)
{
	struct tags tags;
	const char *why;

	return (c->kind == MILTER_CHANGE_INSERT ||
		c->kind == MILTER_CHANGE_ADD) &&
	       str_ieq(c->name, STR("DKIM-Signature")) &&
	       tags_parse(arena, c->value, &tags, &why) &&
	       str_ieq(tags_value(&tags, "d", ""), domain) &&
	       str_ieq(tags_value(&tags, "s", ""), selector);
}

static bool has_signature(struct arena *arena, const struct milter_outcome *o,
			  str domain, str selector)
{
	for (const struct milter_change *c = o->first; c; c = c->next)
		if (is_signature_of(arena, c, domain, selector))
			return true;
	return false;
}

static bool signs_with(struct arena *arena, const struct net_address *to,
		       const struct rotation *r, const struct rotate_key *k,
		       struct err *e)
{
	struct milter_outcome outcome = { 0 };
	bool ok;
	int fd;

	if (!net_connect(to, &fd, e))
		return false;
	ok = converse(arena, fd, k->sender, &outcome, e);
	close(fd);
	if (!ok)
		return false;
	if (has_signature(arena, &outcome, r->domain, k->old.selector))
		return err_set(e, ERR_UNAVAILABLE,
			       _("the filter still signs with selector %.*s: "
				 "did it read its tables again? its log says "
				 "more"),
			       STR_ARG(k->old.selector));
	return has_signature(arena, &outcome, r->domain, k->new.selector) ||
	       err_set(e, ERR_UNAVAILABLE,
		       _("the filter does not sign mail from %.*s with "
			 "selector %.*s: its log says why"),
		       STR_ARG(k->sender), STR_ARG(k->new.selector));
}

static bool all_sign(struct arena *arena, const struct net_address *to,
		     const struct rotation *r, struct err *e)
{
	for (size_t i = 0; i < r->n_keys; i++)
		if (r->keys[i].sender.n &&
		    !signs_with(arena, to, r, &r->keys[i], e))
			return false;
	return true;
}

bool daemon_signs(struct arena *arena, const struct rotate_tables *t,
		  const struct rotation *r, unsigned wait_ms, struct err *e)
{
	const struct timespec pause = { 0, POLL_MS * 1000000L };
	struct net_address to;

	if (!t->socket)
		return err_set(e, ERR_CONFIG,
			       _("the configuration has no Socket: which key "
				 "the filter signs with cannot be asked"));
	if (!net_address_parse(str_of(t->socket), &to, e))
		return false;
	for (unsigned waited = 0; !all_sign(arena, &to, r, e);
	     waited += POLL_MS) {
		if (waited >= wait_ms)
			return false;
		(void)nanosleep(&pause, NULL);
	}
	return true;
}
