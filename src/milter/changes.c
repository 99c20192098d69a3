/* changes: what a filter may ask the MTA to do with a message, as packets. */
#include "milter/codec.h"
#include "milter/session.h"

void milter_changes(struct milter_session *s)
{
	s->mark = s->out->n;
}

static void put_value(struct milter_session *s, str value)
{
	if (s->steps & MILTER_LEADING_SPACE)
		buf_putc(s->out, ' ');
	milter_put_string(s->out, value);
}

void milter_insert_header(struct milter_session *s, uint32_t index, str name,
			  str value)
{
	size_t mark = milter_begin(s->out, MILTER_REPLY_INSERT_HEADER);

	milter_put_u32(s->out, index);
	milter_put_string(s->out, name);
	put_value(s, value);
	milter_end(s->out, mark);
}

void milter_add_header(struct milter_session *s, str name, str value)
{
	size_t mark = milter_begin(s->out, MILTER_REPLY_ADD_HEADER);

	milter_put_string(s->out, name);
	put_value(s, value);
	milter_end(s->out, mark);
}

void milter_delete_header(struct milter_session *s, str name, uint32_t index)
{
	size_t mark = milter_begin(s->out, MILTER_REPLY_CHANGE_HEADER);

	milter_put_u32(s->out, index);
	milter_put_string(s->out, name);
	milter_put_string(s->out, STR(""));
	milter_end(s->out, mark);
}

void milter_quarantine(struct milter_session *s, str reason)
{
	size_t mark = milter_begin(s->out, MILTER_REPLY_QUARANTINE);

	milter_put_string(s->out, reason);
	milter_end(s->out, mark);
}

static void put_path(struct milter_session *s, char command, str path)
{
	size_t mark = milter_begin(s->out, command);

	buf_putc(s->out, '<');
	buf_put(s->out, path);
	milter_put_string(s->out, STR(">"));
	milter_end(s->out, mark);
}

void milter_add_rcpt(struct milter_session *s, str path)
{
	put_path(s, MILTER_REPLY_ADD_RCPT, path);
}

void milter_delete_rcpt(struct milter_session *s, str path)
{
	put_path(s, MILTER_REPLY_DELETE_RCPT, path);
}

void milter_progress(struct milter_session *s)
{
	milter_put(s->out, MILTER_REPLY_PROGRESS, (str){ 0 });
}
