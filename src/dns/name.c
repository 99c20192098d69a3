#include "dns/name.h"

#include "base/ascii.h"

static bool label_ok(str label)
{
	return label.n >= 1 && label.n <= DNS_LABEL_MAX;
}

bool dns_name_valid(str name)
{
	str rest = name, label;

	if (name.n == 0 || name.n > DNS_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c < ' ' || c == 0x7f || c == '\\')
			return false;
	}
	while (str_split(&rest, '.', &label))
		if (!label_ok(label))
			return false;
	return true;
}

static bool label_is_ldh(str label, bool underscores)
{
	if (!label_ok(label) || label.p[0] == '-' ||
	    label.p[label.n - 1] == '-')
		return false;
	for (size_t i = 0; i < label.n; i++)
		if (!ascii_is(label.p[i], ASCII_ALPHA | ASCII_DIGIT) &&
		    label.p[i] != '-' && !(underscores && label.p[i] == '_'))
			return false;
	return true;
}

bool dns_name_is_domain(str name, bool underscores)
{
	str rest = name, label;

	if (name.n == 0 || name.n > DNS_NAME_MAX)
		return false;
	while (str_split(&rest, '.', &label))
		if (!label_is_ldh(label, underscores))
			return false;
	return true;
}

unsigned dns_name_labels(str name)
{
	unsigned n = name.n ? 1 : 0;

	for (size_t i = 0; i < name.n; i++)
		n += name.p[i] == '.';
	return n;
}

str dns_name_parent(str name)
{
	size_t dot = str_find(name, '.');

	return str_skip(name, dot + 1);
}

str dns_name_last_labels(str name, unsigned n)
{
	unsigned have = dns_name_labels(name);

	for (; have > n; have--)
		name = dns_name_parent(name);
	return name;
}

bool dns_name_is_below(str name, str ancestor)
{
	if (name.n == ancestor.n)
		return str_ieq(name, ancestor);
	return name.n > ancestor.n && ancestor.n && str_iends(name, ancestor) &&
	       name.p[name.n - ancestor.n - 1] == '.';
}
