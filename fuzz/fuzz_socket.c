/* Addresses as people write them: of sockets, of name servers, of hosts. */
#include "base/ip.h"
#include "dns/nameserver.h"
#include "net/sockaddr.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(void *arg, const char *address, struct err *e)
{
	(void)arg, (void)e;
	assert(strchr(address, '@'));
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[512], shown[IP_TEXT_MAX];
	size_t n = size < sizeof text ? size : sizeof text - 1;
	struct net_address address;
	struct err e = { .text = "" };
	struct ip ip, again;

	memcpy(text, data, n);
	text[n] = '\0';
	if (net_address_parse((str){ text, n }, &address, &e))
		assert(address.kind == NET_UNIX ? address.path[0] != '\0'
						: address.port[0] != '\0');
	else
		assert(e.text[0]);
	e.text[0] = '\0';
	if (!dns_nameserver(text, take, NULL, &e))
		assert(e.text[0]);
	if (ip_parse((str){ text, n }, &ip))
		assert(ip_parse(ip_text(ip, shown), &again) &&
		       memcmp(&ip, &again, sizeof ip) == 0);
	return 0;
}
