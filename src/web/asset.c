#include "web/asset.h"

bool asset_page(const struct web_request *r, struct web_response *out)
{
	str name = str_skip(r->path, 1);

	for (const struct asset *a = assets; a->name; a++)
		if (str_eq(name, str_of(a->name))) {
			*out = (struct web_response){
				.status = 200,
				.type = a->type,
				.body = { (const char *)a->bytes, a->n },
				.keep = true,
			};
			return true;
		}
	return false;
}
