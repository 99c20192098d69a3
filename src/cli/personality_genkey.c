/* opendkim-genkey: the same options, files and words. */
#include "base/buf.h"
#include "cli/cli.h"
#include "cli/keyfiles.h"

#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

static const struct option long_options[] = {
	{ "append-domain", no_argument, NULL, 'a' },
	{ "noappend-domain", no_argument, NULL, 'A' },
	{ "bits", required_argument, NULL, 'b' },
	{ "domain", required_argument, NULL, 'd' },
	{ "directory", required_argument, NULL, 'D' },
	{ "ed25519", no_argument, NULL, 'E' },
	{ "hash-algorithms", required_argument, NULL, 'h' },
	{ "help", no_argument, NULL, 'H' },
	{ "note", required_argument, NULL, 'n' },
	{ "restrict", no_argument, NULL, 'r' },
	{ "norestrict", no_argument, NULL, 'R' },
	{ "selector", required_argument, NULL, 's' },
	{ "subdomains", no_argument, NULL, 'o' },
	{ "nosubdomains", no_argument, NULL, 'S' },
	{ "testmode", no_argument, NULL, 't' },
	{ "notestmode", no_argument, NULL, 'T' },
	{ "type", required_argument, NULL, 'y' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static const char usage_text[] =
	"opendkim-genkey: usage: opendkim-genkey [options]\n"
	"\t--append-domain        include domain name in zone file stub\n"
	"\t--bits=n               use n bits to generate the key\n"
	"\t--directory=path       leave output in the named directory\n"
	"\t--domain=name          generate data for the named domain "
	"[localhost]\n"
	"\t--ed25519              generate an Ed25519 key\n"
	"\t--hash-algorithms=list limit to use of the named algorithm(s)\n"
	"\t--help                 print help and exit\n"
	"\t--note=string          include specified note in zone data\n"
	"\t--restrict             restrict key to email use only\n"
	"\t--selector=name        selector name [default]\n"
	"\t--subdomains           allow signing of subdomains\n"
	"\t--testmode             indicate key is in test mode\n"
	"\t--verbose              increased output\n"
	"\t--version              print version and exit\n";

enum what { GO, HELP, VERSION, USAGE };

struct genkey {
	struct arena *arena;
	struct keyfiles k;
	bool verbose;
	enum what what;
};

/* As the .txt has it: quotes within a quoted string. */
static str quoted(struct arena *arena, const char *text)
{
	struct buf b = buf_of(arena, 8192);

	buf_printf(&b, "\\\"%s\\\"", text);
	return buf_str(&b);
}

static void take(struct genkey *g, int c)
{
	struct dkim_record_options *r = &g->k.record;
	char *end;

	switch (c) {
	case 'a':
	case 'A':
		g->k.append_domain = c == 'a';
		break;
	case 'b':
		g->k.bits = (unsigned)strtoul(optarg, &end, 10);
		if (end == optarg || *end)
			g->what = USAGE;
		break;
	case 'd':
		g->k.domain = optarg;
		break;
	case 'D':
		g->k.directory = optarg;
		break;
	case 'E':
		g->k.type = KEY_ED25519;
		break;
	case 'y':
		g->k.type = strcmp(optarg, "ed25519") == 0 ? KEY_ED25519
							   : KEY_RSA;
		break;
	case 'h':
		r->hashes = str_of(optarg);
		break;
	case 'n':
		r->notes = quoted(g->arena, optarg);
		break;
	case 'r':
	case 'R':
		r->email_only = c == 'r';
		break;
	case 's':
		g->k.selector = optarg;
		break;
	case 'S':
	case 'o':
		r->exact_identity = c == 'S';
		break;
	case 't':
	case 'T':
		r->testing = c == 't';
		break;
	case 'v':
		g->verbose = true;
		break;
	case 'H':
	case 'V':
		g->what = c == 'H' ? HELP : VERSION;
		break;
	default:
		g->what = USAGE;
	}
}

static int make(struct arena *arena, const struct genkey *g)
{
	struct keyfiles_made made;
	struct err e;

	if (access(g->k.directory, X_OK) < 0) {
		err_sys(&e, "%s: chdir()", g->k.directory);
		fprintf(stderr, "opendkim-genkey: %s\n", e.text);
		return 2;
	}
	if (g->verbose)
		fputs("opendkim-genkey: generating private key\n", stderr);
	if (!keyfiles_make(arena, &g->k, &made, &e)) {
		fprintf(stderr, "opendkim-genkey: %s\n", e.text);
		return 1;
	}
	privkey_free(made.key);
	if (g->verbose)
		fprintf(stderr,
			"opendkim-genkey: private key written to %s.private\n"
			"opendkim-genkey: extracting public key\n"
			"opendkim-genkey: DNS TXT record written to %s.txt\n",
			g->k.selector, g->k.selector);
	return 0;
}

int genkey_main(struct arena *arena, int argc, char *argv[])
{
	struct genkey g = { .arena = arena,
			    .k = { .bits = 2048,
				   .directory = ".",
				   .domain = "localhost",
				   .selector = "default",
				   .record = { .hashes = STR("sha256") } } };
	int c;

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	while ((c = getopt_long(argc, argv, "ab:d:D:h:n:rs:StvV", long_options,
				NULL)) != -1)
		take(&g, c);
	if (g.what == GO)
		return make(arena, &g);
	if (g.what == VERSION)
		puts("opendkim-genkey v2.11.0 (inkan " INKAN_VERSION ")");
	else
		fputs(usage_text, stderr);
	return g.what == USAGE ? 1 : 0;
}
