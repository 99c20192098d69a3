-- Sums of the records by day and source in short texts, of all mail and by
-- reporter: src/store/pack.h.  What a report brings waits in pack_new until much
-- of it is merged into pack; both together are the sums.
CREATE TABLE pack (
	domain TEXT NOT NULL,
	kind INTEGER NOT NULL, -- 0 all mail, 1 of a reporter
	org TEXT NOT NULL, -- empty with kind 0
	day INTEGER NOT NULL, -- of 1970
	n INTEGER NOT NULL,
	first_ip TEXT NOT NULL,
	last_ip TEXT NOT NULL,
	entries TEXT NOT NULL,
	PRIMARY KEY (domain, kind, org, day, n, first_ip, last_ip)
);

CREATE TABLE pack_new (
	domain TEXT NOT NULL,
	report INTEGER NOT NULL,
	n INTEGER NOT NULL,
	org TEXT NOT NULL,
	begin_time INTEGER NOT NULL,
	end_time INTEGER NOT NULL,
	parts INTEGER NOT NULL,
	entries TEXT NOT NULL,
	PRIMARY KEY (domain, report, n)
);
