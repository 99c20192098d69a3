#include "base/err.h"

#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	e->code = code;
	va_start(ap, fmt);
	(void)vsnprintf(e->text, sizeof e->text, fmt, ap);
	va_end(ap);
	return false;
}

bool err_sys(struct err *e, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;
	int n;

	e->code = saved == ENOENT                     ? ERR_NO_INPUT
		  : saved == EACCES || saved == EPERM ? ERR_PERMISSION
						      : ERR_SYSTEM;
	va_start(ap, fmt);
	n = vsnprintf(e->text, sizeof e->text, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof e->text)
		(void)snprintf(e->text + n, sizeof e->text - (size_t)n, ": %s",
			       strerror_l(saved, uselocale((locale_t)0)));
	return false;
}

int err_exit(const struct err *e)
{
	static const unsigned char status[] = {
		[ERR_NONE] = 0,         [ERR_USAGE] = 64,
		[ERR_DATA] = 65,        [ERR_NO_INPUT] = 66,
		[ERR_UNAVAILABLE] = 69, [ERR_INTERNAL] = 70,
		[ERR_SYSTEM] = 71,      [ERR_CREATE] = 73,
		[ERR_PERMISSION] = 77,  [ERR_CONFIG] = 78,
	};

	return status[e->code];
}
