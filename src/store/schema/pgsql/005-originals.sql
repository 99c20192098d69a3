-- As schema/sqlite/005-originals.sql.
-- Reports as they came: gzip, zip, or packed by inkan; `day` (of 1970) is that of
-- the import, by which they are removed.  Large ones have several parts.
CREATE TABLE original (
	domain TEXT NOT NULL,
	report BIGINT NOT NULL,
	n BIGINT NOT NULL,
	day BIGINT NOT NULL,
	octets BYTEA NOT NULL,
	PRIMARY KEY (domain, report, n)
);
CREATE INDEX original_day ON original (day);
ALTER TABLE original ALTER COLUMN octets SET STORAGE EXTERNAL; -- packed already
