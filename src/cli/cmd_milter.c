/* inkan milter: a message handed to a running filter as an MTA would, and what
 * the MTA would go on with. */
#include "base/buf.h"
#include "base/limits.h"
#include "cli/cli.h"
#include "cli/source.h"
#include "milter/client.h"
#include "net/listen.h"

#include <unistd.h>

static const struct opt options[] = {
	{ "socket", 'S', "SOCKET",
	  N_("where the filter listens, as inet:8891@localhost or "
	     "local:/path") },
	{ "client-name", 0, "NAME", N_("the client's host name") },
	{ "client-ip", 0, "ADDR",
	  N_("the client's address, default 127.0.0.1") },
	{ "helo", 0, "NAME", N_("what the client says in HELO") },
	{ "mail-from", 0, "ADDR", N_("the envelope's sender") },
	{ "rcpt", 0, "ADDR", N_("a recipient (repeatable)") },
	{ "auth", 0, "USER", N_("the client has authenticated as USER") },
	{ "host", 0, "NAME", N_("the MTA's own name (macro j)") },
	{ "daemon-name", 0, "NAME", N_("macro {daemon_name}") },
	{ NULL, 0, NULL, NULL },
};

/* What Postfix offers. */
enum { ALL_ACTIONS = 0x1ff, ALL_STEPS = 0x1fffff };

enum { MESSAGE_MAX = 256 << 20 };

static str option(const struct cli *cli, const char *name,
		  const char *otherwise)
{
	const char *value = args_get(&cli->args, name);

	return str_of(value ? value : otherwise);
}

static struct milter_envelope envelope_of(struct cli *cli)
{
	size_t n;
	const char *const *text = args_all(&cli->args, cli->arena, "rcpt", &n);
	str *rcpts = arena_array_of(cli->arena, str, n + 1);

	for (size_t i = 0; i < n; i++)
		rcpts[i] = str_of(text[i]);
	if (!n)
		rcpts[n++] = STR("postmaster@localhost");
	return (struct milter_envelope){
		.client_name = option(cli, "client-name", ""),
		.client_ip = option(cli, "client-ip", "127.0.0.1"),
		.helo = option(cli, "helo", "localhost"),
		.mail_from = option(cli, "mail-from", ""),
		.rcpts = rcpts,
		.rcpt_count = n,
		.auth_type = args_has(&cli->args, "auth") ? STR("PLAIN")
							  : STR(""),
		.auth_user = option(cli, "auth", ""),
		.host = option(cli, "host", "localhost"),
		.daemon_name = option(cli, "daemon-name", ""),
		.queue_id = STR("TRY1"),
	};
}

static void keep(void *arg, str bytes)
{
	buf_put(arg, bytes);
}

static bool read_message(struct cli *cli, struct buf *message)
{
	struct source s;
	const char *path;
	bool ok;

	if (!cli_file(cli, &path) || !source_open(&s, path, &cli->err))
		return false;
	ok = source_read(&s, keep, message, &cli->err);
	source_close(&s);
	if (ok && message->overflow)
		return err_set(&cli->err, ERR_DATA,
			       _("the message is larger than %d bytes"),
			       MESSAGE_MAX);
	return ok;
}

static bool converse(struct cli *cli, struct milter_client *c, str message,
		     struct milter_outcome *out)
{
	struct milter_envelope env = envelope_of(cli);
	char verdict = 0;

	if (!milter_client_negotiate(c, MILTER_VERSION, ALL_ACTIONS, ALL_STEPS,
				     &cli->err))
		return false;
	if (!milter_client_hello(c, &env, &verdict, &cli->err)) {
		if (!verdict)
			return false;
		*out = (struct milter_outcome){ .verdict = verdict };
		return true;
	}
	if (!milter_client_message(c, cli->arena, &env, message, out,
				   &cli->err))
		return false;
	milter_client_quit(c);
	return true;
}

static const char *verdict_word(char verdict)
{
	switch (verdict) {
	case 'a':
	case 'c':
		return "accept";
	case 'r':
		return "reject";
	case 't':
		return "tempfail";
	case 'd':
		return "discard";
	case 'y':
		return "reply";
	default:
		return "other";
	}
}

static bool is_delivered(const struct milter_outcome *o)
{
	return o->verdict == 'a' || o->verdict == 'c';
}

static int report(struct cli *cli, const struct milter_outcome *o, str message)
{
	str after = is_delivered(o) ? milter_apply(cli->arena, o, message)
				    : (str){ NULL, 0 };

	if (cli->json)
		out_json(json_pack("{s:s, s:o, s:o}", "verdict",
				   verdict_word(o->verdict), "reply",
				   o->text.n ? json_of(o->text) : json_null(),
				   "message", json_of(after)));
	else if (after.p)
		(void)fwrite(after.p, 1, after.n, stdout);
	else
		printf("%s %.*s\n", verdict_word(o->verdict),
		       STR_ARG(out_text(cli->arena, o->text)));
	return args_has(&cli->args, "fail") && !is_delivered(o) ? 1 : 0;
}

static int run(struct cli *cli)
{
	const char *socket = args_get(&cli->args, "socket");
	struct buf message = buf_of(NULL, MESSAGE_MAX);
	struct milter_outcome outcome = { 0 };
	struct milter_client client;
	struct net_address address;
	int fd = -1, status;

	if (!socket)
		return cli_usage(cli, _("milter needs --socket"));
	if (!net_address_parse(str_of(socket), &address, &cli->err) ||
	    !read_message(cli, &message) ||
	    !net_connect(&address, &fd, &cli->err)) {
		buf_free(&message);
		return cli_fail(cli);
	}
	milter_client_init(&client, fd);
	status = converse(cli, &client, buf_str(&message), &outcome)
			 ? report(cli, &outcome, buf_str(&message))
			 : cli_fail(cli);
	milter_client_done(&client);
	close(fd);
	buf_free(&message);
	return status;
}

const struct command cmd_milter = {
	"milter",
	N_("--socket SOCKET [OPTIONS] [FILE]"),
	N_("hand a message to a running filter, as an MTA would"),
	N_("Prints the message as the MTA would go on with it, or the filter's "
	   "refusal."),
	options,
	run,
};
