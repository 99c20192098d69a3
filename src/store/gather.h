/* gather: all mail of a domain's days added up by source, from the packs; with it
 * what tells who a source is.  Who wants a part of the mail only (a page with
 * choices) is shown every row on the way. */
#ifndef STORE_GATHER_H
#define STORE_GATHER_H

#include "base/map.h"
#include "store/flow.h"
#include "store/packs.h"

/* A word of many packs. */
struct gather_word {
	str text;
	uint64_t id; /* they are counted from 0 */
	bool own; /* a selector of hosts that SPF allows, too */
};

/* Names that a source's mail passed with, the most frequent ones. */
enum { GATHER_VIA = 16 };

struct gather_via {
	const struct gather_word *word;
	uint64_t messages;
};

struct gather_source {
	struct store_source s; /* all of it */
	struct flow_sum chosen; /* added up by who is shown the rows */
	bool is_chosen, is_wanted;
	bool own_selector, forwarded, hint_ours;
	uint64_t selectors; /* a bit for each id below 64 */
	struct gather_via via[GATHER_VIA];
	size_t n_via;
};

struct gather {
	struct store *s;
	struct arena *arena;
	struct map words, sources;
	/* ids from 64 on have no bit: pairs of source and selector */
	struct gather_pair *pair;
	size_t n_pairs, cap_pairs;
	struct gather_source *now;
	/* May be NULL.  False ends all. */
	bool (*row)(void *arg, struct gather_source *of,
		    const struct pack_row *row);
	void *arg;
};

struct gather gather_new(struct store *s, struct arena *arena);
/* Adds up the filter's domain and days; of one source only, when it is told. */
bool gather_all(struct gather *g, const struct store_filter *f, str source_ip,
		struct err *e);
struct gather_source *gather_find(const struct gather *g, str source_ip);
/* Settles the kinds and gives the sources that keep() wants (all when NULL),
 * by failing messages, then by messages. */
typedef bool gather_keep_fn(void *arg, const struct gather_source *g,
			    struct store_source *out);
void gather_end(struct gather *g, gather_keep_fn *keep, void *arg,
		struct store_sources *out);

/* Not of another disposition, selector, or what passes when failing is wanted. */
bool flow_is_chosen(const struct store_view *v, const struct traffic *t);
void flow_add(struct flow_sum *to, const struct traffic *t);

#endif
