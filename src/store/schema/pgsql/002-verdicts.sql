-- As schema/sqlite/002-verdicts.sql, with a table for each day.
-- Our own verdicts: a row for each message judged by DMARC.  `writer` is a
-- random number of the process that judged, `n` counts in it: a row that is
-- written again is known again.  `day` is that of `time`, of 1970.
CREATE TABLE verdict (
	domain TEXT NOT NULL, -- where the policy is; else the organizational
	day BIGINT NOT NULL,
	writer BIGINT NOT NULL,
	n BIGINT NOT NULL,
	time BIGINT NOT NULL,
	node TEXT NOT NULL, -- the machine
	policy BIGINT NOT NULL, -- of verdict_policy
	source_ip TEXT NOT NULL,
	header_from TEXT NOT NULL,
	envelope_from TEXT, -- empty: the null reverse-path
	envelope_to TEXT, -- when there is one domain only
	result TEXT NOT NULL, -- of DMARC
	disposition TEXT NOT NULL, -- none, pass, quarantine, reject
	dkim BIGINT NOT NULL, -- aligned and passed
	spf BIGINT NOT NULL,
	reasons TEXT, -- JSON
	auth TEXT NOT NULL, -- JSON
	action TEXT NOT NULL, -- accept, quarantine, discard, reject
	PRIMARY KEY (domain, day, writer, n)
) PARTITION BY RANGE (day); -- verdict_DAY, made by who writes

-- The policies that were found on a day; `policy` is the digest of the others.
CREATE TABLE verdict_policy (
	domain TEXT NOT NULL,
	day BIGINT NOT NULL,
	policy BIGINT NOT NULL,
	p TEXT NOT NULL, -- empty: no policy
	sp TEXT NOT NULL, -- empty, as those that follow: no such tag
	np TEXT NOT NULL,
	adkim TEXT NOT NULL,
	aspf TEXT NOT NULL,
	testing TEXT NOT NULL,
	fo TEXT NOT NULL,
	discovery TEXT NOT NULL, -- treewalk, psl
	rua TEXT NOT NULL, -- URIs, with commas between them
	PRIMARY KEY (domain, day, policy)
);
CREATE INDEX verdict_policy_day ON verdict_policy (day);

-- Sums of the verdicts, as traffic_day has them of the records.
CREATE TABLE verdict_day (
	domain TEXT NOT NULL,
	day BIGINT NOT NULL,
	dkim BIGINT NOT NULL,
	spf BIGINT NOT NULL,
	disposition TEXT NOT NULL,
	messages BIGINT NOT NULL,
	PRIMARY KEY (domain, day, dkim, spf, disposition)
);
CREATE INDEX verdict_day_day ON verdict_day (day);
