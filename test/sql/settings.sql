-- Each setting, its unit, its limits, and what is out of them.
SELECT name, setting, unit, vartype, context, min_val, max_val, enumvals, boot_val
FROM pg_settings WHERE name LIKE 'clipperf.%' ORDER BY name COLLATE "C";
SELECT name FROM pg_settings WHERE name LIKE 'clipperf.%' AND coalesce(short_desc, '') = '';

-- Out of range, or not of the kind.
\set VERBOSITY sqlstate
SET clipperf.track = 'some';
SET clipperf.enabled = 'maybe';
SET clipperf.lineage = 2;
SET clipperf.nplusone_min_children = 1;
SET clipperf.nplusone_min_children = 1001;
SET clipperf.nplusone_window = '9ms';
SET clipperf.nplusone_window = '2min';
SET clipperf.nplusone_window = '5 apples';
SET clipperf.seqscan_min_rows = 0;
SET clipperf.tables = 'a,,b';
SET clipperf.tables = '"unterminated';
ALTER SYSTEM SET clipperf.max_statements = 99;
ALTER SYSTEM SET clipperf.max_statements = 100001;
ALTER SYSTEM SET clipperf.text_memory = '1023kB';
ALTER SYSTEM SET clipperf.text_memory = '2GB';
ALTER SYSTEM SET clipperf.save_interval = -1;

-- Not in a running server.
SET clipperf.max_statements = 200;
SET clipperf.text_memory = '8MB';
SET clipperf.save_interval = '1min';

-- Names that do not exist.
SET clipperf.no_such_setting = 1;

-- Nothing of that has changed anything.
SELECT count(*) FROM pg_settings WHERE name LIKE 'clipperf.%' AND source = 'session';

-- Within limits, with units.
SET clipperf.nplusone_window = '1min';
SHOW clipperf.nplusone_window;
SET clipperf.nplusone_window = 10;
SHOW clipperf.nplusone_window;
SET clipperf.tables = 'clips, public.votes, "Odd, name"';
SHOW clipperf.tables;
SET clipperf.tables = '*';
SET clipperf.tables = '';
SHOW clipperf.tables;
RESET ALL;
