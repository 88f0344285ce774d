-- What the advisor can and cannot plan again.

CREATE FUNCTION @extschema@.clipperf_workload(
    min_calls bigint DEFAULT 1, since timestamptz DEFAULT NULL, queryids bigint[] DEFAULT NULL,
    OUT queryid bigint, OUT usename name, OUT calls bigint, OUT total_ms double precision,
    OUT share double precision, OUT tables regclass[], OUT variants int, OUT drawn int,
    OUT plan_cost double precision, OUT problem text, OUT query text)
RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'clipperf_read_workload';
COMMENT ON FUNCTION @extschema@.clipperf_workload(bigint, timestamptz, bigint[]) IS
'statements of this database that the advisor considers, planned again as the role that ran them, with at least min_calls calls, seen since that time, or with these queryids: queryid; usename: role that ran it; calls and total_ms (milliseconds) over all routes; share of the time of all statements listed, 0..1; tables it reads or writes; variants: ways to plan it, from samples of its parameters; drawn: of these, with a value from statistics that no sample has; plan_cost: the planner''s cost of one call, weighted over the variants; problem: why it cannot be planned again, NULL if it can; query: its normalized query text. You see your own statements, members of pg_read_all_stats all';
