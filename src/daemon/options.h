/* options: inkand's command line, which is opendkim's. */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

#include "base/err.h"
#include "conf/snapshot.h"

enum { OPTIONS_SETTINGS_MAX = 32, OPTIONS_FILES_MAX = 8 };

struct options {
	const char *configs[OPTIONS_FILES_MAX]; /* -x, in order */
	size_t n_configs; /* 0: the default file, if it is there */
	bool opendmarc; /* called as opendmarc: its flags and its ways */
	struct snapshot_setting settings[OPTIONS_SETTINGS_MAX];
	size_t n_settings;
	bool check; /* -n */
	bool version; /* -V */
	bool query; /* -Q */
	bool help;
	const char *extract; /* -e NAME */
	const char *test_files; /* -t FILES */
	unsigned verbose; /* -v */
	int64_t fixed_time; /* -F; -1: none */
};

/* program: what argv[0] calls us.  False: *e says which option is wrong (exit
 * 64). */
bool options_parse(const char *program, int argc, char **argv,
		   struct options *out, struct err *e);

void options_usage(const char *program);
void options_version(const char *program);

#endif
