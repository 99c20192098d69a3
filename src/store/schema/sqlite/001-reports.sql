-- Reports of others about our domains.  `report` numbers the reports of the
-- store; `ident` is the digest of all that one says, so that it is there once.
CREATE TABLE report (
	domain TEXT NOT NULL,
	report INTEGER NOT NULL,
	ident BLOB NOT NULL,
	kind INTEGER NOT NULL, -- 0 aggregate, 1 TLS, 2 failure
	org TEXT NOT NULL,
	email TEXT NOT NULL,
	contact TEXT NOT NULL,
	report_id TEXT NOT NULL,
	begin_time INTEGER NOT NULL,
	end_time INTEGER NOT NULL,
	p TEXT,
	policy TEXT NOT NULL, -- JSON
	records INTEGER NOT NULL,
	messages INTEGER NOT NULL,
	pass INTEGER NOT NULL,
	dkim_aligned INTEGER NOT NULL,
	spf_aligned INTEGER NOT NULL,
	quarantine INTEGER NOT NULL,
	reject INTEGER NOT NULL,
	skipped INTEGER NOT NULL,
	warnings TEXT NOT NULL,
	file TEXT NOT NULL,
	imported INTEGER NOT NULL,
	PRIMARY KEY (domain, report)
) WITHOUT ROWID;
CREATE UNIQUE INDEX report_ident ON report (domain, ident);
CREATE INDEX report_named ON report (domain, report_id);
CREATE INDEX report_time ON report (domain, begin_time);

CREATE TABLE record (
	domain TEXT NOT NULL,
	report INTEGER NOT NULL,
	n INTEGER NOT NULL,
	source_ip TEXT NOT NULL,
	messages NOT NULL, -- an integer, as text from 2^63 on
	disposition TEXT NOT NULL,
	dkim INTEGER NOT NULL,
	spf INTEGER NOT NULL,
	header_from TEXT NOT NULL,
	envelope_from TEXT,
	envelope_to TEXT,
	reasons TEXT, -- JSON
	auth TEXT NOT NULL, -- JSON
	raw TEXT, -- JSON
	PRIMARY KEY (domain, report, n)
) WITHOUT ROWID;

CREATE TABLE tls (
	domain TEXT NOT NULL,
	report INTEGER NOT NULL,
	n INTEGER NOT NULL,
	policy_type TEXT NOT NULL,
	mx TEXT NOT NULL,
	result TEXT NOT NULL, -- empty: sessions that went well
	sending_ip TEXT NOT NULL,
	receiving_host TEXT NOT NULL,
	receiving_ip TEXT NOT NULL,
	reason TEXT NOT NULL,
	sessions INTEGER NOT NULL,
	PRIMARY KEY (domain, report, n)
) WITHOUT ROWID;

CREATE TABLE failure (
	domain TEXT NOT NULL,
	report INTEGER NOT NULL,
	n INTEGER NOT NULL,
	source_ip TEXT,
	auth_failure TEXT NOT NULL,
	identity_alignment TEXT NOT NULL,
	delivery_result TEXT NOT NULL,
	mail_from TEXT NOT NULL,
	rcpt_to TEXT NOT NULL,
	header_from TEXT NOT NULL,
	subject TEXT NOT NULL,
	message_id TEXT NOT NULL,
	authres TEXT NOT NULL,
	incidents INTEGER NOT NULL,
	PRIMARY KEY (domain, report, n)
) WITHOUT ROWID;

-- Sums of the records, by day (of 1970): what lists and pages are made of.
CREATE TABLE traffic (
	domain TEXT NOT NULL,
	day INTEGER NOT NULL,
	source_ip TEXT NOT NULL,
	dkim INTEGER NOT NULL,
	spf INTEGER NOT NULL,
	disposition TEXT NOT NULL,
	hints INTEGER NOT NULL,
	selector TEXT NOT NULL,
	via TEXT NOT NULL,
	messages INTEGER NOT NULL,
	PRIMARY KEY (domain, day, source_ip, dkim, spf, disposition, hints,
		selector, via)
) WITHOUT ROWID;

CREATE TABLE traffic_day (
	domain TEXT NOT NULL,
	day INTEGER NOT NULL,
	dkim INTEGER NOT NULL,
	spf INTEGER NOT NULL,
	disposition TEXT NOT NULL,
	messages INTEGER NOT NULL,
	PRIMARY KEY (domain, day, dkim, spf, disposition)
) WITHOUT ROWID;
