-- Reports about others that are made or done, by policy domain and day (of
-- 1970).  Who has the lease works on it; nobody else does before it ends.
CREATE TABLE sending (
	domain TEXT NOT NULL,
	day INTEGER NOT NULL,
	holder TEXT NOT NULL, -- random
	lease INTEGER NOT NULL, -- seconds since 1970
	attempts INTEGER NOT NULL,
	done INTEGER NOT NULL, -- 0 not yet, 1 yes, 2 given up
	token TEXT NOT NULL, -- random; in the Message-IDs of its mails
	why TEXT NOT NULL,
	PRIMARY KEY (domain, day)
) WITHOUT ROWID;

-- Mails that sendmail took.
CREATE TABLE sent (
	domain TEXT NOT NULL,
	day INTEGER NOT NULL,
	report_id TEXT NOT NULL,
	address TEXT NOT NULL,
	message_id TEXT NOT NULL,
	time INTEGER NOT NULL,
	records INTEGER NOT NULL,
	messages INTEGER NOT NULL,
	PRIMARY KEY (domain, day, report_id, address)
) WITHOUT ROWID;
CREATE INDEX sent_message ON sent (message_id);

-- Addresses that get no reports, because mail to them came back or somebody
-- said so.  `domain` is that of the address.
CREATE TABLE suppressed (
	domain TEXT NOT NULL,
	address TEXT NOT NULL,
	since INTEGER NOT NULL,
	until INTEGER NOT NULL,
	why TEXT NOT NULL,
	PRIMARY KEY (domain, address)
) WITHOUT ROWID;

-- Digests: up to which day they told of a domain.
CREATE TABLE digest (
	domain TEXT NOT NULL,
	until INTEGER NOT NULL,
	PRIMARY KEY (domain)
) WITHOUT ROWID;
