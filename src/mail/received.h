/* received: what the host that took a message wrote of the client, in its
 * Received field (RFC 5321 4.4): "from HELO (NAME [ADDRESS]) by ... with ESMTPS".
 * The form within the brackets is custom, not rule; what is not found is empty. */
#ifndef MAIL_RECEIVED_H
#define MAIL_RECEIVED_H

#include "base/ip.h"

struct received {
	str helo;
	struct ip ip; /* IP_NONE: none is given */
	bool known; /* a protocol is given, so tls means something */
	bool submitted; /* "with ESMTPA", "ESMTPSA": a user of that host */
	bool tls; /* "with ESMTPS", "ESMTPSA" (RFC 3848), or a TLS version */
};

struct received received_parse(str value);

#endif
