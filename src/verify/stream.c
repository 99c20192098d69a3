#include "verify/stream.h"

static void on_field(void *arg, str raw)
{
	(void)verify_header_raw(arg, raw);
}

static void on_too_large(void *arg)
{
	verify_header_too_large(arg);
}

static void on_end_of_header(void *arg)
{
	verify_end_of_headers(arg);
}

static void on_body(void *arg, str chunk)
{
	verify_body(arg, chunk);
}

struct feed_sink verify_sink(struct verify *v)
{
	return (struct feed_sink){ v, on_field, on_too_large, on_end_of_header,
				   on_body };
}
