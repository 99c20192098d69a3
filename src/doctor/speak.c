#include "doctor/speak.h"

#include "base/buf.h"

#include <errno.h>

enum { LINES_MAX = 200, COMMAND_MAX = 512 };

struct offer {
	bool starttls, auth;
};

/* A reply of one line or more: its last line, what EHLO offers on the way. */
static bool reply(struct dialog *t, const char *code, struct offer *offer,
		  struct err *e)
{
	str line;

	for (unsigned i = 0; i < LINES_MAX; i++) {
		if (!dialog_line(t, &line, e))
			return false;
		if (!str_starts(line, str_of(code)))
			return err_set(e, ERR_DATA, "%.*s",
				       STR_ARG(str_head(line, 200)));
		str word = str_trim(str_skip(line, 4));

		if (str_ieq(word, STR("STARTTLS")))
			offer->starttls = true;
		if (str_istarts(word, STR("AUTH ")) ||
		    str_istarts(word, STR("AUTH=")) ||
		    str_ieq(word, STR("AUTH")))
			offer->auth = true;
		if (line.n < 4 || line.p[3] != '-')
			return true;
	}
	return err_set(e, ERR_DATA, "%s", "250-...");
}

static bool say(struct dialog *t, const char *word, const char *rest,
		struct err *e)
{
	char line[COMMAND_MAX];
	struct buf b = { .p = line, .cap = sizeof line, .max = sizeof line };

	buf_printf(&b, "%s%s%s\r\n", word, *rest ? " " : "", rest);
	return dialog_send(t, buf_str(&b), e);
}

static bool start_tls(struct dialog *t, struct arena *arena,
		      const struct speak_options *o, struct speak_seen *out,
		      struct err *e)
{
	out->tls = dialog_start_tls(t, arena, o->name, o->ca_file, &out->peer,
				    e);
	return out->tls;
}

static bool hello(struct dialog *t, const struct speak_options *o,
		  struct offer *offer, struct err *e)
{
	*offer = (struct offer){ 0 };
	return say(t, "EHLO", o->helo, e) && reply(t, "250", offer, e);
}

/* Goes as far as the server lets us. */
static bool converse(struct dialog *t, struct arena *arena,
		     const struct speak_options *o, struct speak_seen *out,
		     struct err *e)
{
	struct offer offer = { 0 };

	if (o->tls_first && !start_tls(t, arena, o, out, e))
		return false;
	if (!reply(t, "220", &offer, e) || !hello(t, o, &offer, e))
		return false;
	out->greeted = true;
	if (o->tls_first) {
		out->auth = offer.auth;
		return true;
	}
	out->starttls = offer.starttls;
	out->auth_in_clear = offer.auth;
	if (!offer.starttls || o->no_tls)
		return true;
	if (!say(t, "STARTTLS", "", e) || !reply(t, "220", &offer, e) ||
	    !start_tls(t, arena, o, out, e) || !hello(t, o, &offer, e))
		return false;
	out->auth = offer.auth;
	return true;
}

void speak(struct arena *arena, const struct speak_options *o,
	   struct speak_seen *out)
{
	struct err e = { .text = "" };
	struct dialog *t = dialog_open(o->ip, o->port, o->timeout_ms, &e);

	*out = (struct speak_seen){ .reached = t,
				    .problem = t ? 0 : errno,
				    .trouble = STR("") };
	if (t && converse(t, arena, o, out, &e))
		(void)say(t, "QUIT", "", &e);
	else
		out->trouble = arena_str(arena, str_of(e.text));
	dialog_close(t);
}
