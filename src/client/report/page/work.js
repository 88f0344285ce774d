/*
 * What to change: loops, scans, indexes, and what became of them.
 */

/* Loops over one list: those of the same parent query and route. */
function lists() {
	const found = new Map();
	for (const row of report.loops) {
		const key = row.route + "\n" + row.parent_queryid;
		found.set(key, [...(found.get(key) || []), row]);
	}
	return [...found.values()];
}

/* One statement that runs for each row. */
function child(row, number_of) {
	const name = "child " + number_of;
	return make("div", { class: "child" },
		make("p", {}, row.relation ? ["reads or writes ", make("strong", {}, bare_name(row.relation)), ": "] : null,
			row.parent_column && row.child_parameter ? [make("code", {}, row.parent_column), " becomes ", make("code", {}, row.child_parameter), "; "] : null,
			plural(row.max_children, "statement"), " for one list at most, ", number(row.children), " in ", plural(row.loops, "list"), ", ",
			duration(row.cost_ms), " in all, ", duration(row.roundtrip_ms), " of it round trips"),
		row.child_query ? code(row.child_query, name) : null,
		row.source_location ? make("p", { class: "small" }, "Sent from ", make("code", {}, row.source_location)) : null,
		row.function ? make("p", { class: "small" }, "In function ", make("code", {}, row.function)) : null,
		row.suggestion ? [make("p", { class: "label" }, "Instead, once for the whole list"), code(row.suggestion, "the rewrite of " + name)]
			: row.no_suggestion ? make("p", { class: "small soft" }, "No single statement: " + row.no_suggestion) : null);
}

/* One list and all that runs for its rows. */
function list(rows, place) {
	const statements = rows.reduce((sum, row) => sum + row.children / Math.max(1, row.loops), 0);
	const suspected = rows.every((row) => row.confidence !== "proven");
	const first = rows[0];
	return findable(make("article", { class: "card" },
		make("div", { class: "head" },
			make("h3", {}, route_name(first.route) + ": 1 + " + number(Math.round(statements)) + " statements for a list"),
			badge(suspected ? "suspected" : "proven", suspected ? "warning" : "info"),
			make("span", { class: "badge" }, duration(rows.reduce((sum, row) => sum + row.cost_ms, 0))),
			first.framework ? make("span", { class: "badge" }, first.framework) : null),
		make("p", { class: "label" }, "For each row of"),
		first.parent_query ? code(first.parent_query, "list " + place) : make("p", { class: "soft" }, "a list that is not known"),
		make("p", { class: "label" }, rows.length === 1 ? "this statement runs" : "these statements run"),
		rows.map((row, i) => child(row, place + "." + (i + 1)))));
}

function show_loops() {
	const found = lists();

	if (found.length === 0) {
		return;
	}
	section("loops", "N+1 patterns", found.length,
		"Lists for each of whose rows the application sends further statements: proven, where the values of the rows are those of the parameters." + bound_of("loops", "clipperf_n_plus_one"),
		found.map((rows, i) => list(rows, i + 1)));
}

/* Costs before and after, as bars. */
function costs(row) {
	const most = Math.max(row.cost_before, row.cost_after);
	function line(name, value, kind) {
		const bar = make("span", { class: "bar " + kind, "aria-hidden": "true" });
		bar.style.width = Math.max(1, 100 * value / most) + "%";
		return [make("span", {}, name), bar, make("span", { class: "number" }, number(value))];
	}
	return is_missing(row.cost_before) || is_missing(row.cost_after) ? [] : [
		make("span", { class: "costs" }, line("before", row.cost_before, "before"), line("after", row.cost_after, "after")),
		make("span", { class: "small soft" }, [change(row.mean_before_ms, row.mean_after_ms, duration),
				change(row.blocks_before, row.blocks_after, (blocks) => (is_missing(blocks) ? "" : number(Math.round(blocks)) + " blocks"))]
				.filter((one) => one !== "").join(", "))];
}

function show_scans() {
	if (report.scans.length === 0) {
		return;
	}
	/* The index that is recommended for the statement on this table, if there is one. */
	const advice = (row) => report.recommendations.find((one) => one.action === "create" && one.relation === row.relation &&
		(one.queryids || []).includes(row.queryid));

	section("scans", "Scans that read much and use little", report.scans.length,
		"Tables that are read from end to end, by the time that it takes. Numbers of rows are estimates where only some executions were counted." + bound_of("scans", "clipperf_seq_scans"),
		table("Scans, by their time", [
			{ key: "relation", title: "table", name: true },
			{ key: "relation_bytes", title: "size", number: true, show: size },
			{ key: "rows_read", title: "rows read", ...counted, bar: true },
			{ key: "rows_kept", title: "rows used", ...counted },
			{ key: "executions", title: "executions", ...counted },
			{ key: "total_ms", title: "time", ...milliseconds, bar: true },
			{ key: "filter_columns", title: "filtered by", show: (value) => (value || []).join(", ") },
			{ title: "index that helps", node: (row) => (advice(row) ? [make("code", {}, advice(row).index_name), costs(advice(row))] : []) },
			{ key: "query", title: "statement", ...sql },
		], report.scans));
}

/* One recommendation: what to run, why, and what it costs and saves. */
function recommendation(row) {
	return findable(make("article", { class: "card" },
		make("div", { class: "head" },
			make("h3", {}, (row.action === "create" ? "Build " : "Drop ") + row.index_name + (row.relation ? " on " + bare_name(row.relation) : "")),
			is_missing(row.benefit_share) || row.benefit_share <= 0 ? null : badge("saves " + share(row.benefit_share), "ok"),
			row.write_cost_share > 0 ? badge("write overhead " + share(row.write_cost_share), "plain") : null,
			is_missing(row.size_bytes) ? null : badge(size(row.size_bytes), "plain")),
		make("div", { class: "advice" },
			make("div", {}, code(row.ddl, "index " + row.index_name), row.reason ? make("p", { class: "small" }, row.reason) : null),
			make("div", {}, costs(row)))));
}

function show_indexes() {
	if (report.recommendations.length === 0) {
		return;
	}
	section("indexes", "Indexes to build and to drop", report.recommendations.length,
		"For the whole workload, judged by the planner with real parameters, less what each write pays. Cost is the planner's, time and blocks are those of one call of the statements that are served; what comes after is estimated." + bound_of("recommendations", "clipperf_recommendations"),
		report.recommendations.map(recommendation));
}

const arrow = " \u2192 ";

/* What a statement did before and after. */
function change(before, after, show) {
	return is_missing(before) && is_missing(after) ? "" : (show(before) || "-") + arrow + (show(after) || "-");
}

/* One job, with the statements by which it was judged. */
function job(row) {
	return findable(make("article", { class: "card" },
		make("div", { class: "head" }, make("h3", {}, "Job " + row.job + ": " + row.action + " " + (row.index_name || "")),
			badge(row.state), make("span", { class: "small soft" }, "since " + time(row.changed_at))),
		row.reason ? make("p", {}, row.reason) : null,
		row.ddl ? code(row.ddl, "job " + row.job) : null,
		row.statements && row.statements.length > 0 ? drawer(plural(row.statements.length, "statement") + " by which it was judged", () =>
			table("Statements of job " + row.job, [
				{ key: "route", title: "route" },
				{ key: "judgement", title: "result" },
				{ key: "p95_after_ms", title: "p95", number: true, show: (value, one) => change(one.p95_before_ms, value, duration) },
				{ key: "blocks_after", title: "blocks per call", number: true, show: (value, one) => change(one.blocks_before, value, number) },
				{ key: "calls_after", title: "calls since", ...counted },
				{ key: "statement", title: "statement", ...sql },
			], row.statements, true)) : null));
}

function show_jobs() {
	if (report.jobs.length === 0) {
		return;
	}
	section("jobs", "Indexes that were built and dropped", report.jobs.length,
		"Each stays if the statements that it touches were measured to be faster." + bound_of("jobs", "clipperf_jobs"), report.jobs.map(job));
}

function show_comparison() {
	const comparison = report.comparison;
	const titles = { everything: "All requests", endpoint: "Endpoints", route: "Routes", statement: "Statements that changed", finding: "Findings that changed" };

	if (is_missing(comparison)) {
		return;
	}
	section("comparison", "Before and after", null,
		"Period " + comparison.before + " compared with " + comparison.after + ". Unsure means that the figures vary too much to say.",
		make("ul", { class: "impact" }, comparison.impact.map((row) => make("li", { class: "tile" },
			make("span", { class: "figure" }, row.change || "-"),
			make("span", { class: "name" }, row.unit), " ", badge(row.result || "-"),
			make("p", { class: "small" }, (is_missing(row.value_before) ? "-" : number(row.value_before)) + arrow +
				(is_missing(row.value_after) ? "-" : number(row.value_after)))))),
		["endpoint", "route", "statement", "finding"].map(function (kind) {
			const rows = comparison.rows.filter((row) => row.kind === kind);
			const is_finding = kind === "finding";
			return rows.length === 0 ? null : [make("p", { class: "label" }, titles[kind]), table(titles[kind] + ", before and after", [
				{ key: "name", title: kind, name: true, show: (value) => value || "(no route)" },
				{ key: "result", title: "result", node: (row) => badge(row.result) },
				...(is_finding ? [] : [
					{ key: "calls", title: kind === "statement" ? "calls" : "requests" },
					{ key: "p50_ms", title: "p50 ms" },
					{ key: "p95_ms", title: "p95 ms" },
					{ key: "p99_ms", title: "p99 ms" },
					...(kind === "statement" ? [{ key: "blocks", title: "blocks" }] : [{ key: "statements", title: "statements" }]),
				]),
			], rows)];
		}).flat().filter((one) => one !== null));
}
