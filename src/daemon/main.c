/* inkand: signs and verifies mail for an MTA, in OpenDKIM's place. */
#include "conf/query.h"
#include "daemon/log.h"
#include "daemon/once.h"
#include "daemon/process.h"
#include "daemon/reload.h"
#include "daemon/sandbox.h"
#include "daemon/server.h"
#include "daemon/storefile.h"

#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEEP_BYTES = 64 << 20 };

static const char *program_name(const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;

	return slash ? slash + 1 : argv0 ? argv0 : "inkand";
}

static int complain(const char *program, const struct err *e)
{
	if (!log_on_stderr())
		fprintf(stderr, "%s: %s\n", program, e->text);
	log_say(LOG_ERROR, "%s", e->text);
	return err_exit(e);
}

static const char *opendmarc_path(void)
{
	static const char path[] = "/etc/opendmarc.conf";

	return access(path, F_OK) == 0 ? path : NULL;
}

/* BaseDirectory and a chroot must not move the configuration. */
static void make_absolute(struct options *o)
{
	static char paths[OPTIONS_FILES_MAX][PATH_MAX];
	const char *usual = o->opendmarc ? opendmarc_path()
					 : conf_default_path();

	if (!o->n_configs && usual)
		o->configs[o->n_configs++] = usual;
	for (size_t i = 0; i < o->n_configs; i++)
		if (realpath(o->configs[i], paths[i]))
			o->configs[i] = paths[i];
}

static bool wanted_once(const struct options *o)
{
	return o->check || o->extract || o->query || o->test_files;
}

static int once(const struct options *o, const struct snapshot *s,
		const char *program)
{
	struct err e;

	if (o->extract)
		return once_extract(o, s);
	if (o->query)
		return query_run(stdin, stdout, stderr, program);
	tell_problems(s, true);
	if (!s->ok)
		return 78;
	if (o->check && s->conf->store.n &&
	    !storefile_check(s->conf->store.p, &s->who, &e))
		return complain(program, &e);
	return o->test_files ? once_test(o, s) : 0;
}

static bool open_everything(struct sockets *sockets, const struct conf *c,
			    const struct identity *who, struct err *e)
{
	if (c->umask >= 0)
		(void)umask((mode_t)c->umask & 0777);
	if (!sockets_open(sockets, c, true, e))
		return false;
	if (c->change_root_directory.n &&
	    !process_chroot(c->change_root_directory.p, e))
		return false;
	if (!sockets_open(sockets, c, false, e) ||
	    !sockets_give(sockets, who, e))
		return false;
	return !c->pid_file.n || process_pid_file(c->pid_file.p, e);
}

/* After a crash the configuration may have been reloaded meanwhile. */
static struct snapshot *newest(const struct options *o, struct snapshot *s)
{
	struct snapshot *fresh = load_snapshot(o, SNAPSHOT_RELOAD, s);

	if (!fresh || !fresh->ok) {
		snapshot_release(fresh);
		return s;
	}
	snapshot_release(s);
	return fresh;
}

static bool cores_wanted(const struct conf *c)
{
	bool safe = process_cores_without_heap(); /* for gcore too */

	if (!c->enable_coredumps || safe)
		return c->enable_coredumps;
	log_say(LOG_WARN, "EnableCoredumps: no core dumps, because private "
			  "keys could not be kept out of them (is /proc "
			  "there?)");
	return false;
}

static void enter_sandbox(const struct conf *c, const struct sockets *s)
{
	static const char *const words[] = {
		[SANDBOX_FULL] = "files and system calls",
		[SANDBOX_FILES_OPEN] = "system calls (no Landlock here)",
		[SANDBOX_CALLS_OPEN] = "files (no filter of calls here)",
		[SANDBOX_NONE] = "nothing (the kernel refuses)",
	};
	const char *const removable[] = { c->pid_file.p,
					  s->ours && s->address.kind == NET_UNIX
						  ? s->address.path
						  : NULL };
	char folder[PATH_MAX];

	if (c->sandbox)
		log_say(LOG_FINE, "sandbox: closed are %s",
			words[sandbox_enter(removable, 2,
					    storefile_folder(c->store.p, folder,
							     sizeof folder))]);
}

static bool serve(const struct options *o, struct snapshot **s, struct err *e)
{
	struct sockets sockets = { .n = 0 };
	const struct conf *c = (*s)->conf;
	bool again = false, cores, ok;

	if (c->background && !process_background(e))
		return false;
	cores = cores_wanted(c);
	process_descriptors();
	ok = open_everything(&sockets, c, &(*s)->who, e) &&
	     (!c->auto_restart || process_supervise(c, &again, e)) &&
	     process_become(&(*s)->who, cores, e);
	/* a core is a file that is written */
	if (ok && !cores)
		enter_sandbox(c, &sockets);
	if (ok && again)
		*s = newest(o, *s);
	ok = ok && server_run(&sockets, o, *s, e);
	sockets_close(&sockets, true);
	process_pid_file_remove();
	return ok;
}

int main(int argc, char **argv)
{
	const char *program = program_name(argv[0]);
	struct options o;
	struct err e;

	if (!options_parse(program, argc, argv, &o, &e))
		return complain(program, &e);
	if (o.help || o.version) {
		(o.help ? options_usage : options_version)(program);
		return 0;
	}
	/* messages come and go: their memory is kept, not given back and asked
	 * for again with each */
	(void)mallopt(M_TRIM_THRESHOLD, KEEP_BYTES);
	(void)mallopt(M_MMAP_THRESHOLD, KEEP_BYTES);
	(void)signal(SIGPIPE, SIG_IGN);
	/* until the server asks for them: a reload while starting is none */
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGUSR1, SIG_IGN);
	(void)signal(SIGUSR2, SIG_IGN);
	make_absolute(&o);

	struct snapshot *s = load_snapshot(
		&o, o.check ? SNAPSHOT_CHECK : SNAPSHOT_START, NULL);

	if (!s) {
		(void)err_set(&e, ERR_INTERNAL, "out of memory");
		return complain(program, &e);
	}

	int status = 0;

	if (wanted_once(&o)) {
		status = once(&o, s, program);
	} else {
		server_open_log(s->conf, program);
		tell_problems(s, false);
		if (!s->ok) {
			if (!log_on_stderr())
				tell_problems(s, true);
			status = 78;
		} else if (!serve(&o, &s, &e)) {
			status = complain(program, &e);
		}
	}
	snapshot_release(s);
	return status;
}
