#include "dns/idn.h"

#include "base/ascii.h"
#include "dns/name.h"

#include <idn2.h>

enum { UTF8_NAME_MAX = 4 * DNS_NAME_MAX };

bool str_is_ascii(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

bool dns_name_to_ascii(struct arena *arena, str name, str *out)
{
	uint8_t *ascii = NULL;

	if (str_is_ascii(name)) {
		*out = name;
		return true;
	}
	if (name.n > UTF8_NAME_MAX || str_find(name, '\0') < name.n)
		return false;
	if (idn2_lookup_u8((const uint8_t *)arena_cstr(arena, name), &ascii,
			   IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return false;
	*out = arena_str(arena, str_of((const char *)ascii));
	idn2_free(ascii);
	return true;
}

bool dns_name_canonical(struct arena *arena, str name, str *out)
{
	str ascii;
	char *p;

	if (name.n && name.p[name.n - 1] == '.')
		name.n--;
	if (!dns_name_to_ascii(arena, name, &ascii) ||
	    !dns_name_is_domain(ascii, true))
		return false;
	p = arena_alloc(arena, ascii.n);
	for (size_t i = 0; i < ascii.n; i++)
		p[i] = ascii_lower(ascii.p[i]);
	*out = (str){ p, ascii.n };
	return true;
}
