-- Statistics for bench-selection that are the same every time: ANALYZE reads 300 rows for each unit of the largest
-- statistics target of a table, so that one column with a large one makes it read all rows instead of some at random.
SELECT format('ALTER TABLE %s ALTER COLUMN %I SET STATISTICS 2000', c.oid::regclass, a.attname)
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = 1
WHERE c.relkind = 'r' AND c.relnamespace IN (SELECT n::regnamespace FROM unnest('{public,orders,trade,star,many}'::text[]) AS n WHERE to_regnamespace(n) IS NOT NULL)
  AND c.relname NOT LIKE 'clipperf%'
ORDER BY c.oid \gexec
VACUUM ANALYZE;
