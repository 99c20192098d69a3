-- Reports as they came: gzip, zip, or packed by inkan; `day` (of 1970) is that of
-- the import, by which they are removed.  Large ones have several parts.
CREATE TABLE original (
	domain TEXT NOT NULL,
	report INTEGER NOT NULL,
	n INTEGER NOT NULL,
	day INTEGER NOT NULL,
	octets BLOB NOT NULL,
	PRIMARY KEY (domain, report, n)
);
CREATE INDEX original_day ON original (day);
