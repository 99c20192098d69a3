#include "web/asset.h"

const struct asset *asset_find(str name)
{
	for (const struct asset *a = assets; a->name; a++)
		if (str_eq(name, str_of(a->name)))
			return a;
	return NULL;
}

bool asset_page(const struct web_request *r, struct web_response *out)
{
	const struct asset *a = asset_find(str_skip(r->path, 1));

	if (!a)
		return false;
	*out = (struct web_response){
		.status = 200,
		.type = a->type,
		.body = { (const char *)a->bytes, a->n },
		.keep = true,
	};
	return true;
}
