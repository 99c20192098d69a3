/* der: just enough strict DER (X.690 10) for public keys from strangers:
 * definite minimal lengths, positive minimal integers, nothing left over. */
#ifndef CRYPTO_DER_H
#define CRYPTO_DER_H

#include "base/str.h"

/* RFC 5280 SubjectPublicKeyInfo of rsaEncryption, or RFC 8017 RSAPublicKey:
 * modulus and exponent without leading zero octets. */
bool der_rsa_public(str der, str *modulus, str *exponent);

/* RFC 8410 SubjectPublicKeyInfo of Ed25519: the 32 octets. */
bool der_ed25519_public(str der, str *raw);

#endif
