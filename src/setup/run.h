/* run: another program of the machine (postconf, postfix, systemctl, inkand). */
#ifndef SETUP_RUN_H
#define SETUP_RUN_H

#include "base/arena.h"
#include "base/err.h"

/* The patience with a program that has little to do: a machine that is busy, or
 * stands still for a while, is no fault. */
enum { RUN_SECONDS = 120 };

struct run_result {
	int status; /* its exit status; 128 + signal */
	str out, err; /* what it wrote, in the arena, at most 4 MB each */
	bool cut; /* there was more in out */
};

/* Runs argv[0] (looked up in PATH and the sbin directories) with input on its
 * standard input, and waits at most so many seconds.  False: it could not be
 * started, or took too long.  A status that is not 0 is no failure here. */
bool run_program(struct arena *arena, const char *const argv[], str input,
		 unsigned seconds, struct run_result *out, struct err *e);

/* A clock that only goes forward. */
long long run_now_ms(void);
void run_pause_ms(long ms);

/* Is there such a program? */
bool run_exists(struct arena *arena, const char *name, const char **path);

/* The first line of what a program complained about, else its exit status. */
str run_complaint(struct arena *arena, const struct run_result *r);

#endif
