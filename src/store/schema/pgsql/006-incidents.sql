-- Messages that failed and whose author's domain wants to be told of each
-- (RFC 9991): those of a day that are alike, counted.  `writer` and `n` as in
-- verdict: what is put again counts once.
CREATE TABLE incident (
	domain TEXT NOT NULL, -- policy domain
	day BIGINT NOT NULL, -- of 1970
	writer BIGINT NOT NULL,
	source_ip TEXT NOT NULL,
	envelope_from TEXT NOT NULL, -- a domain
	alignment TEXT NOT NULL, -- methods that failed
	n BIGINT NOT NULL, -- of the last message
	first_time BIGINT NOT NULL,
	last_time BIGINT NOT NULL,
	incidents BIGINT NOT NULL,
	reported BIGINT NOT NULL, -- of the incidents
	feedback TEXT NOT NULL, -- fields of the report
	header TEXT NOT NULL, -- of the first message, redacted
	PRIMARY KEY (domain, day, writer, source_ip, envelope_from, alignment)
);
CREATE INDEX incident_day ON incident (day);

-- As sending, of reports about failures.
CREATE TABLE sending_failures (
	domain TEXT NOT NULL,
	day BIGINT NOT NULL,
	holder TEXT NOT NULL,
	lease BIGINT NOT NULL,
	attempts BIGINT NOT NULL,
	done BIGINT NOT NULL,
	token TEXT NOT NULL,
	why TEXT NOT NULL,
	PRIMARY KEY (domain, day)
);
