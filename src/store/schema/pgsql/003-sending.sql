-- Reports about others that are made or done, by policy domain and day (of
-- 1970).  Who has the lease works on it; nobody else does before it ends.
CREATE TABLE sending (
	domain TEXT NOT NULL,
	day BIGINT NOT NULL,
	holder TEXT NOT NULL, -- random
	lease BIGINT NOT NULL, -- seconds since 1970
	attempts BIGINT NOT NULL,
	done BIGINT NOT NULL, -- 0 not yet, 1 yes, 2 given up
	token TEXT NOT NULL, -- random; in the Message-IDs of its mails
	why TEXT NOT NULL,
	PRIMARY KEY (domain, day)
);

-- Mails that sendmail took.
CREATE TABLE sent (
	domain TEXT NOT NULL,
	day BIGINT NOT NULL,
	report_id TEXT NOT NULL,
	address TEXT NOT NULL,
	message_id TEXT NOT NULL,
	time BIGINT NOT NULL,
	records BIGINT NOT NULL,
	messages BIGINT NOT NULL,
	PRIMARY KEY (domain, day, report_id, address)
);
CREATE INDEX sent_message ON sent (message_id);

-- Addresses that get no reports, because mail to them came back or somebody
-- said so.  `domain` is that of the address.
CREATE TABLE suppressed (
	domain TEXT NOT NULL,
	address TEXT NOT NULL,
	since BIGINT NOT NULL,
	until BIGINT NOT NULL,
	why TEXT NOT NULL,
	PRIMARY KEY (domain, address)
);

-- Digests: up to which day they told of a domain.
CREATE TABLE digest (
	domain TEXT NOT NULL,
	until BIGINT NOT NULL,
	PRIMARY KEY (domain)
);
