/*
 * Objectives, and routes with the distributions of their times.
 */

/* A share of requests on a line with its goal. */
function meter(value, goal) {
	const fill = make("span", { class: "fill" });
	const mark = make("span", { class: "goal" });
	fill.style.width = 100 * value + "%";
	mark.style.left = 100 * goal + "%";
	return make("span", { class: "meter" + (value < goal ? " missed" : ""), "aria-hidden": "true" }, fill, is_missing(goal) ? null : mark);
}

function show_objectives() {
	if (report.endpoints.length === 0) {
		return;
	}
	section("objectives", "Objectives", report.endpoints.length,
		"What each endpoint has to keep to, and whether it does: met is the share of its requests that took at most the target." + bound_of("endpoints", "clipperf_slo"),
		table("Objectives of endpoints", [
			{ key: "name", title: "endpoint", name: true, node: (row) => [row.name, row.reason ? make("div", { class: "small soft reason" }, row.reason) : null] },
			{ key: "state", title: "state", node: (row) => badge(row.state) },
			{ key: "requests", title: "requests", ...counted },
			{ key: "target_ms", title: "target", ...milliseconds },
			{ key: "p95_ms", title: "p95", ...milliseconds },
			{ key: "met_share", title: "met", number: true, node: (row) => is_missing(row.met_share) ? [] :
				[share(row.met_share) + " of " + share(row.target_share), meter(row.met_share, row.target_share)] },
			{ key: "error_share", title: "errors", number: true, show: (value, row) => share(value) +
				(is_missing(row.max_error_share) ? "" : " of " + share(row.max_error_share)) },
			{ key: "statements_p95", title: "statements, p95", number: true, show: (value, row) => number(value) +
				(is_missing(row.max_statements) ? "" : " of " + number(row.max_statements)) },
			{ key: "budget_left", title: "budget left", number: true, show: (value) => (value < 0 ? "spent " + number(1 - value) + " times" : share(value)) },
		], report.endpoints));
}

/* A small picture of a distribution; the table behind the chart says the same in numbers. */
function spark(row) {
	if (is_missing(row.counts) || row.counts.length === 0) {
		return [];
	}
	const most = Math.max(...row.counts);
	const low = Math.log(row.bounds_ms[0]);
	const width = Math.log(row.bounds_ms[row.bounds_ms.length - 1]) - low;
	const place = (ms) => 100 * (Math.log(ms) - low) / width;
	return draw("svg", { class: "spark", viewBox: "0 0 100 24", preserveAspectRatio: "none", "aria-hidden": "true" },
		...row.counts.map((count, i) => draw("rect", {
			x: place(row.bounds_ms[i]), width: Math.max(1, place(row.bounds_ms[i + 1]) - place(row.bounds_ms[i]) - 0.4),
			y: 24 - 24 * count / most, height: 24 * count / most,
		})));
}

/* The table behind the chart of a route. */
function distribution_table(row) {
	const total = row.counts.reduce((sum, count) => sum + count, 0);
	let below = 0;
	return table("Requests of " + route_name(row.route) + " by their time in the database", [
		{ key: "from", title: "from", ...milliseconds },
		{ key: "to", title: "to below", ...milliseconds },
		{ key: "count", title: "requests", ...counted, bar: true },
		{ key: "share", title: "share", ...shares },
		{ key: "below", title: "this or faster", ...shares },
	], row.counts.map((count, i) => {
		below += count;
		return { from: row.bounds_ms[i], to: row.bounds_ms[i + 1], count: count, share: count / total, below: below / total };
	}), true);
}

/* A color of the theme. */
function color(name) {
	return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

/* Values for the marks of a logarithmic axis: 1, 2 and 5 times the powers of ten, or these alone where there are many. */
function log_marks(low, high) {
	const steps = high / low > 2000 ? [1] : [1, 2, 5];
	const marks = [];
	for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
		marks.push(...steps.map((step) => step * 10 ** power).filter((mark) => mark >= low && mark <= high));
	}
	return marks;
}

/* Draws the distribution of one route: steps, and lines at its quantiles. */
function plot_distribution(box, row) {
	const total = row.counts.reduce((sum, count) => sum + count, 0);
	const heights = [...row.counts.map((count) => 100 * count / total), 0];
	const marks = [["p50", row.p50_ms], ["p95", row.p95_ms], ["p99", row.p99_ms]];
	const axis = { stroke: color("soft"), grid: { stroke: color("line"), width: 1 }, ticks: { stroke: color("line"), width: 1 }, font: "12px system-ui" };
	const readout = box.querySelector(".readout");
	const plot = box.querySelector(".plot");

	plot.replaceChildren();
	return new libraries.uPlot({
		width: plot.clientWidth,
		height: 230,
		padding: [18, 12, 0, 0],
		legend: { show: false },
		cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
		scales: {
			x: { time: false, distr: 3, range: () => [row.bounds_ms[0] / 1.1, row.bounds_ms[row.bounds_ms.length - 1] * 1.1] },
			y: { range: (u, low, high) => [0, high * 1.08] },
		},
		axes: [
			{ ...axis, values: (u, splits) => splits.map(duration),
				splits: (u, place, low, high) => log_marks(low, high), filter: (u, splits) => splits },
			{ ...axis, values: (u, splits) => splits.map((percent) => percent + "%"), size: 48 },
		],
		series: [{}, { stroke: color("bar"), fill: color("bar-soft"), width: 1.5, paths: libraries.uPlot.paths.stepped({ align: 1 }), points: { show: false } }],
		hooks: {
			draw: [(u) => {
				const context = u.ctx;
				const ratio = devicePixelRatio;
				let free = -Infinity;

				context.save();
				context.font = 12 * ratio + "px system-ui";
				context.textAlign = "center";
				for (const [name, ms] of marks) {
					const x = Math.round(u.valToPos(ms, "x", true));

					context.strokeStyle = context.fillStyle = color("text");
					context.setLineDash([4 * ratio, 3 * ratio]);
					context.beginPath();
					context.moveTo(x, u.bbox.top);
					context.lineTo(x, u.bbox.top + u.bbox.height);
					context.stroke();
					if (x > free) {
						context.fillText(name, x, u.bbox.top - 5 * ratio);
						free = x + 28 * ratio;
					}
				}
				context.restore();
			}],
			setCursor: [(u) => {
				const ms = u.cursor.left >= 0 ? u.posToVal(u.cursor.left, "x") : null;
				const i = ms === null ? -1 : row.bounds_ms.findIndex((bound, i) => bound <= ms && row.bounds_ms[i + 1] > ms);

				readout.textContent = i < 0 || i >= row.counts.length ? summary_of(row)
					: plural(row.counts[i], "request") + " took " + duration(row.bounds_ms[i]) + " to " + duration(row.bounds_ms[i + 1]) +
						": " + share(row.counts[i] / total);
			}],
		},
	}, [row.bounds_ms, heights], plot);
}

const summary_of = (row) => plural(row.requests, "request") + ", half within " + duration(row.p50_ms) + ", 95% within " +
	duration(row.p95_ms) + ", 99% within " + duration(row.p99_ms) + ", the longest " + duration(row.max_ms);

/* A chart that is as wide as its place, in the colors of the theme: "plot" draws it, and returns what can be destroyed. */
function keep_drawn(box, plot) {
	let drawn = null;
	function redraw() {
		if (drawn !== null) {
			drawn.destroy();
		}
		drawn = plot();
	}
	redrawn.push(redraw);
	let width = 0;
	new ResizeObserver(function () {
		const now = box.clientWidth;
		if (now > 0 && now !== width) {
			width = now;
			redraw();
		}
	}).observe(box);
	return redraw;
}

/* The chart of the distribution of a route, which can be chosen, and the table behind it. */
function distribution_chart(rows) {
	const choice = make("select", { id: "route-choice" }, rows.map((row, i) => make("option", { value: String(i) }, route_name(row.route))));
	const plot = make("div", { class: "plot", role: "img" });
	const behind = make("div");
	const box = make("div", { class: "chart" },
		make("div", { class: "choose" }, make("label", { for: "route-choice" }, "Requests by their time in the database, of route "), choice),
		libraries ? plot : null, make("p", { class: "readout" }), behind);
	const chosen = () => rows[Number(choice.value)];

	function tell() {
		plot.setAttribute("aria-label", "Distribution of the times of " + route_name(chosen().route) + ": " + summary_of(chosen()));
		box.querySelector(".readout").textContent = summary_of(chosen());
		behind.replaceChildren(libraries ? drawer("The same as a table", () => distribution_table(chosen())) : distribution_table(chosen()));
	}
	tell();
	const redraw = libraries ? keep_drawn(plot, () => plot_distribution(box, chosen())) : () => {};
	choice.addEventListener("change", function () {
		tell();
		redraw();
	});
	return box;
}

function show_routes() {
	const drawn = report.routes.filter((row) => row.counts && row.counts.length > 0);

	if (report.routes.length === 0) {
		return;
	}
	section("routes", "Routes", report.routes.length,
		"What the requests of each route cost the database, since " + time(report.since) + "." + bound_of("routes", "clipperf_routes"),
		drawn.length > 0 ? distribution_chart(drawn) : null,
		table("Routes, by their time in the database", [
			{ key: "route", title: "route", name: true, show: route_name },
			{ key: "requests", title: "requests", ...counted },
			{ key: "database_share", title: "share of time", ...shares, bar: true },
			{ key: "p50_ms", title: "p50", ...milliseconds },
			{ key: "p95_ms", title: "p95", ...milliseconds, bar: true },
			{ key: "p99_ms", title: "p99", ...milliseconds },
			{ title: "distribution", node: spark },
			{ key: "statements_mean", title: "statements", ...counted, bar: true },
			{ key: "error_share", title: "errors", ...shares },
			{ key: "costliest_query", title: "statement that costs most", ...sql, shown: 60 },
		], report.routes));
}
