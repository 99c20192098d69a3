#include "crypto/der.h"

enum {
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_SEQUENCE = 0x30
};

/* Takes one element of that type off *in. */
static bool take(str *in, unsigned char type, str *content)
{
	const unsigned char *p = (const unsigned char *)in->p;
	size_t length, head = 2;

	if (in->n < 2 || p[0] != type)
		return false;
	length = p[1];
	if (length >= 0x80) { /* long form, one or two octets */
		size_t octets = length & 0x7f;

		if (octets < 1 || octets > 2 || in->n < 2 + octets)
			return false;
		length = octets == 1 ? p[2] : (size_t)p[2] << 8 | p[3];
		head += octets;
		if (length < 0x80 || (octets == 2 && length < 0x100))
			return false; /* not minimal */
	}
	if (length > in->n - head)
		return false;
	*content = (str){ in->p + head, length };
	*in = str_skip(*in, head + length);
	return true;
}

static bool take_positive(str *in, str *out)
{
	if (!take(in, DER_INTEGER, out) || !out->n)
		return false;
	if ((unsigned char)out->p[0] & 0x80)
		return false; /* negative */
	if (out->p[0] == 0) {
		*out = str_skip(*out, 1);
		return out->n && (unsigned char)out->p[0] & 0x80;
	}
	return true;
}

static bool rsa_pkcs1(str der, str *modulus, str *exponent)
{
	str inside;

	return take(&der, DER_SEQUENCE, &inside) && !der.n &&
	       take_positive(&inside, modulus) &&
	       take_positive(&inside, exponent) && !inside.n;
}

/* SEQUENCE { SEQUENCE { OID, parameters }, BIT STRING }: the bits */
static bool spki(str der, str oid, bool null_parameters, str *key)
{
	str inside, algorithm, id, none;

	if (!take(&der, DER_SEQUENCE, &inside) || der.n ||
	    !take(&inside, DER_SEQUENCE, &algorithm) ||
	    !take(&algorithm, DER_OID, &id) || !str_eq(id, oid))
		return false;
	if (null_parameters && algorithm.n &&
	    (!take(&algorithm, DER_NULL, &none) || none.n))
		return false;
	if (algorithm.n || !take(&inside, DER_BIT_STRING, key) || inside.n ||
	    !key->n || key->p[0] != 0)
		return false;
	*key = str_skip(*key, 1);
	return true;
}

bool der_rsa_public(str der, str *modulus, str *exponent)
{
	static const str rsa = STR_INIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01");
	str key;

	if (spki(der, rsa, true, &key))
		return rsa_pkcs1(key, modulus, exponent);
	return rsa_pkcs1(der, modulus, exponent);
}

bool der_ed25519_public(str der, str *raw)
{
	static const str ed25519 = STR_INIT("\x2b\x65\x70");

	return spki(der, ed25519, false, raw) && raw->n == 32;
}
