#include "doctor/milters.h"

#include "doctor/postlex.h"

bool milters_next(struct cur *c, struct milter *out)
{
	struct cur inside;
	str word, setting;

	*out = (struct milter){ .action = { NULL, 0 } };
	if (!postlex_word(c, &word))
		return false;
	inside = cur_of(word);
	if (!postlex_word(&inside, &out->address))
		return true;
	while (postlex_word(&inside, &setting)) {
		size_t eq = str_find(setting, '=');

		if (str_eq(str_trim(str_head(setting, eq)),
			   STR("default_action")))
			out->action = str_trim(str_skip(setting, eq + 1));
	}
	return true;
}
