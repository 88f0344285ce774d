/*
 * The page: its sections in their order, the search, and the theme.
 */

function show_statements() {
	if (report.queries.length === 0) {
		return;
	}
	section("statements", "Statements that take most time", report.queries.length,
		"Those that took most time to execute; long ones are cut." + bound_of("queries", "clipperf_queries"),
		table("Statements, by their time", [
			{ key: "route", title: "route", name: true, show: route_name },
			{ key: "calls", title: "calls", ...counted },
			{ key: "total_ms", title: "time", ...milliseconds, bar: true },
			{ key: "mean_ms", title: "mean", ...milliseconds },
			{ key: "p95_ms", title: "p95", ...milliseconds },
			{ key: "blocks", title: "blocks per call", ...counted },
			{ key: "errors", title: "errors", ...counted },
			{ key: "query", title: "statement", ...sql },
		], report.queries));
}

function show_title() {
	document.title = "clipperf: " + report.database;
	document.getElementById("title").textContent = "What to fix first in " + report.database;
	document.getElementById("subject").textContent = "PostgreSQL " + report.server.split(" ")[0] + ", " + plural(report.statements, "statement") +
		(report.all_roles ? "" : " of role " + report.role) + ", " + time(report.since) + " to " + time(report.made_at);
	document.getElementById("made").textContent = "Made by clipperf " + report.command + " at " + time(report.made_at) +
		". This page is one file, and loads nothing from elsewhere.";
}

/* Shows what has the text that is wanted, and of sections with something to find, only those where there is some. */
function search(wanted) {
	let matches = 0;
	for (const { element, text } of searched) {
		element.hidden = !text.includes(wanted);
		matches += !element.hidden;
	}
	for (const element of document.querySelectorAll("main > section")) {
		const found = searched.filter((one) => element.contains(one.element));
		element.hidden = wanted !== "" && found.length > 0 && found.every((one) => one.element.hidden);
	}
	const flame = document.getElementById("flame");
	if (flame && flame.search) {
		flame.search(wanted);
	}
	document.getElementById("matches").textContent = wanted === "" ? "" : number(matches) + " of " + number(searched.length);
}

/* Typing is not to wait for the search. */
function listen_to_search() {
	const field = document.getElementById("search");
	let waiting = 0;

	field.addEventListener("input", function () {
		cancelAnimationFrame(waiting);
		waiting = requestAnimationFrame(() => search(field.value.trim().toLowerCase()));
	});
	document.addEventListener("keydown", function (event) {
		if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
			event.preventDefault();
			field.focus();
		}
	});
}

/* On paper the cards are open, as nothing can be opened there; tables stay as short as they are. */
function listen_to_printer() {
	let opened = [];

	addEventListener("beforeprint", function () {
		opened = [...document.querySelectorAll(".card details:not(.more):not([open])")];
		opened.forEach((one) => { one.open = true; });
	});
	addEventListener("afterprint", () => opened.forEach((one) => { one.open = false; }));
}

/* Light or dark: as the system has it, until it is chosen; on paper, light. */
function listen_to_theme() {
	const system = matchMedia("(prefers-color-scheme: dark)");
	const button = document.getElementById("theme");
	let chosen = null;

	function show(dark) {
		document.documentElement.dataset.theme = dark ? "dark" : "light";
		button.setAttribute("aria-pressed", String(dark));
		redrawn.forEach((redraw) => redraw());
	}
	const wanted = () => (chosen === null ? system.matches : chosen);
	button.addEventListener("click", function () {
		chosen = !wanted();
		show(chosen);
	});
	system.addEventListener("change", () => show(wanted()));
	addEventListener("beforeprint", () => show(false));
	addEventListener("afterprint", () => show(wanted()));
	document.documentElement.dataset.theme = system.matches ? "dark" : "light";
	button.setAttribute("aria-pressed", String(system.matches));
}

listen_to_theme();
show_title();
show_findings();
show_comparison();
show_objectives();
show_routes();
show_loops();
show_scans();
show_indexes();
show_jobs();
show_waits();
show_load();
show_profile();
show_periods();
show_statements();
listen_to_search();
listen_to_printer();
