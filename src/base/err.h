/* err: why an operation failed, in words for a person.
 *
 * For failures of the surroundings (files, sockets, configuration, database).
 * What a message or a DNS record got wrong is a verdict, not an err. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

/* Each has its sysexits(3) number: err_exit(). */
enum err_code {
	ERR_NONE,
	ERR_USAGE, /* 64 */
	ERR_DATA, /* 65: what was given cannot be read */
	ERR_NO_INPUT, /* 66: no such file */
	ERR_UNAVAILABLE, /* 69: DNS, a server */
	ERR_INTERNAL, /* 70: our bug, or out of memory */
	ERR_SYSTEM, /* 71: the system refused; text ends with strerror */
	ERR_CREATE, /* 73: cannot create a file */
	ERR_PERMISSION, /* 77 */
	ERR_CONFIG /* 78 */
};

struct err {
	enum err_code code;
	char text[512];
};

/* Both return false, so a failing function ends with "return err_set(...)". */
bool err_set(struct err *e, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Appends strerror(errno); the code follows errno (ENOENT, EACCES, EPERM). */
bool err_sys(struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The exit status of a program that ends because of e. */
int err_exit(const struct err *e);

#endif
