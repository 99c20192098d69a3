/* limits: every bound on input from outside, with its reason.  The place to
 * look when something was refused as too large; the configuration may lower or
 * raise those that say so. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

enum limits {
	/* A message's header block, all fields with their line ends.  Postfix
	 * keeps 100 KB a field and no total; 1 MB holds any honest header.
	 * MaximumHeaders changes it. */
	LIMIT_HEADER_BYTES = 1 << 20,
	LIMIT_HEADER_FIELDS = 2000,

	/* Signatures verified, and looked at, per message: one DNS query and
	 * one public key operation each.  MaximumSignaturesToVerify. */
	LIMIT_SIGNATURES = 10,
	LIMIT_SIGNATURES_SEEN = 20,

	/* A tag list (RFC 6376 3.2): real ones have 15 tags, h= 40 names. */
	LIMIT_TAGS = 64,
	LIMIT_TAG_BYTES = 16384,
	LIMIT_SIGNED_NAMES = 512,

	/* RSA: below 1024 bits never passes (RFC 8301); above 8192 bits the
	 * cost of a verification is the sender's to choose. */
	LIMIT_RSA_BITS_MIN = 1024,
	LIMIT_RSA_BITS_MAX = 8192,

	/* A private key file; PEM of RSA-8192 has 6.4 KB. */
	LIMIT_KEY_FILE = 32768,

	/* A certificate chain in PEM form; real ones have 6 KB. */
	LIMIT_CERTIFICATE_FILE = 1 << 20,

	/* DNS: questions per message over all methods, answers per name, and
	 * one answer as TCP carries it. */
	LIMIT_QUESTIONS = 60,
	LIMIT_RECORDS = 64,
	LIMIT_ANSWER_BYTES = 65535,
	LIMIT_KEY_RECORDS = 3, /* key records tried at one name */
	LIMIT_CNAMES = 8,

	/* ARC sets (RFC 8617 4.2.1); the different keys asked for, one DNS
	 * query each, of the questions that a message has; message signatures
	 * verified, the newest first: only the newest is needed. */
	LIMIT_ARC_SETS = 50,
	LIMIT_ARC_KEYS = 20,
	LIMIT_ARC_MESSAGE_SIGNATURES = 10,

	/* RFC 7208 4.6.4 */
	LIMIT_SPF_LOOKUPS = 10,
	LIMIT_SPF_VOID_LOOKUPS = 2,
	LIMIT_SPF_NAMES = 10,

	/* RFC 9989 4.10: queries of one tree walk. */
	LIMIT_TREE_WALK = 8,

	/* Address lists: comments may nest, a To: may be long. */
	LIMIT_ADDRESSES = 100,
	LIMIT_COMMENT_DEPTH = 16,

	/* Authentication-Results: results read from one field, properties of
	 * one result, bytes written. */
	LIMIT_AUTHRES_RESULTS = 100,
	LIMIT_AUTHRES_PROPERTIES = 64,
	LIMIT_AUTHRES_BYTES = 8192,

	/* A milter packet without its length.  Postfix sends body chunks of
	 * 65535 bytes and header values up to header_size_limit. */
	LIMIT_MILTER_PACKET = 1 << 20,

	/* Configuration: a file, a line of it, Include within Include. */
	LIMIT_CONFIG_BYTES = 16 << 20,
	LIMIT_CONFIG_LINE = 65536,
	LIMIT_INCLUDES = 5,
	/* A table: entries, and one pattern (compiled by the C library). */
	LIMIT_TABLE_ENTRIES = 10000000,
	LIMIT_PATTERN_BYTES = 1024,
	/* Patterns without plain text at either end, and regular expressions:
	 * every lookup tries them one after the other. */
	LIMIT_TRIED_PATTERNS = 10000,
	/* Private keys in memory, in two generations: one of RSA-2048 has
	 * 5 KB.  Others are loaded when they are needed. */
	LIMIT_KEYS_LOADED = 8192,

	/* What the doctor reads of other programs: a file, names within names
	 * of main.cf and how many in one value, a value, Dovecot's sections
	 * within sections, files that Dovecot's !include names. */
	LIMIT_MACHINE_FILE = 1 << 20,
	LIMIT_MAINCF_DEPTH = 20,
	LIMIT_MAINCF_PARTS = 500,
	LIMIT_MAINCF_VALUE = 32768,
	LIMIT_DOVECOT_DEPTH = 16,
	LIMIT_DOVECOT_FILES = 200,
	/* Lines of a table that are each given a finding. */
	LIMIT_DOCTOR_LINES = 1000,
	/* Questions of one check, and keys whose records are asked for. */
	LIMIT_DOCTOR_QUESTIONS = 4000,
	LIMIT_DOCTOR_KEYS = 300,
	/* An MTA-STS policy file (RFC 8461 3.2 proposes 64 KB). */
	LIMIT_MTA_STS_POLICY = 65536,

	/* One message's memory, all arenas: header, answers and verdicts. */
	LIMIT_MESSAGE_MEMORY = 16 << 20,

	/* Reports of strangers.  A file or an attachment as it comes; what it
	 * unpacks to, all pieces together: two million rows of 500 octets fit;
	 * unpacked octets for each packed one (deflate ends at 1032, XML with
	 * rows of one kind passes 500); archives within archives. */
	LIMIT_REPORT_PACKED = 32 << 20,
	LIMIT_REPORT_BYTES = 1 << 30,
	LIMIT_REPORT_RATIO = 1000,
	LIMIT_REPORT_NESTING = 3,
	/* Octets of XML without a row, and for each row: what goes beyond is
	 * no report, however small it was packed. */
	LIMIT_REPORT_SLACK = 16 << 20,
	LIMIT_REPORT_ROW = 65536,
	LIMIT_REPORT_ROWS = 2000000,
	/* Elements within elements; one value; one tag with its attributes. */
	LIMIT_XML_DEPTH = 32,
	LIMIT_XML_TEXT = 65536,
	LIMIT_XML_TAG = 262144,
	/* Authentication results and reasons kept of one row: RFC 9990 3.1.1.13
	 * names 100. */
	LIMIT_REPORT_AUTH = 100,
	/* Values that are kept: a name, a sentence. */
	LIMIT_REPORT_NAME = 255,
	LIMIT_REPORT_TEXT = 1000,
	/* Questions for whom a report goes to: twenty addresses, the walks of
	 * both domains and the name that allows it, for each. */
	LIMIT_REPORT_QUESTIONS = 400,
	/* A report's days, over which its messages are spread. */
	LIMIT_REPORT_DAYS = 366,
	/* Kinds of rows of one report, and of a batch of them, summed up
	 * before they are written. */
	LIMIT_ROLLUP = 32768,
	LIMIT_ROLLUP_BATCH = 32768,
	/* Of a report's days, one for each result, alignment and disposition. */
	LIMIT_ROLLUP_DAYS = LIMIT_REPORT_DAYS * 2 * 2 * 4,
	/* Of an own verdict's row: the URIs of rua=, and the results and
	 * reasons as JSON; honest ones have a tenth. */
	LIMIT_RUA = 2048,
	LIMIT_OWN_AUTH = 8192,
	/* Of a message that failed, for a failure report: what is said of it,
	 * what is kept of its header, of one field; rows of a domain and day:
	 * more mails about one attack help nobody. */
	LIMIT_INCIDENT_TEXT = 8192,
	LIMIT_INCIDENT_FIELD = 900,
	LIMIT_INCIDENTS = 100,
	/* Members of an archive, parts of a mail, multiparts in multiparts. */
	LIMIT_ZIP_MEMBERS = 1000,
	LIMIT_MIME_PARTS = 1000,
	LIMIT_MIME_DEPTH = 10,
	/* IMAP: a line (a SEARCH names a hundred thousand mails), a literal (a
	 * mail; more of one is not asked for), literals of one response. */
	LIMIT_IMAP_LINE = 1 << 20,
	LIMIT_IMAP_LITERAL = 64 << 20,
	LIMIT_IMAP_LITERALS = 16,
	/* inkan score --listen.  A message (Postfix takes 10 MB by default);
	 * messages that come or wait at once: what the disk holds of them; test
	 * addresses and results kept, each as one file of at most so many
	 * octets; octets of a message's header kept in it. */
	LIMIT_SCORE_MESSAGE = 10 << 20,
	LIMIT_SCORE_WAITING = 16,
	LIMIT_SCORE_ADDRESSES = 500,
	LIMIT_SCORE_RESULTS = 200,
	LIMIT_SCORE_RESULT = 512 << 10,
	LIMIT_SCORE_HEADER = 64 << 10,
	/* SMTP from our MTA: a command (XFORWARD and SMTPUTF8 make them longer
	 * than RFC 5321 4.5.3.1.4), what went wrong in one session, sessions. */
	LIMIT_SMTP_COMMAND = 4096,
	LIMIT_SMTP_ERRORS = 20,
	LIMIT_SMTP_SESSIONS = 16,
	/* TLS-RPT is read in one piece; as a tree it needs up to fifty
	 * times as much. */
	LIMIT_JSON_BYTES = 2 << 20
};

#endif
