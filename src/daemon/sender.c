/* sender: the address whose domain decides what is done with a message:
 * SenderMacro, or what SenderHeaders finds (From by default). */
#include "conf/signing.h"
#include "daemon/job.h"
#include "mail/address.h"

static bool from_macro(struct job *j)
{
	str name = j->s->conf->sender_macro;
	struct mailbox box;

	if (name.n > 2 && name.p[0] == '{')
		name = (str){ name.p + 1, name.n - 2 };
	if (!name.n ||
	    !mailbox_first(j->arena,
			   milter_session_macro(&j->filter->session, name),
			   &box) ||
	    !box.domain.n)
		return false;
	j->request.user = arena_str(j->arena, box.local);
	j->request.domain = arena_str(j->arena, box.domain);
	return true;
}

void job_find_sender(struct job *j)
{
	if (from_macro(j))
		return;
	if (!signing_sender(j->s, &j->header, j->arena, &j->request.user,
			    &j->request.domain) ||
	    !j->request.domain.n)
		j->malformed = "no sender's address";
}
