/* conf: the settings of one configuration, typed; made from keys.def.
 *
 *	problems_init(&problems, arena);
 *	c = conf_new(arena, &problems);
 *	conf_read(c, "/etc/opendkim.conf");
 *	conf_set(c, STR("Mode"), STR("v"), STR("-b"));	// the command line
 *	if (!conf_finish(c)) print the problems, exit 78
 *
 * A later value replaces an earlier one.  Every str is NUL-terminated behind
 * its end, absent (p == NULL) when not set, and lives in the arena. */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include "conf/problems.h"

enum conf_action {
	CONF_UNSET,
	CONF_ACCEPT,
	CONF_DISCARD,
	CONF_QUARANTINE,
	CONF_REJECT,
	CONF_TEMPFAIL
};

struct conf_canon {
	bool header_relaxed, body_relaxed;
};

enum conf_algorithm { CONF_RSA_SHA256, CONF_ED25519_SHA256 };

enum { CONF_MODE_SIGN = 1, CONF_MODE_VERIFY = 2 }; /* bits */

/* unit: '\0' with n 0 no minimum, 'b' bytes, '%' of the body, '+' uncovered */
struct conf_minimum {
	long n;
	char unit;
};

struct conf_rate {
	long n, seconds; /* n 0: no limit */
};

/* BogusKey, UnprotectedKey: what such a pass becomes */
enum conf_verdict { CONF_AS_IS, CONF_NEUTRAL, CONF_FAIL };

/* HELO_reject, Mail_From_reject: from the mildest to the strictest */
enum conf_spf_reject {
	CONF_SPF_DEFAULT,
	CONF_SPF_NO_CHECK,
	CONF_SPF_NEVER,
	CONF_SPF_NULL, /* Fail, of the null path only */
	CONF_SPF_FAIL,
	CONF_SPF_SOFTFAIL,
	CONF_SPF_NOT_PASS
};

enum conf_received_spf { CONF_SPF_AR, CONF_SPF_FIELD, CONF_SPF_NONE };
enum conf_discovery { CONF_TREEWALK, CONF_PSL };

/* LongLines */
enum conf_long_lines {
	CONF_LONG_AUTO,
	CONF_LONG_FOLD,
	CONF_LONG_AS_IS,
	CONF_LONG_REJECT
};

/* Verify, as bits */
enum conf_method {
	CONF_DKIM = 1,
	CONF_SPF = 2,
	CONF_DMARC = 4,
	CONF_IPREV = 8,
	CONF_ARC = 16
};

enum conf_type {
	CONF_TYPE_BOOL,
	CONF_TYPE_INT,
	CONF_TYPE_STRING,
	CONF_TYPE_DATASET,
	CONF_TYPE_INCLUDE,
	CONF_TYPE_ACTION,
	CONF_TYPE_CANON,
	CONF_TYPE_ALGORITHM,
	CONF_TYPE_MODE,
	CONF_TYPE_MINIMUM,
	CONF_TYPE_RATE,
	CONF_TYPE_VERDICT,
	CONF_TYPE_FACILITY,
	CONF_TYPE_SPF_REJECT,
	CONF_TYPE_RECEIVED_SPF,
	CONF_TYPE_DISCOVERY,
	CONF_TYPE_METHODS,
	CONF_TYPE_LONG_LINES
};

enum conf_status { CONF_WORKS, CONF_NOOP, CONF_WARN, CONF_REFUSED, CONF_ALIAS };

/* What the types of keys.def are in C. */
#define CONF_C_BOOL bool
#define CONF_C_INT long /* -1: not set and without default */
#define CONF_C_STRING str
#define CONF_C_DATASET str /* as written; dataset.h opens it */
#define CONF_C_INCLUDE str
#define CONF_C_ACTION enum conf_action
#define CONF_C_CANON struct conf_canon
#define CONF_C_ALGORITHM enum conf_algorithm
#define CONF_C_MODE unsigned
#define CONF_C_MINIMUM struct conf_minimum
#define CONF_C_RATE struct conf_rate
#define CONF_C_VERDICT enum conf_verdict
#define CONF_C_FACILITY int /* syslog(3) */
#define CONF_C_SPF_REJECT enum conf_spf_reject
#define CONF_C_RECEIVED_SPF enum conf_received_spf
#define CONF_C_DISCOVERY enum conf_discovery
#define CONF_C_LONG_LINES enum conf_long_lines
#define CONF_C_METHODS unsigned /* enum conf_method */

struct conf_value { /* one setting as it was found */
	const struct conf_value *older; /* of the same name */
	str value;
	str file; /* or what set it: "-b" */
	unsigned line;
};

struct dsn;

struct conf_rows { /* an SQL table as it was read */
	struct conf_rows *next;
	str setting; /* its name */
	const struct dsn *from;
	str text;
};

struct conf {
	struct arena *arena;
	struct problems *problems;
	const struct conf_value **found; /* newest by key number */
	struct conf_rows *rows; /* of the data sets that were opened */
	/* After conf_finish: Verify and what the settings call for, as bits of
	 * enum conf_method. */
	unsigned methods;
	bool opendmarc; /* in opendmarc's place */
	bool policyd; /* settings of policyd-spf.conf are in use */
#define KEY(name, type, field, dflt, help) CONF_C_##type field;
#define DEAD(name, type, status, help)
#define ALIAS(name, target, help)
#include "conf/keys.def"
#undef KEY
#undef DEAD
#undef ALIAS
};

struct conf_key { /* a line of keys.def */
	const char *name;
	enum conf_type type;
	enum conf_status status;
	const char *dflt, *help;
	const char *target; /* of an alias */
	size_t offset; /* in struct conf */
};

/* All defaults.  What is wrong goes to problems. */
struct conf *conf_new(struct arena *arena, struct problems *problems);

/* Reads a file and what it includes.  False when there was an error. */
bool conf_read(struct conf *c, const char *path);
/* The same from memory; Include is refused. */
bool conf_parse(struct conf *c, str text, str file);

/* One setting; origin ("-b") is named in messages. */
bool conf_set(struct conf *c, str name, str value, str origin);

/* opendmarc's place: settings of opendmarc.conf are in use, and SPF is checked
 * when SPFSelfValidate says so.  Before conf_finish. */
void conf_as_opendmarc(struct conf *c);

/* After all files and flags: On-Default, and what settings ask of each other.
 * False when an error was found, now or before. */
bool conf_finish(struct conf *c);

/* The newest value found for name (older ones behind it), or NULL when it has
 * its default.  Also for settings without effect. */
const struct conf_value *conf_found(const struct conf *c, str name);
/* A problem with the value of a setting, at the place where it was set. */
#define conf_problem(c, level, name, ...)                              \
	problem_add((c)->problems, (level), conf_file((c), STR(name)), \
		    conf_line((c), STR(name)), __VA_ARGS__)
str conf_file(const struct conf *c, str name);
unsigned conf_line(const struct conf *c, str name);

const struct conf_key *conf_keys(size_t *n); /* sorted */
const struct conf_key *conf_key(str name); /* NULL: unknown */

/* The file to read when none is named: the first of /etc/inkan/inkan.conf and
 * /etc/opendkim.conf that is there, or NULL. */
const char *conf_default_path(void);

#endif
