/* ask: a program that waits for DNS answers, for the tests beside it.
 *
 *	ask [-n SERVER]... [-z FILE]... [-a ANCHOR] [-t MS] [-T] TYPE NAME ...
 *
 * All questions leave together.  One line for each: the name, the type, the
 * status, "secure", "bogus" or "-", the TTL, the records in hexadecimal. */
#include "base/limits.h"
#include "dns/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MAX = 16 };

static bool read_options(int argc, char **argv, struct dns_client_options *o)
{
	static const char *servers[MAX], *zones[MAX];
	int c;

	o->nameservers = servers;
	o->zones = zones;
	while ((c = getopt(argc, argv, "n:z:a:t:T")) != -1) {
		if (c == 'n' && o->n_nameservers < MAX)
			servers[o->n_nameservers++] = optarg;
		else if (c == 'z' && o->n_zones < MAX)
			zones[o->n_zones++] = optarg;
		else if (c == 'a')
			o->trust_anchor = optarg;
		else if (c == 't')
			o->timeout_ms = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 'T')
			o->tcp = true;
		else
			return false;
	}
	return (argc - optind) % 2 == 0;
}

static void print(const char *type, const char *name,
		  const struct dns_answer *a)
{
	static const char *const words[] = { "ok", "nodata", "nxdomain",
					     "tempfail" };

	printf("%s %s %s %s %u", name, type, words[a->status],
	       a->bogus    ? "bogus"
	       : a->secure ? "secure"
			   : "-",
	       a->ttl);
	for (size_t i = 0; i < a->n; i++) {
		putchar(' ');
		for (size_t k = 0; k < a->rr[i].data.n; k++)
			printf("%02x", (unsigned char)a->rr[i].data.p[k]);
	}
	putchar('\n');
}

int main(int argc, char **argv)
{
	struct dns_client_options o = { 0 };
	struct err e;
	struct dns_client *client;
	struct arena *arena;
	struct asks *as;

	if (!read_options(argc, argv, &o))
		return 64;
	client = dns_client_new(&o, &e);
	if (!client) {
		fprintf(stderr, "ask: %s\n", e.text);
		return err_exit(&e);
	}
	arena = arena_new(4096);
	as = asks_new(arena, dns_client_resolver(client), LIMIT_QUESTIONS);
	for (int i = optind; i < argc; i += 2)
		(void)ask(as, (enum dns_type)strtoul(argv[i], NULL, 10),
			  str_of(argv[i + 1]));
	if (!dns_client_wait_all(client, as))
		return 69;
	for (int i = optind; i < argc; i += 2)
		print(argv[i], argv[i + 1],
		      ask(as, (enum dns_type)strtoul(argv[i], NULL, 10),
			  str_of(argv[i + 1])));
	asks_cancel(as);
	dns_client_free(client);
	arena_free(arena);
	return 0;
}
