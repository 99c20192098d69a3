#include "conf/nearest.h"

#include "base/ascii.h"

enum { NAME_MAX_BYTES = 64 };

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static bool same(char a, char b)
{
	return ascii_lower(a) == ascii_lower(b);
}

/* Optimal string alignment over three rows. */
unsigned nearest_distance(str a, str b)
{
	unsigned rows[3][NAME_MAX_BYTES + 1];
	unsigned *older = rows[0], *old = rows[1], *row = rows[2];

	if (a.n > NAME_MAX_BYTES || b.n > NAME_MAX_BYTES)
		return NAME_MAX_BYTES;
	for (unsigned j = 0; j <= b.n; j++)
		old[j] = older[j] = j;
	for (unsigned i = 1; i <= a.n; i++) {
		row[0] = i;
		for (unsigned j = 1; j <= b.n; j++) {
			unsigned other = !same(a.p[i - 1], b.p[j - 1]);

			row[j] = least(least(old[j], row[j - 1]) + 1,
				       old[j - 1] + other);
			if (i > 1 && j > 1 && same(a.p[i - 1], b.p[j - 2]) &&
			    same(a.p[i - 2], b.p[j - 1]))
				row[j] = least(row[j], older[j - 2] + 1);
		}

		unsigned *spare = older;

		older = old;
		old = row;
		row = spare;
	}
	return old[b.n];
}

void nearest_try(str name, str candidate, str *best, unsigned *distance)
{
	unsigned d = nearest_distance(name, candidate);

	if (d > 1 + name.n / 4 || (best->p && d >= *distance))
		return;
	*best = candidate;
	*distance = d;
}
