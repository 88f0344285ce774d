/*
 * What to do first: findings in plain words, and the figures at the top.
 */

/* For each kind of finding: what to do about a table, where, and what it means. */
const kinds = {
	n_plus_one: {
		act: (table, row) => "Ask for " + words_of(looped_tables(row, table)) + " once for the whole list" + place_of(row),
		where: "in the application",
		means: "After reading a list, the application sends the same statement again for each of its rows. Each is fast, but every one costs a round trip: send one statement for all rows.",
	},
	seq_scan: {
		act: (table, row) => scan_action(table, row, "an index"),
		where: "in the database",
		means: "The statement reads the whole table and throws most of it away.",
	},
	index_scan: {
		act: (table, row) => scan_action(table, row, "a better index"),
		where: "in the database",
		means: "The index that is used leads to many rows, nearly all of which are thrown away.",
	},
	temp_spill: {
		act: () => "Let a sort fit into memory",
		where: "in the database",
		means: "Sorts or hashes do not fit into work_mem, and are written to disk.",
	},
	cacheable: {
		act: () => "Keep a result instead of asking again",
		where: "in the application",
		means: "The same question is asked again and again, and its answer is the same.",
	},
	slow_plan: {
		act: () => "Prepare a statement once",
		where: "in the application",
		means: "Planning the statement takes longer than running it.",
	},
	plan_changed: {
		act: () => "Find out why a plan changed",
		where: "in the database",
		means: "The server runs the statement in another way than before, and that is slower.",
	},
	bad_estimate: {
		act: (table) => "Help the planner to estimate " + (table || "rows"),
		where: "in the database",
		means: "The planner expects far fewer or more rows than there are, and chooses a plan for those.",
	},
	slo_breach: {
		act: (table, row) => "Endpoint " + row.summary.slice(0, row.summary.lastIndexOf(": ")) + " misses an objective",
		where: "in the application or the database",
		means: "What to do about it are the fixes of the findings that are named.",
	},
	missing_index: {
		act: (table) => "Build an index on " + (table || "a table"),
		where: "in the database",
		means: "An index would pay for itself, its write overhead included.",
	},
	redundant_index: {
		act: (table) => "Drop an index of " + (table || "a table") + " that is there twice",
		where: "in the database",
		means: "Another index does all that this one does; each write pays for both.",
	},
	unused_index: {
		act: (table) => "Drop an index of " + (table || "a table") + " that nothing uses",
		where: "in the database",
		means: "Each write pays for the index, and no statement reads it.",
	},
};

/* What to do about a scan: an index is not the answer to each. */
function scan_action(table, row, index) {
	const fix = row.fix || "";
	if (fix.includes("clipperf_recommend(")) {
		return "Ask the advisor for " + index + " on " + (table || "a table");
	}
	if (fix.startsWith("-- no index")) {
		return "Let a statement read less of " + (table || "a table") + ": no index pays for it";
	}
	return fix.startsWith("--") ? "Look at a scan of " + (table || "a table") : "Give " + (table || "a table") + " " + index;
}

/* The loop that a finding is about: of those with its statement, the one whose route the evidence names. */
const loop_of = (row) => report.loops.find((loop) => loop.child_queryid === row.queryid && row.evidence !== null &&
	row.evidence.includes(" of " + loop.route + ":"));

/* Where it runs. */
function place_of(row) {
	const loop = loop_of(row);
	return loop && loop.route ? " in " + loop.route : "";
}

/* The tables of all statements that run for the rows of this list. */
function looped_tables(row, table) {
	const loop = loop_of(row);
	const tables = loop ? report.loops.filter((one) => one.route === loop.route && one.parent_queryid === loop.parent_queryid)
		.map((one) => bare_name(one.relation)) : [table];
	return [...new Set(tables.map((one) => one || "the rows"))];
}

/* Words as a list in a sentence. */
const words_of = (words) => (words.length < 2 ? words.join("") : words.slice(0, -1).join(", ") + " and " + words[words.length - 1]);

const bare_name = (relation) => (relation ? relation.replace(/^public\./, "") : null);

/* What to do about a finding. */
function action(row) {
	const kind = kinds[row.kind];
	return kind ? kind.act(bare_name(row.relation), row) : row.kind.replaceAll("_", " ") + (row.relation ? " on " + bare_name(row.relation) : "");
}

/* What is wrong, as a sentence; that of an objective begins with the name of its endpoint. */
function sentence(row) {
	const words = row.kind === "slo_breach" ? row.summary.slice(row.summary.lastIndexOf(": ") + 2) : row.summary;
	return words[0].toUpperCase() + words.slice(1) + ".";
}

/* The time that a fix saves, unless there is nothing to say about it. */
const saved = (row) => (row.saves && row.saves !== "-" ? row.saves : null);

/* One finding, with all that is known of it: of those that matter most, all is shown at once. */
function finding(row) {
	const kind = kinds[row.kind];
	const is_comment = row.fix && row.fix.split("\n").every((line) => line.startsWith("--"));
	const evidence = row.evidence ? make("p", { class: "evidence small" }, row.evidence) : null;
	const fix = row.fix ? [make("p", { class: "label" }, is_comment ? "What to know" : "Fix"), code(row.fix, "finding " + row.rank)] : null;
	return findable(make("article", { class: "card finding " + row.severity, id: "finding-" + row.rank },
		make("div", { class: "head" },
			make("h3", {}, row.rank + ". " + action(row)),
			badge(row.severity),
			saved(row) ? make("span", { class: "badge" }, "saves " + saved(row)) : null),
		row.summary ? make("p", {}, make("strong", {}, sentence(row)), " ", kind ? kind.means : "") : null,
		row.severity === "info" || row.kind === "slo_breach"
			? make("details", {}, make("summary", {}, "Figures and fix"), evidence, fix)
			: [fix, evidence ? make("details", {}, make("summary", {}, "Figures that show it"), evidence) : null],
		make("p", { class: "soft small" }, make("code", {}, row.kind), row.relation ? " on " + row.relation : "",
			row.first_seen ? ", seen " + time(row.first_seen) + " to " + time(row.last_seen) : "")));
}

/* Are there more findings than are shown? */
const is_cut = () => report.totals.findings > report.findings.length;

/* A figure at the top. */
function tile(name, figure, kind) {
	return make("li", { class: "tile " + (kind || "") }, make("span", { class: "figure" }, figure), make("span", { class: "name" }, name));
}

/* The figures at the top. */
function tiles() {
	const severe = report.findings.filter((row) => row.severity !== "info");
	const missed = report.endpoints.filter((row) => row.state === "critical" || row.state === "warning" ||
		[row.time_met, row.errors_met, row.throughput_met, row.statements_met].includes(false));
	const requests = report.routes.reduce((sum, row) => sum + row.requests, 0);
	const spent = report.routes.reduce((sum, row) => sum + row.total_ms, 0);
	const statements = report.routes.reduce((sum, row) => sum + row.requests * row.statements_mean, 0);
	return make("ul", { class: "tiles" },
		tile("to fix", number(severe.length) + (is_cut() && severe.length === report.findings.length ? "+" : ""), severe.some((row) => row.severity === "critical") ? "critical" : severe.length > 0 ? "warning" : "good"),
		report.endpoints.length > 0 ? tile("objectives met", (report.endpoints.length - missed.length) + " of " + report.endpoints.length,
			missed.length === 0 ? "good" : missed.some((row) => row.state === "critical") ? "critical" : "warning") : null,
		requests > 0 ? tile("requests", number(requests)) : null,
		requests > 0 ? tile("statements per request", number(statements / requests)) : null,
		spent > 0 ? tile("time in the database", duration(spent)) : null);
}

/* The three findings whose fixes save most, as a list of things to do. */
function to_do() {
	const rows = report.findings.filter((row) => row.severity !== "info" && row.kind !== "slo_breach").slice(0, 3);
	return rows.length === 0 ? null : make("ol", { class: "card first" }, rows.map((row) => make("li", {},
		saved(row) ? make("span", { class: "saves" }, "saves " + saved(row)) : null,
		make("a", { href: "#finding-" + row.rank }, action(row)), " ",
		make("span", { class: "soft" }, kinds[row.kind] ? kinds[row.kind].where : ""),
		make("p", { class: "small soft" }, row.summary ? sentence(row) : ""))));
}

/* The endpoints that miss an objective, with their findings. */
function missed_objectives() {
	const rows = report.findings.filter((row) => row.kind === "slo_breach");
	return rows.length === 0 ? null : make("p", {}, make("strong", {}, plural(rows.length, "endpoint misses", "endpoints miss") + " an objective: "),
		rows.map((row, i) => [i > 0 ? ", " : null, make("a", { href: "#finding-" + row.rank }, row.summary.slice(0, row.summary.lastIndexOf(": ")))]).flat(), ".");
}

function show_findings() {
	document.getElementById("main").querySelector(".title").after(tiles());
	if (report.findings.length === 0) {
		section("findings", "What to fix first", 0, null, make("p", { class: "card" }, report.statements > 0
			? "Nothing to fix was found." : "No statement that uses a table was seen."));
		return;
	}
	section("findings", "What to fix first", report.findings.length, null, missed_objectives(), to_do(),
		make("p", { class: "soft" }, (is_cut() ? "The first " + number(report.findings.length) + " of " + number(report.totals.findings) + " findings" : "All findings") +
			", by the time that the fix saves, or that is lost where no fix is known, as a share of all time spent on statements and their round trips. Each is what its fix saves alone." +
			(is_cut() ? " clipperf report --top=" + report.totals.findings + " shows all." : "")),
		report.findings.map(finding));
}
