/* A build without libcurl. */
#include "report/imap.h"

#include <stddef.h>

struct imap *imap_open(const struct imap_options *o, struct err *e)
{
	(void)o;
	(void)err_set(e, ERR_CONFIG,
		      "this inkan was built without libcurl, and so without "
		      "IMAP");
	return NULL;
}

void imap_close(struct imap *im)
{
	(void)im;
}

bool imap_run(struct imap *im, str command, imap_fn *fn, void *arg, bool *done,
	      struct err *e)
{
	(void)im;
	(void)command;
	(void)fn;
	(void)arg;
	*done = false;
	return err_set(e, ERR_INTERNAL, "no IMAP");
}

const char *imap_said(const struct imap *im)
{
	(void)im;
	return "";
}
