/* reports_unit: the reports about one domain and day, of either kind: whose work
 * it is, who wants them, each mail by sendmail. */
#ifndef CLI_REPORTS_UNIT_H
#define CLI_REPORTS_UNIT_H

#include "cli/reports_send.h"
#include "report/compose.h"
#include "report/destinations.h"
#include "report/letter.h"
#include "store/incidents.h"

struct unit {
	struct sending *s;
	struct store_unit id;
	struct destinations to;
	struct compose *reports; /* aggregate reports */
	struct failures *failures; /* reports about single messages */
	bool later; /* something is left to do */
	bool lost; /* the lease: somebody else goes on */
	str why; /* why it is */
};

/* Takes the lease.  Where false is returned here and below, the store or the
 * disk does not work (cli->err). */
bool unit_claim(struct unit *u, bool *taken);
bool unit_renew(struct unit *u);
/* The end of the work, or not before a time again. */
bool unit_finish(struct unit *u);
void unit_put_off(struct unit *u, str why);

/* Who wants them: u->to. */
void unit_destinations(struct unit *u);
/* fn for each that is written to; the others are told. */
bool unit_each_address(struct unit *u,
		       bool (*fn)(struct unit *u, const struct destination *d));
bool unit_suppressed(struct unit *u, str address, bool *is);

/* One line of what happens with the reports for an address. */
void unit_tell(struct unit *u, str address, const struct composed *r,
	       const char *what, str why);
/* Sendmail has it, and so it is noted.  Of the letter: report_id, to,
 * message_id. */
bool unit_hand_over(struct unit *u, const struct letter *l,
		    const struct composed *r, str mail);
bool unit_write_file(const char *dir, str name, str octets, struct arena *a,
		     struct err *e);
str unit_short_hash(struct arena *arena, str s);

#endif
