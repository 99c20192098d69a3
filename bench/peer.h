/* peer: libopendkim doing the same work, where its development files are. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>

/* All strings end with a NUL; header fields without CRLF. */
struct peer_message {
	const char *const *fields;
	size_t n_fields;
	const char *body;
	size_t body_n;
};

bool peer_available(void);
bool peer_open(const char *private_pem, const char *record);
void peer_close(void);
bool peer_sign(const struct peer_message *m);
bool peer_verify(const struct peer_message *m); /* fields hold a signature */

#endif
