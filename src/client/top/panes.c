/*-------------------------------------------------------------------------
 *
 * panes.c
 *	  What clipperf top shows: the panes, their columns, and what is told of a row that is opened.
 *
 * All of it comes from the documented views.  In the queries %1$s is the schema of the extension.
 *
 *-------------------------------------------------------------------------
 */
#include "top/top.h"

/* Bytes of a query text in a list: more than any terminal shows of it. */
#define LISTED "300"

/* Views of all databases are read for this one. */
#define HERE "datname = current_database()"

/* A number of milliseconds for people. */
#define ROUNDED(ms) "round((" ms ")::numeric, 2)"

/*
 * What is told of a row that was opened: a query for the texts, in which "o" is the row, with its key, queryid and route.
 * A route has no queryid, and its key is its name.
 */
static const OpenedSection statement_text = {"statement",
	"SELECT q.query FROM %1$s.clipperf_queries AS q, o WHERE q.queryid = o.queryid AND q." HERE
	" AND q.query IS NOT NULL LIMIT 1"
};

static const OpenedSection statement_counters = {"since it was first seen",
	"SELECT string_agg(format('%%s: calls %%s, errors %%s, rows %%s, %%s ms in all, mean %%s ms, p50 %%s, p95 %%s, p99 %%s,"
	" max %%s, blocks found in memory %%s, read %%s', coalesce('route ' || nullif(q.route, ''), 'no route'), q.calls,"
	" q.errors, q.rows, " ROUNDED("q.total_ms") ", " ROUNDED("q.mean_ms") ", " ROUNDED("q.p50_ms") ", "
	ROUNDED("q.p95_ms") ", " ROUNDED("q.p99_ms") ", " ROUNDED("q.max_ms") ", q.shared_blks_hit, q.shared_blks_read),"
	" E'\n' ORDER BY q.total_ms DESC)"
	" FROM %1$s.clipperf_queries AS q, o WHERE q.queryid = o.queryid AND q." HERE
};

static const OpenedSection statement_plans = {"plan",
	"SELECT format(E'calls %%s, mean %%s ms, p95 %%s ms, last used %%s\n%%s', p.calls, " ROUNDED("p.mean_ms") ", "
	ROUNDED("p.p95_ms") ", date_trunc('second', p.last_seen), p.outline)"
	" FROM %1$s.clipperf_plans AS p, o WHERE p.queryid = o.queryid ORDER BY p.last_seen DESC"
};

static const OpenedSection statement_waits = {"waits",
	"SELECT string_agg(format('%%s%%s %%s%%s: about %%s ms', nullif(w.state, 'active') || ', ', w.wait_event_type,"
	" nullif(w.wait_event, w.wait_event_type), ', held by ' || w.held_by, " ROUNDED("w.total_ms") "),"
	" E'\n' ORDER BY w.total_ms DESC)"
	" FROM %1$s.clipperf_waits AS w, o WHERE w.queryid = o.queryid AND w." HERE
};

/* Loops that a statement, or one of a route, is part of. */
static const OpenedSection loops = {"loop",
	"SELECT concat_ws(E'\n', format('%%s: loops %%s, lookups %%s, in the longest %%s, %%s ms', n.confidence, n.loops,"
	" n.children, n.max_children, " ROUNDED("n.child_ms") "), 'for each row of: ' || n.parent_query,"
	" 'runs: ' || n.child_query, 'sent at: ' || n.source_location, 'instead: ' || n.suggestion, n.no_suggestion)"
	" FROM %1$s.clipperf_n_plus_one AS n, o"
	" WHERE o.queryid IN (n.parent_queryid, n.child_queryid) OR (o.queryid IS NULL AND coalesce(n.route, '') = o.key)"
};

/* Findings about a statement, or those of a route. */
static const OpenedSection fixes = {"fix",
	"SELECT concat_ws(E'\n', format('%%s %%s%%s%%s: %%s', f.severity, f.kind, ' on ' || f.relation::text,"
	" ' (saves ' || f.saves || ')', f.summary), f.fix, f.evidence) FROM %1$s.clipperf_findings() AS f, o"
	" WHERE f.queryid = o.queryid OR (o.queryid IS NULL AND f.queryid IN"
	" (SELECT q.queryid FROM %1$s.clipperf_queries AS q WHERE coalesce(q.route, '') = o.key))"
};

static const OpenedSection route_counters = {"route, since it was first seen",
	"SELECT format(E'%%s: requests %%s, %%s ms in the database, p50 %%s ms, p95 %%s, p99 %%s, max %%s\n"
	"statements %%s, per request %%s, at most %%s, in loops %%s; errors %%s, in requests %%s',"
	" coalesce(nullif(r.route, ''), '(none)'), r.requests, " ROUNDED("r.total_ms") ", " ROUNDED("r.p50_ms") ", "
	ROUNDED("r.p95_ms") ", " ROUNDED("r.p99_ms") ", " ROUNDED("r.max_ms") ", r.statements, " ROUNDED("r.statements_mean")
	", r.statements_max, r.loop_statements, r.errors, r.failed)"
	" FROM %1$s.clipperf_routes AS r, o WHERE coalesce(r.route, '') = o.key AND r." HERE
};

static const OpenedSection route_statements = {"statements that take most time",
	"SELECT string_agg(format('%%s ms, calls %%s: %%s', " ROUNDED("q.total_ms") ", q.calls, left(q.query, " LISTED ")),"
	" E'\n' ORDER BY q.total_ms DESC) FROM (SELECT q.* FROM %1$s.clipperf_queries AS q, o"
	" WHERE coalesce(q.route, '') = o.key AND q." HERE " ORDER BY q.total_ms DESC LIMIT 10) AS q"
};

/* What tells one wait from the others in its pane. */
#define WAIT_KEY "concat_ws('|', w.state, w.wait_event_type, w.wait_event, coalesce(w.route, '-'), w.held_by)"

static const OpenedSection waiting_statements = {"who waits, since it counts",
	"SELECT string_agg(format('about %%s ms: %%s', " ROUNDED("w.total_ms") ","
	" left(coalesce(w.query, '(not known)'), " LISTED ")), E'\n' ORDER BY w.total_ms DESC)"
	" FROM (SELECT w.* FROM %1$s.clipperf_waits AS w, o WHERE w." HERE " AND " WAIT_KEY " = o.key"
	" ORDER BY w.total_ms DESC LIMIT 20) AS w"
};

static const OpenedSection session_now = {"session",
	"SELECT format(E'process %%s, role %%s, %%s for %%s ms%%s%%s\nrequest of %%s: %%s ms, statements %%s\n%%s', a.pid,"
	" a.usename, a.state, " ROUNDED("a.state_ms") ", ', waits for ' || a.wait_event_type || ' ' || a.wait_event,"
	" ', blocked by ' || array_to_string(a.blocking_pids, ', '), coalesce(nullif(a.route, ''), 'no route'), "
	ROUNDED("a.request_ms") ", a.statements, a.query) FROM %1$s.clipperf_activity AS a, o WHERE a.pid::text = o.key"
};

static const OpenedSection job_state = {"job",
	"SELECT concat_ws(E'\n', format('job %%s: %%s %%s on %%s, %%s since %%s', j.job, j.action, j.index_name, j.relation,"
	" j.state, date_trunc('second', j.changed_at)), j.ddl, 'phase: ' || j.phase, 'waits for: ' || j.waits_for,"
	" 'reason: ' || j.reason, 'made by ' || j.made_by || ' at ' || date_trunc('second', j.made_at))"
	" FROM %1$s.clipperf_jobs AS j, o WHERE j.job::text = o.key"
};

static const OpenedSection job_result = {"what was measured",
	"SELECT jsonb_pretty(j.result) FROM %1$s.clipperf_jobs AS j, o WHERE j.job::text = o.key"
};

const Pane	top_panes[TOP_PANES] = {
	{
		"routes", "routes",
		"SELECT coalesce(r.route, '') AS key, NULL AS queryid, coalesce(nullif(r.route, ''), '(none)') AS shown_route,"
		" r.route, r.requests, r.total_ms, r.statements, r.loop_statements, r.errors FROM %1$s.clipperf_routes AS r WHERE r." HERE,
		{&route_counters, &route_statements, &loops, &fixes},
		"requests",
		{
			{"load", 7, MEASURE_PER_SECOND, "total_ms", NULL, 0.001, "requests that are in the database at a time"},
			{"req/s", 8, MEASURE_PER_SECOND, "requests", NULL, 1, "requests that ended, per second"},
			{"ms/req", 8, MEASURE_PER_FIELD, "total_ms", "requests", 1, "time in the database, per request"},
			{"stmt/req", 9, MEASURE_PER_FIELD, "statements", "requests", 1, "statements per request"},
			{"loop%", 7, MEASURE_PER_FIELD, "loop_statements", "statements", 100,
			"share of the statements that belong to a loop: an N+1 pattern"},
			{"err/s", 7, MEASURE_PER_SECOND, "errors", NULL, 1, "errors per second"},
			{"route", 0, MEASURE_TEXT, "shown_route", NULL, 0, "the part of the application"}
		}
	},
	{
		"statements", "statements",
		"SELECT concat_ws(' ', q.userid, q.queryid, q.toplevel, q.route) AS key, q.queryid, q.route, q.calls,"
		" q.rows, q.total_ms, q.shared_blks_hit + q.shared_blks_read AS blocks, left(q.query, " LISTED ") AS query"
		" FROM %1$s.clipperf_queries AS q WHERE q." HERE,
		{&statement_text, &statement_counters, &statement_plans, &statement_waits, &loops, &fixes},
		"calls",
		{
			{"load", 7, MEASURE_PER_SECOND, "total_ms", NULL, 0.001, "executions that run at a time"},
			{"calls/s", 8, MEASURE_PER_SECOND, "calls", NULL, 1, "executions that ended, per second"},
			{"ms/call", 8, MEASURE_PER_FIELD, "total_ms", "calls", 1, "time per execution"},
			{"rows", 7, MEASURE_PER_FIELD, "rows", "calls", 1, "rows per execution"},
			{"blocks", 8, MEASURE_PER_FIELD, "blocks", "calls", 1, "blocks per execution, in memory or read"},
			{"route", 12, MEASURE_TEXT, "route", NULL, 0, "the part of the application that sends it"},
			{"statement", 0, MEASURE_TEXT, "query", NULL, 0, "its text"}
		}
	},
	{
		"waits", "waits",
		"SELECT " WAIT_KEY " AS key,"
		" NULL AS queryid, w.route, w.held_by, sum(w.total_ms) AS total_ms,"
		" CASE w.state WHEN 'active' THEN w.wait_event_type ELSE 'idle in tx' END AS type, w.wait_event AS event"
		" FROM %1$s.clipperf_waits AS w WHERE w.state <> 'clipperf' AND w." HERE
		" GROUP BY w.state, w.wait_event_type, w.wait_event, w.route, w.held_by",
		{&waiting_statements},
		"total_ms",
		{
			{"sessions", 9, MEASURE_PER_SECOND, "total_ms", NULL, 0.001, "sessions that are so at a time, from samples"},
			{"type", 10, MEASURE_TEXT, "type", NULL, 0, "kind of wait; CPU for none; idle in tx: in a transaction, without a statement"},
			{"event", 20, MEASURE_TEXT, "event", NULL, 0, "what they wait for, as in pg_stat_activity"},
			{"held by", 12, MEASURE_TEXT, "held_by", NULL, 0, "route of the session that holds the lock"},
			{"route", 0, MEASURE_TEXT, "route", NULL, 0, "route of those that wait"}
		}
	},
	{
		"activity", "in flight",
		"SELECT a.pid AS key, a.queryid, a.route, a.pid, a.request_ms, a.statements, a.state, a.state_ms,"
		" coalesce('Lock by ' || array_to_string(a.blocking_pids, ','), a.wait_event) AS wait, left(a.query, " LISTED ") AS query"
		" FROM %1$s.clipperf_activity AS a WHERE a." HERE,
		{&session_now, &statement_text, &statement_counters, &statement_plans, &statement_waits, &loops, &fixes},
		NULL,
		{
			{"ms", 9, MEASURE_NOW, "request_ms", NULL, 1, "age of the request"},
			{"pid", 8, MEASURE_NOW, "pid", NULL, 1, "process of the session"},
			{"stmts", 6, MEASURE_NOW, "statements", NULL, 1, "statements of the request that have ended"},
			{"state", 8, MEASURE_TEXT, "state", NULL, 0, "state of the session, as in pg_stat_activity"},
			{"for ms", 8, MEASURE_NOW, "state_ms", NULL, 1, "since when it is in this state"},
			{"waits for", 14, MEASURE_TEXT, "wait", NULL, 0, "what it waits for, and the processes that hold the lock"},
			{"route", 10, MEASURE_TEXT, "route", NULL, 0, "the part of the application"},
			{"statement", 0, MEASURE_TEXT, "query", NULL, 0, "what runs, or ran last"}
		}
	},
	{
		"jobs", "jobs",
		"SELECT j.job AS key, NULL AS queryid, NULL AS route, j.job, j.action, j.state, 100 * j.done_share AS done,"
		" j.remaining_ms, j.index_name, coalesce(j.waits_for, j.reason) AS why FROM %1$s.clipperf_jobs AS j",
		{&job_state, &job_result},
		NULL,
		{
			{"job", 7, MEASURE_NOW, "job", NULL, 1, "its number"},
			{"action", 8, MEASURE_TEXT, "action", NULL, 0, "what it does"},
			{"state", 10, MEASURE_TEXT, "state", NULL, 0, "how far it is"},
			{"done%", 6, MEASURE_NOW, "done", NULL, 1, "share of the build that is done"},
			{"left s", 8, MEASURE_NOW, "remaining_ms", NULL, 0.001, "time that the build still takes"},
			{"index", 24, MEASURE_TEXT, "index_name", NULL, 0, "the index"},
			{"why", 0, MEASURE_TEXT, "why", NULL, 0, "what it waits for, or why it is so"}
		}
	}
};
