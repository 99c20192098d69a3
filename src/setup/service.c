#include "setup/service.h"

#include "base/buf.h"
#include "base/tr.h"
#include "milter/client.h"
#include "net/listen.h"
#include "setup/run.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* Slowness is no fault: these are for what hangs. */
enum {
	START_SECONDS = 300,
	ANSWER_SECONDS = 180, /* of a filter that runs */
	ABSENT_SECONDS = 60, /* of one that does not seem to */
	ONCE_SECONDS = 30, /* for one connection */
	STOP_SECONDS = 120
};

static bool answers_once(const char *socket, struct err *e)
{
	const struct timeval patience = { ONCE_SECONDS, 0 };
	struct milter_client client;
	struct net_address address;
	int fd;
	bool ok;

	if (!net_address_parse(str_of(socket), &address, e) ||
	    !net_connect(&address, &fd, e))
		return false;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
			 sizeof patience);
	milter_client_init(&client, fd);
	ok = milter_client_negotiate(&client, MILTER_VERSION, 0x1ff, 0x1fffff,
				     e);
	if (ok)
		milter_client_quit(&client);
	milter_client_done(&client);
	close(fd);
	return ok;
}

bool service_answers(struct arena *arena, const char *socket, unsigned seconds,
		     struct err *e)
{
	long long until = run_now_ms() + seconds * 1000LL;
	struct err last;

	(void)arena;
	do {
		if (answers_once(socket, &last))
			return true;
		run_pause_ms(100);
	} while (run_now_ms() < until);
	return err_set(e, ERR_UNAVAILABLE,
		       _("the filter on %s did not answer within %u seconds: "
			 "%.200s"),
		       socket, seconds, last.text);
}

/* Runs it; a status that is not 0 is an error that says what. */
static bool must_run(struct arena *arena, const char *const argv[],
		     unsigned seconds, struct err *e)
{
	const char *verb = argv[1] ? argv[1] : "";
	struct run_result r;

	if (!run_program(arena, argv, STR(""), seconds, &r, e))
		return false;
	if (strcmp(verb, "-c") == 0) /* postfix -c DIR VERB */
		verb = argv[3];
	return r.status == 0 ||
	       err_set(e, ERR_UNAVAILABLE, "%s %s: %.*s", argv[0], verb,
		       STR_ARG(run_complaint(arena, &r)));
}

static bool systemctl(struct arena *arena, const char *verb, const char *unit,
		      struct err *e)
{
	const char *const argv[] = { "systemctl", verb, unit, NULL };

	return must_run(arena, argv, START_SECONDS, e);
}

/* Ends the program of a pid file and waits for it. */
static bool stop_pid(struct arena *arena, const char *pid_file,
		     const char *program, struct err *e)
{
	long pid = *pid_file ? site_pid(arena, pid_file, program) : 0;

	if (!pid)
		return true;
	if (kill((pid_t)pid, SIGTERM) < 0 && errno != ESRCH)
		return err_sys(e, _("cannot stop %s"), program);
	for (int i = 0; i < STOP_SECONDS * 20; i++) {
		/* its pid file may outlive it */
		if (!site_pid(arena, pid_file, program))
			return true;
		run_pause_ms(50);
	}
	return err_set(e, ERR_UNAVAILABLE,
		       _("%s (process %ld) did not end within %d seconds"),
		       program, pid, STOP_SECONDS);
}

static const char *socket_of(const struct setup_run *r)
{
	struct buf b = buf_of(r->arena, 4096);

	buf_printf(&b, "local:%s", r->socket);
	return arena_cstr(r->arena, buf_str(&b));
}

/* Still starting, or too busy to answer. */
static bool is_there(const struct setup_run *r)
{
	const char *const argv[] = { "systemctl", "is-active", "--quiet",
				     "inkand", NULL };
	struct err ignored;

	if (r->systemd)
		return must_run(r->arena, argv, START_SECONDS, &ignored);
	return *r->pid_file && site_pid(r->arena, r->pid_file, "inkand") != 0;
}

bool service_start_inkand(const struct setup_run *r, struct err *e)
{
	const char *const check[] = { r->inkand, "-n", "-x", SETUP_INKAN_CONF,
				      NULL };
	const char *const start[] = { r->inkand, "-x", SETUP_INKAN_CONF, NULL };

	if (!*r->inkand)
		return err_set(e, ERR_NO_INPUT,
			       _("the program inkand is not installed here: "
				 "meson install -C build"));
	if (!must_run(r->arena, check, START_SECONDS, e))
		return false;
	if (r->systemd) {
		if (!systemctl(r->arena, "daemon-reload", NULL, e) ||
		    !systemctl(r->arena, "enable", "inkand", e) ||
		    !systemctl(r->arena, "restart", "inkand", e))
			return false;
	} else if (!stop_pid(r->arena, r->pid_file, "inkand", e) ||
		   !must_run(r->arena, start, START_SECONDS, e)) {
		return false;
	}
	return service_answers(r->arena, socket_of(r), ABSENT_SECONDS, e) ||
	       (is_there(r) &&
		service_answers(r->arena, socket_of(r), ANSWER_SECONDS, e));
}

bool service_stop_inkand(const struct setup_run *r, struct err *e)
{
	const char *const argv[] = { "systemctl", "disable", "--now", "inkand",
				     NULL };
	struct run_result ignored;
	struct stat st;
	bool ok;

	if (!r->systemd)
		ok = stop_pid(r->arena, r->pid_file, "inkand", e);
	else /* it fails when there is no such unit, which is as well */
		ok = run_program(r->arena, argv, STR(""), START_SECONDS,
				 &ignored, e);
	/* left by one that was killed; nothing else is ours there */
	if (ok && lstat(r->socket, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    unlink(r->socket) < 0)
		return err_sys(e, _("cannot remove %s"), r->socket);
	return ok;
}

static bool postfix(const struct setup_run *r, const char *verb, struct err *e)
{
	const char *const argv[] = { "postfix", "-c", r->postfix_dir, verb,
				     NULL };

	return must_run(r->arena, argv, START_SECONDS, e);
}

/* Does it run?  When it cannot be asked: as if it did, and what follows fails
 * with a reason. */
static bool postfix_runs(const struct setup_run *r)
{
	const char *const argv[] = { "postfix", "-c", r->postfix_dir, "status",
				     NULL };
	struct run_result s;
	struct err why;

	if (run_program(r->arena, argv, STR(""), START_SECONDS, &s, &why))
		return s.status == 0;
	return why.code != ERR_NO_INPUT;
}

bool service_reload_postfix(const struct setup_run *r, bool check,
			    struct err *e)
{
	/* one that does not run reads its files when it starts */
	return !postfix_runs(r) ||
	       ((!check || postfix(r, "check", e)) && postfix(r, "reload", e));
}

/* "postfix stop" waits five seconds and then fails, or kills and does not wait:
 * what has not ended by then is as a rule one busy process that ends yet. */
static bool stop_postfix(const struct setup_run *r, struct err *e)
{
	long long until = run_now_ms() + STOP_SECONDS * 1000LL;
	bool ended = !postfix_runs(r);
	struct err ignored;

	if (!ended)
		(void)postfix(r, "stop", &ignored);
	while (!ended && run_now_ms() < until) {
		ended = !postfix_runs(r);
		if (!ended)
			run_pause_ms(200);
	}
	return ended || err_set(e, ERR_UNAVAILABLE,
				_("%s did not end within %d seconds"),
				"Postfix", STOP_SECONDS);
}

/* Which ports it listens on is read at its start only. */
bool service_start_postfix(const struct setup_run *r, struct err *e)
{
	/* Debian's: what smtpd needs in its chroot */
	const char *const chroot[] = { "/usr/lib/postfix/configure-instance.sh",
				       "-", NULL };
	struct run_result ignored;

	if (!postfix(r, "check", e))
		return false;
	if (r->systemd)
		return systemctl(r->arena, "restart", "postfix", e);
	if (access(chroot[0], X_OK) == 0 &&
	    !run_program(r->arena, chroot, STR(""), START_SECONDS, &ignored, e))
		return false;
	return stop_postfix(r, e) && postfix(r, "start", e);
}

bool service_settle_postfix(const struct setup_run *r, struct err *e)
{
	if (!r->server)
		return service_reload_postfix(r, true, e);
	if (r->postfix_ran)
		return service_start_postfix(r, e);
	return stop_postfix(r, e);
}

static bool dovecot_pid(const struct setup_run *r)
{
	return site_pid(r->arena, "/run/dovecot/master.pid", "dovecot") != 0;
}

/* A process of the last one may keep its sockets a little longer. */
static bool launch_dovecot(const struct setup_run *r, struct err *e)
{
	const char *const start[] = { "dovecot", NULL };
	long long until = run_now_ms() + ABSENT_SECONDS * 1000LL;

	while (!must_run(r->arena, start, START_SECONDS, e)) {
		if (!strstr(e->text, "already") || run_now_ms() > until)
			return false;
		run_pause_ms(500);
	}
	return true;
}

bool service_start_dovecot(const struct setup_run *r, struct err *e)
{
	const char *const check[] = { "doveconf", "-n", NULL };
	const char *const reload[] = { "doveadm", "reload", NULL };

	/* Postfix makes the folder that Dovecot's socket for it lies in */
	if (!postfix(r, "check", e) ||
	    !must_run(r->arena, check, START_SECONDS, e))
		return false;
	if (r->systemd)
		return systemctl(r->arena, "restart", "dovecot", e);
	if (dovecot_pid(r)) {
		if (must_run(r->arena, reload, START_SECONDS, e))
			return true;
		/* one that was about to end when it was looked at is started */
		if (dovecot_pid(r))
			return false;
	}
	return launch_dovecot(r, e);
}

bool service_settle_dovecot(const struct setup_run *r, struct err *e)
{
	const char *const stop[] = { "doveadm", "stop", NULL };
	long long until = run_now_ms() + STOP_SECONDS * 1000LL;

	if (r->dovecot_ran)
		return service_start_dovecot(r, e);
	if (!dovecot_pid(r))
		return true;
	if (!must_run(r->arena, stop, START_SECONDS, e))
		return false;
	while (dovecot_pid(r)) {
		if (run_now_ms() > until)
			return err_set(e, ERR_UNAVAILABLE,
				       _("%s did not end within %d seconds"),
				       "Dovecot", STOP_SECONDS);
		run_pause_ms(50);
	}
	return true;
}

bool service_stop_opendkim(const struct setup_run *r, struct err *e)
{
	const char *const argv[] = { "systemctl", "disable", "--now",
				     "opendkim", NULL };

	if (r->systemd)
		return must_run(r->arena, argv, START_SECONDS, e);
	return stop_pid(r->arena, r->opendkim_pid_file, "opendkim", e);
}

bool service_start_opendkim(const struct setup_run *r, struct err *e)
{
	const char *const with[] = { "systemctl", "enable", "--now", "opendkim",
				     NULL };
	const char *const without[] = { "opendkim", "-x", SETUP_OPENDKIM_CONF,
					NULL };
	struct err ignored;

	if (!*r->opendkim_socket)
		return true;
	if (!service_answers(r->arena, r->opendkim_socket, 0, &ignored) &&
	    !must_run(r->arena, r->systemd ? with : without, START_SECONDS, e))
		return false;
	return service_answers(r->arena, r->opendkim_socket, ANSWER_SECONDS, e);
}
