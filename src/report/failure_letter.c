#include "report/failure_letter.h"

#include "report/letter.h"

static uint64_t untold(const struct store_incident_row *r)
{
	return r->incidents > r->reported ? r->incidents - r->reported : 1;
}

static void put_head(struct buf *out, const struct failure_letter *l)
{
	buf_printf(out,
		   "From: %.*s\nTo: %.*s\n"
		   "Subject: DMARC failure report: %.*s\n Submitter: %.*s\n"
		   "Date: ",
		   STR_ARG(l->from), STR_ARG(l->to), STR_ARG(l->domain),
		   STR_ARG(l->submitter));
	letter_date(out, l->date);
	buf_printf(out, "\nMessage-ID: <%.*s>\n", STR_ARG(l->message_id));
	/* RFC 3834: nobody's vacation answers it, and nobody reports it */
	buf_printf(out,
		   "Auto-Submitted: auto-generated\nPrecedence: bulk\n"
		   "MIME-Version: 1.0\nContent-Type: multipart/report;\n"
		   " report-type=feedback-report;\n boundary=\"%.*s\"\n\n",
		   STR_ARG(l->boundary));
}

static void put_text(struct buf *out, const struct failure_letter *l)
{
	buf_printf(out,
		   "This is a DMARC failure report (RFC 9991) about mail in "
		   "the name of\n%.*s: %llu %s.\n\n",
		   STR_ARG(l->domain), (unsigned long long)untold(l->row),
		   untold(l->row) == 1 ? "message" : "messages that are alike");
	buf_put(out,
		STR("It was asked for by the ruf tag of the domain's DMARC "
		    "record. Recipients and the\nsenders of other domains are "
		    "hashed (RFC 6590), and only some fields of the "
		    "message's\nheader are shown.\n"));
}

static void put_feedback(struct buf *out, const struct failure_letter *l)
{
	buf_put(out, STR("Feedback-Type: auth-failure\n"
			 "User-Agent: inkan/" INKAN_VERSION "\nVersion: 1\n"));
	buf_put(out, l->row->feedback);
	buf_put(out, STR("Arrival-Date: "));
	letter_date(out, l->row->first);
	buf_printf(out, "\nIncidents: %llu\n",
		   (unsigned long long)untold(l->row));
}

static void put_part(struct buf *out, str boundary, const char *type)
{
	buf_printf(out, "\n--%.*s\nContent-Type: %s\n\n", STR_ARG(boundary),
		   type);
}

void failure_letter_write(struct buf *out, const struct failure_letter *l)
{
	put_head(out, l);
	put_part(out, l->boundary, "text/plain; charset=us-ascii");
	put_text(out, l);
	put_part(out, l->boundary, "message/feedback-report");
	put_feedback(out, l);
	put_part(out, l->boundary, "text/rfc822-headers");
	buf_put(out, l->row->header);
	buf_printf(out, "\n--%.*s--\n", STR_ARG(l->boundary));
}
