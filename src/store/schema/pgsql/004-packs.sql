-- As schema/sqlite/004-packs.sql.
-- Sums of the records by day and source in short texts, of all mail and by
-- reporter: src/store/pack.h.  What a report brings waits in pack_new until much
-- of it is merged into pack; both together are the sums.
CREATE TABLE pack (
	domain TEXT NOT NULL,
	kind BIGINT NOT NULL, -- 0 all mail, 1 of a reporter
	org TEXT NOT NULL, -- empty with kind 0
	day BIGINT NOT NULL, -- of 1970
	n BIGINT NOT NULL,
	first_ip TEXT COLLATE "C" NOT NULL,
	last_ip TEXT COLLATE "C" NOT NULL,
	entries TEXT NOT NULL,
	PRIMARY KEY (domain, kind, org, day, n, first_ip, last_ip)
);

CREATE TABLE pack_new (
	domain TEXT NOT NULL,
	report BIGINT NOT NULL,
	n BIGINT NOT NULL,
	org TEXT NOT NULL,
	begin_time BIGINT NOT NULL,
	end_time BIGINT NOT NULL,
	parts BIGINT NOT NULL,
	entries TEXT NOT NULL,
	PRIMARY KEY (domain, report, n)
);
-- it stays for a short time: packing it would cost more than it takes
ALTER TABLE pack_new ALTER COLUMN entries SET STORAGE EXTERNAL;
