/* verify: says which DKIM signatures of a message are good.
 *
 *	cc verify.c $(pkg-config --cflags --libs inkan) -o verify
 *	./verify < message.eml			asks the system's name servers
 *	./verify example.zone message.eml	or a zone file
 *
 * Exit status: 0 when a signature passes, 1 when none does, else as sysexits(3).
 */
#include <inkan.h>
#include <stdio.h>

static int fail(const struct inkan_error *e)
{
	fprintf(stderr, "verify: %s\n", e->text);
	return (int)e->code;
}

static void feed_file(struct inkan_message *m, FILE *f)
{
	char buf[16384];
	size_t n;

	while ((n = fread(buf, 1, sizeof buf, f)) > 0)
		inkan_feed(m, buf, n);
}

static int report(struct inkan_message *m)
{
	struct inkan_error e;
	const struct inkan_dkim *row;
	const char *field;

	for (size_t i = 0; (row = inkan_dkim_row(m, i)) != NULL; i++)
		printf("%s %s %s %s\n", inkan_result_word(row->result),
		       row->domain, row->selector,
		       row->reason ? row->reason : "");
	field = inkan_authres(m, "mx.example.org", &e);
	if (!field)
		return fail(&e);
	puts(field);
	return inkan_dkim_result(m) == INKAN_PASS ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct inkan_options options = INKAN_OPTIONS_INIT;
	struct inkan_error e;
	const char *zones[1];
	struct inkan_message *m;
	struct inkan *ctx;
	FILE *f = stdin;
	int status;

	if (argc > 1) {
		zones[0] = argv[1];
		options.zones = zones;
		options.n_zones = 1;
	}
	if (argc > 2 && !(f = fopen(argv[2], "rb"))) {
		perror(argv[2]);
		return INKAN_NO_INPUT;
	}
	ctx = inkan_new(&options, &e);
	if (!ctx)
		return fail(&e);
	m = inkan_verify_new(ctx, NULL, &e);
	if (!m) {
		inkan_free(ctx);
		return fail(&e);
	}
	feed_file(m, f);
	inkan_wait(m, 10000);
	status = report(m);
	inkan_free_message(m);
	inkan_free(ctx);
	return status;
}
