-- As schema/sqlite/001-reports.sql, and where numbers of reports come from.
-- Reports of others about our domains.  `report` numbers the reports of the
-- store; `ident` is the digest of all that one says, so that it is there once.
CREATE TABLE report (
	domain TEXT NOT NULL,
	report BIGINT NOT NULL,
	ident BYTEA NOT NULL,
	kind BIGINT NOT NULL, -- 0 aggregate, 1 TLS, 2 failure
	org TEXT NOT NULL,
	email TEXT NOT NULL,
	contact TEXT NOT NULL,
	report_id TEXT NOT NULL,
	begin_time BIGINT NOT NULL,
	end_time BIGINT NOT NULL,
	p TEXT,
	policy TEXT NOT NULL, -- JSON
	records BIGINT NOT NULL,
	messages BIGINT NOT NULL,
	pass BIGINT NOT NULL,
	dkim_aligned BIGINT NOT NULL,
	spf_aligned BIGINT NOT NULL,
	quarantine BIGINT NOT NULL,
	reject BIGINT NOT NULL,
	skipped BIGINT NOT NULL,
	warnings TEXT NOT NULL,
	file TEXT NOT NULL,
	imported BIGINT NOT NULL,
	PRIMARY KEY (domain, report)
);
CREATE UNIQUE INDEX report_ident ON report (domain, ident);
CREATE INDEX report_named ON report (domain, report_id);
CREATE INDEX report_time ON report (domain, begin_time);

CREATE TABLE record (
	domain TEXT NOT NULL,
	report BIGINT NOT NULL,
	n BIGINT NOT NULL,
	source_ip TEXT NOT NULL,
	messages NUMERIC(20) NOT NULL,
	disposition TEXT NOT NULL,
	dkim BIGINT NOT NULL,
	spf BIGINT NOT NULL,
	header_from TEXT NOT NULL,
	envelope_from TEXT,
	envelope_to TEXT,
	reasons TEXT, -- JSON
	auth TEXT NOT NULL, -- JSON
	raw TEXT, -- JSON
	PRIMARY KEY (domain, report, n)
);

CREATE TABLE tls (
	domain TEXT NOT NULL,
	report BIGINT NOT NULL,
	n BIGINT NOT NULL,
	policy_type TEXT NOT NULL,
	mx TEXT NOT NULL,
	result TEXT NOT NULL, -- empty: sessions that went well
	sending_ip TEXT NOT NULL,
	receiving_host TEXT NOT NULL,
	receiving_ip TEXT NOT NULL,
	reason TEXT NOT NULL,
	sessions BIGINT NOT NULL,
	PRIMARY KEY (domain, report, n)
);

CREATE TABLE failure (
	domain TEXT NOT NULL,
	report BIGINT NOT NULL,
	n BIGINT NOT NULL,
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
	incidents BIGINT NOT NULL,
	PRIMARY KEY (domain, report, n)
);

-- Sums of the records, by day (of 1970): what lists and pages are made of.
CREATE TABLE traffic (
	domain TEXT NOT NULL,
	day BIGINT NOT NULL,
	source_ip TEXT NOT NULL,
	dkim BIGINT NOT NULL,
	spf BIGINT NOT NULL,
	disposition TEXT NOT NULL,
	hints BIGINT NOT NULL,
	selector TEXT NOT NULL,
	via TEXT NOT NULL,
	messages BIGINT NOT NULL,
	PRIMARY KEY (domain, day, source_ip, dkim, spf, disposition, hints,
		selector, via)
);

CREATE TABLE traffic_day (
	domain TEXT NOT NULL,
	day BIGINT NOT NULL,
	dkim BIGINT NOT NULL,
	spf BIGINT NOT NULL,
	disposition TEXT NOT NULL,
	messages BIGINT NOT NULL,
	PRIMARY KEY (domain, day, dkim, spf, disposition)
);

-- A writer takes a thousand numbers at once.
CREATE SEQUENCE report_number INCREMENT 1000;
