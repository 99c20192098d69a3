-- All of it is in record_block.
DROP TABLE record;
