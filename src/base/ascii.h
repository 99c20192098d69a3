/* ascii: classes and case of single bytes, by table and without a locale. */
#ifndef BASE_ASCII_H
#define BASE_ASCII_H

#include <stdbool.h>
#include <stdint.h>

enum ascii_class {
	ASCII_ALPHA = 1,
	ASCII_DIGIT = 2,
	ASCII_HEX = 4,
	ASCII_WSP = 8, /* SP HTAB */
	ASCII_SPACE = 16, /* SP HTAB CR LF */
	ASCII_TOKEN = 32, /* RFC 2045 5.1 token */
	ASCII_ATEXT = 64, /* RFC 5322 3.2.3 atext */
	ASCII_PRINT = 128 /* 0x20..0x7e */
};

extern const uint8_t ascii_table[256];

static inline bool ascii_is(char c, unsigned classes)
{
	return (ascii_table[(unsigned char)c] & classes) != 0;
}

static inline char ascii_lower(char c)
{
	if (c >= 'A' && c <= 'Z')
		c = (char)(c | 0x20);
	return c;
}

/* 0..15, or -1 when c is no hexadecimal digit. */
static inline int ascii_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
