"use strict";
(function () {
	const report = JSON.parse(document.getElementById("data").textContent);
	const main = document.getElementById("main");
	const rows = []; /* what the search looks at: {element, text} */

	/* Makes an element with attributes and children; text is never read as HTML. */
	function make(name, attributes, ...children) {
		const element = document.createElement(name);
		for (const [key, value] of Object.entries(attributes || {})) {
			if (value !== null && value !== undefined) {
				element.setAttribute(key, value);
			}
		}
		element.append(...children.filter((child) => child !== null && child !== undefined));
		return element;
	}

	/* Numbers for people: three significant digits below a hundred, groups of thousands above. */
	function number(value) {
		if (value === null || value === undefined) {
			return "";
		}
		return Math.abs(value) >= 100 || Number.isInteger(value)
			? Math.round(value).toLocaleString("en")
			: String(Number(value.toPrecision(3)));
	}
	const share = (value) => (value === null || value === undefined ? "" : number(100 * value) + "%");
	function size(bytes) {
		if (bytes === null || bytes === undefined) {
			return "";
		}
		const units = ["B", "kB", "MB", "GB", "TB"];
		let unit = 0;
		while (Math.abs(bytes) >= 10240 && unit < units.length - 1) {
			bytes /= 1024;
			unit++;
		}
		return number(Math.round(bytes)) + " " + units[unit];
	}
	const time = (value) => (value ? value.slice(0, 16).replace("T", " ") : "");

	/* SQL with a button that copies it; what it is for names it to who cannot see where it stands. */
	function code(text, purpose) {
		const copy = make("button", { type: "button", class: "copy" }, "Copy");
		copy.addEventListener("click", function () {
			navigator.clipboard.writeText(text).then(
				() => { copy.textContent = "Copied"; },
				() => { copy.textContent = "Could not copy"; });
		});
		return make("div", { class: "code" }, make("pre", { tabindex: "0", role: "region", "aria-label": "SQL of " + purpose }, text), copy);
	}

	/* A section with its place in the navigation. */
	function section(id, title, ...children) {
		const heading = make("h2", { id: id + "-title" }, title);
		main.append(make("section", { id: id, "aria-labelledby": id + "-title" }, heading, ...children));
		document.getElementById("sections").append(make("li", {}, make("a", { href: "#" + id }, title)));
	}

	/* Text, of which the rest is shown when it is asked for where it is long. */
	function folded(text) {
		if (text.length <= 160) {
			return text;
		}
		return make("details", {}, make("summary", {}, text.slice(0, 120) + "\u2026"), text);
	}

	/* A cell's content: a number with a bar as long as its share of the largest one, or text. */
	function cell(column, row, largest) {
		const value = row[column.key];
		const text = column.show ? column.show(value, row) : value === null || value === undefined ? "" : String(value);
		const element = make("td", { class: column.number ? "number" : column.long ? "long" : null },
			column.long ? folded(text) : text);
		if (column.bar && value > 0 && largest > 0) {
			const bar = make("span", { class: "bar", "aria-hidden": "true" });
			bar.style.width = Math.max(2, 100 * value / largest) + "%";
			element.append(bar);
		}
		return element;
	}

	/* Puts the rows of a table into the order of a column, and says so to who cannot see it. */
	function sort(table, body, column, header) {
		const descending = header.getAttribute("aria-sort") !== "descending";
		for (const other of table.querySelectorAll("th[aria-sort]")) {
			other.removeAttribute("aria-sort");
		}
		header.setAttribute("aria-sort", descending ? "descending" : "ascending");
		const order = [...body.rows].sort(function (a, b) {
			const one = a.source[column.key];
			const other = b.source[column.key];
			if (one === null || other === null) {
				return (one === null) - (other === null);
			}
			const difference = column.number ? one - other : String(one).localeCompare(String(other));
			return descending ? -difference : difference;
		});
		body.append(...order);
	}

	/* A table that can be sorted, in a box that scrolls. */
	function table(caption, columns, data) {
		const head = make("tr");
		const body = make("tbody");
		const element = make("table", { "aria-label": caption }, make("thead", {}, head), body);
		for (const column of columns) {
			const button = make("button", { type: "button" }, column.title);
			const header = make("th", { scope: "col", class: column.number ? "number" : null }, button);
			button.addEventListener("click", () => sort(element, body, column, header));
			head.append(header);
		}
		for (const column of columns) {
			column.largest = Math.max(0, ...data.map((row) => row[column.key] || 0));
		}
		for (const row of data) {
			const line = make("tr", {}, ...columns.map((column) => cell(column, row, column.largest)));
			line.source = row;
			body.append(line);
			rows.push({ element: line, text: line.textContent.toLowerCase() });
		}
		return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, element);
	}

	/* One finding, as the report in text has it. */
	function finding(row) {
		const element = make("article", { class: "finding " + row.severity },
			make("h3", {}, row.rank + ". ", make("span", { class: "severity" }, row.severity), " " + row.kind +
				(row.relation ? " on " + row.relation : "") + ", saves " + row.saves),
			row.summary ? make("p", {}, row.summary) : null,
			row.evidence ? make("p", { class: "soft evidence" }, row.evidence) : null,
			row.fix ? code(row.fix, "finding " + row.rank) : null,
			row.first_seen ? make("p", { class: "soft" }, "seen from " + time(row.first_seen) + " to " + time(row.last_seen)) : null);
		rows.push({ element: element, text: element.textContent.toLowerCase() });
		return element;
	}

	const counted = { number: true, show: number };
	const milliseconds = { number: true, show: number };
	const text = { long: true };

	document.getElementById("title").textContent = "What to fix first in " + report.database;
	document.getElementById("subject").textContent = "PostgreSQL " + report.server + ", " + number(report.statements) +
		" statements" + (report.all_roles ? "" : " of role " + report.role) + " since " + time(report.since);
	document.getElementById("made").textContent = "Made by clipperf " + report.command + " at " + time(report.made_at) +
		". This page is one file and loads nothing.";
	document.title = "clipperf: " + report.database;

	section("findings", "What to fix first", ...(report.findings.length > 0
		? report.findings.map(finding)
		: [make("p", {}, report.statements > 0 ? "Nothing to fix was found." : "No statement that uses a table was seen.")]));
	if (report.routes.length > 0) {
		section("routes", "Routes", table("Routes, by their share of the database's time", [
			{ key: "route", title: "route", ...text },
			{ key: "requests", title: "requests", ...counted },
			{ key: "database_share", title: "share of time", number: true, show: share, bar: true },
			{ key: "p50_ms", title: "p50 ms", ...milliseconds },
			{ key: "p95_ms", title: "p95 ms", ...milliseconds, bar: true },
			{ key: "p99_ms", title: "p99 ms", ...milliseconds },
			{ key: "statements_mean", title: "statements", ...counted, bar: true },
			{ key: "error_share", title: "errors", number: true, show: share },
			{ key: "costliest_query", title: "statement that costs most", ...text },
		], report.routes));
	}
	if (report.loops.length > 0) {
		section("loops", "N+1 patterns", table("Loops: one statement for each row of another one's result", [
			{ key: "route", title: "route" },
			{ key: "relation", title: "table" },
			{ key: "max_children", title: "most per list", ...counted, bar: true },
			{ key: "children", title: "statements", ...counted },
			{ key: "cost_ms", title: "ms in all", ...milliseconds, bar: true },
			{ key: "parent_query", title: "for each row of", ...text },
			{ key: "child_query", title: "runs", ...text },
			{ key: "suggestion", title: "instead", ...text },
			{ key: "source_location", title: "where", ...text },
		], report.loops));
	}
	if (report.scans.length > 0) {
		section("scans", "Scans that read much and use little", table("Scans, by their time", [
			{ key: "relation", title: "table" },
			{ key: "rows_read", title: "rows read", ...counted, bar: true },
			{ key: "rows_kept", title: "rows used", ...counted },
			{ key: "executions", title: "executions", ...counted },
			{ key: "total_ms", title: "ms in all", ...milliseconds, bar: true },
			{ key: "query", title: "statement", ...text },
		], report.scans));
	}
	if (report.recommendations.length > 0) {
		section("indexes", "Recommended indexes", table("Indexes, by what they save", [
			{ key: "id", title: "id", ...counted },
			{ key: "action", title: "action" },
			{ key: "benefit_share", title: "saves", number: true, show: share, bar: true },
			{ key: "cost_before", title: "cost before", ...counted },
			{ key: "cost_after", title: "cost after", ...counted },
			{ key: "size_bytes", title: "size", number: true, show: size },
			{ key: "ddl", title: "statement", ...text },
			{ key: "reason", title: "why", ...text },
		], report.recommendations));
	}
	if (report.jobs.length > 0) {
		section("jobs", "Indexes that were built and dropped", table("Jobs, the latest first", [
			{ key: "job", title: "job", ...counted },
			{ key: "action", title: "action" },
			{ key: "index_name", title: "index" },
			{ key: "state", title: "state" },
			{ key: "changed_at", title: "since", show: time },
			{ key: "reason", title: "result", ...text },
		], report.jobs));
	}
	section("statements", "Statements that take most time", table("Statements, by their time", [
		{ key: "route", title: "route" },
		{ key: "calls", title: "calls", ...counted },
		{ key: "total_ms", title: "ms in all", ...milliseconds, bar: true },
		{ key: "mean_ms", title: "mean ms", ...milliseconds },
		{ key: "p95_ms", title: "p95 ms", ...milliseconds },
		{ key: "blocks", title: "blocks per call", ...counted },
		{ key: "errors", title: "errors", ...counted },
		{ key: "query", title: "statement", ...text },
	], report.queries));

	document.getElementById("search").addEventListener("input", function (event) {
		const wanted = event.target.value.trim().toLowerCase();
		let matches = 0;
		for (const row of rows) {
			const fits = row.text.includes(wanted);
			row.element.hidden = !fits;
			matches += fits;
		}
		document.getElementById("matches").textContent = wanted === "" ? "" : matches + " of " + rows.length;
	});
}());
