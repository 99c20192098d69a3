/* sandbox: what a running inkand will never need to do, it cannot do any more,
 * even when somebody else has got hold of it: no file is written or made
 * (but the store's), no program started, nothing of the kernel's own is touched.  Reading stays free,
 * because a reload reads what a new configuration names. */
#ifndef DAEMON_SANDBOX_H
#define DAEMON_SANDBOX_H

#include <stddef.h>

enum sandbox_news {
	SANDBOX_FULL,
	SANDBOX_FILES_OPEN, /* this kernel has no Landlock */
	SANDBOX_CALLS_OPEN, /* nor this processor a filter of calls here */
	SANDBOX_NONE
};

/* For this thread and those that it starts, for good.  removable: files that
 * are to be removed at the end; NULLs among them are fine.  folder: where files
 * may be made, written and removed (the store's); or NULL. */
enum sandbox_news sandbox_enter(const char *const *removable, size_t n,
				const char *folder);

#endif
