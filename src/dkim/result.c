#include "dkim/result.h"

const char *dkim_result_word(enum dkim_result result)
{
	static const char *const words[] = {
		[DKIM_PENDING] = "temperror",   [DKIM_NONE] = "none",
		[DKIM_PASS] = "pass",           [DKIM_FAIL] = "fail",
		[DKIM_POLICY] = "policy",       [DKIM_NEUTRAL] = "neutral",
		[DKIM_TEMPERROR] = "temperror", [DKIM_PERMERROR] = "permerror",
	};

	return words[result];
}
