-- As schema/sqlite/007-blocks.sql.
-- Rows of aggregate reports, up to 512 in a text (src/store/block.h), instead of
-- the table record.  And no table traffic: packs have its sums.
CREATE TABLE record_block (
	domain TEXT NOT NULL,
	report BIGINT NOT NULL,
	n BIGINT NOT NULL, -- of the first row; they are counted from 1
	rows BIGINT NOT NULL,
	entries TEXT NOT NULL,
	PRIMARY KEY (domain, report, n)
);
DROP TABLE traffic;
