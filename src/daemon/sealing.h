/* sealing: an ARC set for a message that was judged (Seal).  Internal to the
 * filter. */
#ifndef DAEMON_SEALING_H
#define DAEMON_SEALING_H

#include "daemon/job.h"

/* At the end of headers, after job_verify. */
void sealing_begin(struct job *j);
/* After the verdict: puts three fields on top.  header: as the message leaves. */
void sealing_end(struct job *j, const struct header *header,
		 const struct authres *results);

#endif
