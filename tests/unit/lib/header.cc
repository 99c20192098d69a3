/* The public header in C++: initialisers, linkage, one call of each kind. */
#include <inkan.h>

#include <cstring>

int main()
{
	inkan_options options = INKAN_OPTIONS_INIT;
	inkan_verify_options verify = INKAN_VERIFY_OPTIONS_INIT;
	inkan_sign_options sign = INKAN_SIGN_OPTIONS_INIT;
	inkan_dns_answer answer = INKAN_ANSWER_INIT;
	inkan_error error;

	options.dns = INKAN_DNS_CALLER;
	inkan *ctx = inkan_new(&options, &error);
	if (!ctx || sign.key || answer.n_records)
		return 1;
	inkan_message *m = inkan_verify_new(ctx, &verify, &error);
	if (!m)
		return 1;
	inkan_feed(m, "From: a@example.org\n\nx\n", 23);
	inkan_wait(m, 0);
	bool ok = inkan_dkim_result(m) == INKAN_NONE &&
		  std::strcmp(inkan_result_word(INKAN_NONE), "none") == 0;
	inkan_free_message(m);
	inkan_free(ctx);
	return ok ? 0 : 1;
}
