#include "daemon/options.h"

#include "base/cur.h"

#include <getopt.h>
#include <stdio.h>

/* A flag that sets a setting; value NULL: its argument. */
static const struct flag {
	char letter;
	const char *name, *value, *help;
} flags[] = {
	{ 'A', "AutoRestart", "yes", "start again when the filter dies" },
	{ 'b', "Mode", NULL, "s: sign, v: verify, sv: both" },
	{ 'c', "Canonicalization", NULL, "HEADER[/BODY]: simple, relaxed" },
	{ 'd', "Domain", NULL, "domains to sign for" },
	{ 'D', "SubDomains", "yes", "sign for their subdomains too" },
	{ 'f', "Background", "no", "stay in the foreground" },
	{ 'k', "KeyFile", NULL, "private key" },
	{ 'l', "Syslog", "yes", "log to syslog" },
	{ 'L', "Minimum", NULL, "least part that a signature covers" },
	{ 'o', "OmitHeaders", NULL, "fields not to sign" },
	{ 'O', "StdoutLog", "yes", "log to standard output" },
	{ 'p', "Socket", NULL, "where the MTA connects" },
	{ 'P', "PidFile", NULL, "file for the process id" },
	{ 'r', "RequiredHeaders", "yes", "refuse mail with wrong headers" },
	{ 's', "Selector", NULL, "selector of the key" },
	{ 'S', "SignatureAlgorithm", NULL, "rsa-sha256, ed25519-sha256" },
	{ 'T', "DNSTimeout", NULL, "seconds" },
	{ 'u', "UserID", NULL, "USER[:GROUP] to run as" },
	{ 'W', "LogWhy", "yes", "log why mail was signed or not" },
};

enum { FLAGS = sizeof flags / sizeof *flags };

static const struct flag *find_flag(int letter)
{
	for (size_t i = 0; i < FLAGS; i++)
		if (flags[i].letter == letter)
			return &flags[i];
	return NULL;
}

static const char *origin_of(char letter)
{
	static char origins[128][3];

	(void)snprintf(origins[(unsigned char)letter & 127], 3, "-%c", letter);
	return origins[(unsigned char)letter & 127];
}

static bool add_setting(struct options *o, const struct flag *f, str value,
			struct err *e)
{
	if (o->n_settings == OPTIONS_SETTINGS_MAX)
		return err_set(e, ERR_USAGE, "too many options");
	o->settings[o->n_settings++] = (struct snapshot_setting){
		str_of(f->name), value, str_of(origin_of(f->letter))
	};
	return true;
}

static bool time_of(const char *text, int64_t *out, struct err *e)
{
	struct cur c = cur_of(str_of(text));
	uint32_t n;

	if (!cur_uint(&c, UINT32_MAX, &n) || !cur_done(&c))
		return err_set(e, ERR_USAGE,
			       "-F %s is no number of seconds since 1970",
			       text);
	*out = n;
	return true;
}

static bool add_file(struct options *o, const char *path, struct err *e)
{
	if (o->n_configs == OPTIONS_FILES_MAX)
		return err_set(e, ERR_USAGE, "more than %d files with -x",
			       OPTIONS_FILES_MAX);
	o->configs[o->n_configs++] = path;
	return true;
}

static bool take(struct options *o, int letter, const char *arg, struct err *e)
{
	const struct flag *f = find_flag(letter);

	if (f)
		return add_setting(o, f, str_of(f->value ? f->value : arg), e);
	switch (letter) {
	case 'e':
		o->extract = arg;
		return true;
	case 'F':
		return time_of(arg, &o->fixed_time, e);
	case 'n':
		o->check = true;
		return true;
	case 'Q':
		o->query = true;
		return true;
	case 't':
		o->test_files = arg;
		return true;
	case 'v':
		o->verbose++;
		return true;
	case 'V':
		o->version = true;
		return true;
	case 'x':
		return add_file(o, arg, e);
	case 'X':
		return true; /* old names are always taken, with a warning */
	case 'h':
		o->help = true;
		return true;
	default:
		return false;
	}
}

bool options_parse(const char *program, int argc, char **argv,
		   struct options *out, struct err *e)
{
	static const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ "config", required_argument, NULL, 'x' },
		{ NULL, 0, NULL, 0 },
	};
	static const char opendkim[] =
		"+:Ab:c:d:De:fF:hk:lL:no:Op:P:Qrs:S:t:T:u:vVWx:X";
	static const char opendmarc[] = "+:Ac:fhlnp:P:t:u:vV";
	const char *letters = opendkim;
	int letter;

	*out = (struct options){ .fixed_time = -1 };
	out->opendmarc = strcmp(program, "opendmarc") == 0;
	if (out->opendmarc)
		letters = opendmarc;
	opterr = 0;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): before there are threads */
	while ((letter = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (letter == ':')
			return err_set(e, ERR_USAGE,
				       "%s needs a value behind it (-h shows "
				       "all options)",
				       argv[optind - 1]);
		if (letter == '?')
			return err_set(e, ERR_USAGE,
				       "there is no option %s (-h shows all)",
				       argv[optind - 1]);
		if (out->opendmarc && letter == 'c')
			letter = 'x';
		if (!take(out, letter, optarg, e))
			return false;
	}
	if (optind < argc)
		return err_set(e, ERR_USAGE,
			       "%s is no option: every value follows a letter",
			       argv[optind]);
	return true;
}

void options_usage(const char *program)
{
	printf("usage: %s [-x FILE] [options]\n\n"
	       "Signs and verifies mail for an MTA, over the milter protocol.\n"
	       "\n"
	       "  -x FILE   configuration; default /etc/inkan/inkan.conf or\n"
	       "            /etc/opendkim.conf. May be repeated: opendkim.conf,\n"
	       "            opendmarc.conf and policyd-spf.conf together\n"
	       "  -n        check the configuration and every key, and exit\n"
	       "  -e NAME   print the values of a setting, and exit\n"
	       "  -t FILES  verify the messages in these files, and exit\n"
	       "  -F TIME   with -t: seconds since 1970 taken for now\n"
	       "  -v        say more, with -t\n"
	       "  -Q        look up a data set: the set and then q/n, each on a\n"
	       "            line of standard input\n"
	       "  -V        version\n"
	       "\n"
	       "Settings of the configuration file, set here:\n",
	       program);
	for (size_t i = 0; i < FLAGS; i++)
		printf("  -%c %-5s  %s: %s\n", flags[i].letter,
		       flags[i].value ? "" : "VALUE", flags[i].name,
		       flags[i].help);
}

void options_version(const char *program)
{
	size_t n;
	const struct conf_key *keys = conf_keys(&n);

	printf("%s: inkand " INKAN_VERSION "\n"
	       "\tSupported signing algorithms:\n"
	       "\t\trsa-sha256\n\t\ted25519-sha256\n"
	       "\tSupported canonicalization algorithms:\n"
	       "\t\trelaxed\n\t\tsimple\n"
	       "\tSettings and their defaults:\n",
	       program);
	for (size_t i = 0; i < n; i++)
		if (keys[i].status == CONF_WORKS)
			printf("\t\t%s %s\n", keys[i].name,
			       keys[i].dflt && *keys[i].dflt ? keys[i].dflt
							     : "(none)");
}
