/*
 * Where the time goes: waits, the flame graph, and periods.
 */

/* The colors of what is waited for. */
const wait_colors = { CPU: "cpu", IO: "io", Lock: "lock", LWLock: "lwlock", Client: "client" };
const wait_name = (type) => "wait-" + (wait_colors[type] || "other");
const wait_color = (type) => "var(--" + wait_name(type) + ")";

/* Which color is what. */
function wait_legend(types) {
	return make("ul", { class: "legend" }, types.map(function (type) {
		const mark = make("i");
		mark.style.background = wait_color(type);
		return make("li", {}, mark, type);
	}));
}

/* Bars of the routes that are active most, in parts of what they wait for. */
function wait_bars(rows) {
	const routes = new Map();
	const types = new Set();
	for (const row of rows) {
		const route = routes.get(row.route) || { name: route_name(row.route), total: 0, types: new Map() };
		route.total += row.sessions;
		route.types.set(row.wait_event_type, (route.types.get(row.wait_event_type) || 0) + row.sessions);
		routes.set(row.route, route);
		types.add(row.wait_event_type);
	}
	const shown = [...routes.values()].sort((a, b) => b.total - a.total).slice(0, 12);
	return make("div", { class: "chart", "aria-hidden": "true" },
		make("div", { class: "stacks" }, shown.map((route) => make("div", { class: "one" },
			make("span", { class: "who" }, route.name),
			make("span", { class: "stack" }, [...route.types].sort((a, b) => b[1] - a[1]).map(function ([type, sessions]) {
				const part = make("span", { title: type + ": " + number(sessions) });
				part.style.width = 100 * sessions / shown[0].total + "%";
				part.style.background = wait_color(type);
				return part;
			})),
			make("span", { class: "value" }, number(route.total))))),
		wait_legend([...types]));
}

function show_waits() {
	const active = report.waits.filter((row) => row.state === "active");
	const all = active.reduce((sum, row) => sum + row.total_ms, 0);

	if (report.waits.length === 0) {
		return;
	}
	section("waits", "What statements wait for", report.waits.length,
		"Sessions that are active at a time, on average, by what they wait for: CPU means that they work, or would if they got a processor." + bound_of("waits", "clipperf_waits"),
		active.length > 0 ? wait_bars(active) : null,
		table("Waits, by their time", [
			{ key: "route", title: "route", name: true, show: route_name },
			{ key: "wait_event_type", title: "waits for", node: (row) => (row.state === "active" ? row.wait_event_type : [row.wait_event_type, " ", badge(row.state)]) },
			{ key: "wait_event", title: "event" },
			{ key: "held_by", title: "held by" },
			{ key: "sessions", title: "sessions", ...counted, bar: true },
			{ key: "recent_sessions", title: "last 5 minutes", ...counted },
			{ key: "total_ms", title: "share of active time", number: true, show: (value, row) => (row.state === "active" ? share(value / all) : "") },
			{ key: "samples", title: "samples", ...counted },
		], report.waits));
}

/* The tree of the profile's stacks: {name, value, children}, values being microseconds. */
function profile_tree() {
	const root = { name: "all statements", value: 0, level: "root", children: [], found: new Map() };
	for (const { stack, us } of report.profile) {
		let node = root;
		root.value += us;
		stack.split(";").forEach(function (name, depth) {
			let next = node.found.get(name);
			if (next === undefined) {
				next = { name: depth === 0 ? route_name(name) : name, value: 0, children: [], found: new Map(),
					level: depth === 0 ? "route" : name.startsWith("(") ? "other" : depth === 1 ? "statement" : "node" };
				node.found.set(name, next);
				node.children.push(next);
			}
			next.value += us;
			node = next;
		});
	}
	(function order(node) {
		delete node.found;
		node.children.sort((a, b) => b.value - a.value);
		node.children.forEach(order);
	}(root));
	return root;
}

/* The nodes of the tree as rows, those that took most time first. */
function profile_rows(root) {
	const rows = [];
	(function visit(node, path) {
		const inner = node.children.reduce((sum, one) => sum + one.value, 0);
		for (const one of node.children) {
			visit(one, [...path, one.name]);
		}
		if (path.length > 0) {
			rows.push({ route: path[0], statement: path[1] || "", node: path.length > 2 ? path[path.length - 1] : "", total: node.value / 1000,
				self: (node.value - inner) / 1000, share: node.value / root.value });
		}
	}(root, []));
	return rows.sort((a, b) => b.self - a.self).slice(0, 200);
}

const profile_table = (root) => table("Statements and nodes of their plans, by their own time", [
	{ key: "route", title: "route" },
	{ key: "statement", title: "statement", ...sql },
	{ key: "node", title: "node" },
	{ key: "self", title: "own time", ...milliseconds, bar: true },
	{ key: "total", title: "with what is below", ...milliseconds },
	{ key: "share", title: "share", ...shares },
], profile_rows(root), true);

/* Lets the keyboard move about in a flame graph: arrows to the frames around, Enter to one, Escape back to all. */
function steer_flame(box, graph, tell) {
	let current = null;
	const frames = () => [...box.querySelectorAll("g.frame")];
	const datum = (frame) => libraries.select(frame).datum();

	function go(node) {
		const frame = frames().find((one) => datum(one) === node);
		if (frame === undefined) {
			return;
		}
		box.querySelectorAll(".current").forEach((one) => one.classList.remove("current"));
		frame.classList.add("current");
		current = node;
		tell(node);
	}
	const beside = (node, step) => node.parent && node.parent.children[node.parent.children.indexOf(node) + step];
	box.addEventListener("keydown", function (event) {
		const first = frames().map(datum).find((node) => node.depth === 0);
		const node = current || first;
		const next = { ArrowUp: node.parent, ArrowDown: node.children && node.children[0],
			ArrowLeft: beside(node, -1), ArrowRight: beside(node, 1), Home: first }[event.key];
		if (next) {
			go(next);
		} else if (event.key === "Enter") {
			graph.zoomTo(node);
			go(node);
		} else if (event.key === "Escape") {
			graph.resetZoom();
			go(node);
		} else if (!event.key.startsWith("Arrow")) {
			return;
		}
		event.preventDefault();
	});
}

/* The flame graph, from above: routes, statements, nodes of plans. */
function plot_flame(box, root, readout) {
	const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
	const whole = root.value;
	const tell = (node) => {
		readout.textContent = node.data.name + ": " + duration(node.data.value / 1000) + ", " + share(node.data.value / whole);
	};
	const frame_color = { root: "flame-other", route: "flame-route", statement: "flame-statement", node: "flame-node", other: "flame-other" };
	const graph = libraries.flamegraph()
		.width(Math.max(box.clientWidth, 560))
		.cellHeight(22)
		.inverted(true)
		.minFrameSize(2)
		.transitionDuration(still ? 0 : 250)
		.selfValue(false)
		.setLabelHandler((node) => node.data.name)
		.setColorMapper((node) => color(node.highlight ? "flame-match" : frame_color[node.data.level]))
		.tooltip(Object.assign(() => {}, { show: (event, node) => tell(node), hide: () => {}, destroy: () => {} }))
		.setSearchMatch((node, term) => node.data.name.toLowerCase().includes(term.toLowerCase()));
	const inner = make("div", { class: "flame", tabindex: "0", role: "group",
		"aria-label": "Flame graph: arrow keys move between frames, Enter shows one in full width, Escape all. The table below says the same." });

	box.replaceChildren(inner);
	libraries.select(inner).datum(root).call(graph);
	inner.querySelector("svg").setAttribute("aria-hidden", "true");
	steer_flame(inner, graph, tell);
	box.search = (text) => (text === "" ? graph.clear() : graph.search(text));
	box.reset = () => graph.resetZoom();
	return { destroy: () => box.replaceChildren() };
}

function show_profile() {
	if (report.profile.length === 0) {
		return;
	}
	const root = profile_tree();
	const title = "Where the time goes";
	const words = "Time of all statements, from routes to statements to the nodes of their plans; what took least is left out.";

	if (!libraries) {
		section("profile", title, null, words, profile_table(root));
		return;
	}
	const plot = make("div", { class: "plot", id: "flame" });
	const readout = make("p", { class: "readout", role: "status" }, "Choose a frame to see it in full width.");
	const all = make("button", { type: "button", class: "quiet" }, "Show all");
	all.addEventListener("click", () => plot.reset());
	section("profile", title, null, words,
		make("div", { class: "chart" }, make("div", { class: "choose" }, all), plot, readout),
		drawer("The same as a table", () => profile_table(root)));
	keep_drawn(plot, () => plot_flame(plot, root, readout));
}

/* The server's own time of day, as the texts of the report have it, in seconds as if it were UTC. */
const server_seconds = (text) => Date.parse(text.slice(0, 19).replace(" ", "T") + "Z") / 1000;

/* Marks of an axis of time: of some hours the time of day, else the date. */
const time_marks = (u, splits) => splits.map((seconds) => new Date(1000 * seconds).toISOString().slice(
	...(splits[splits.length - 1] - splits[0] < 172800 ? [11, splits[1] - splits[0] < 60 ? 19 : 16] : [5, 10])));

/* What is waited for in any of these periods: most of all first. */
function wait_types(rows) {
	const sums = new Map();
	for (const { wait_event_type, sessions } of rows.flatMap((row) => row.waits)) {
		sums.set(wait_event_type, (sums.get(wait_event_type) || 0) + sessions);
	}
	return [...sums.keys()].sort((a, b) => sums.get(b) - sums.get(a));
}

/* How many sessions wait for that in a period. */
const sessions_of = (row, type) => row.waits.reduce((sum, one) => sum + (one.wait_event_type === type ? one.sessions : 0), 0);

/*
 * The corners of steps over time, for what is waited for, each on top of those before: [times, one, one and two, ...]. Between
 * periods that do not follow each other there is nothing.
 */
function wait_steps(rows, types) {
	const steps = [[], ...types.map(() => [])];
	let last = null;

	for (const row of rows) {
		const since = server_seconds(row.since);
		const until = server_seconds(row.until);
		if (last !== null && since > last) {
			steps.forEach((values, i) => values.push(i === 0 ? (last + since) / 2 : null));
		}
		for (const corner of [since, until]) {
			let height = 0;
			steps[0].push(corner);
			types.forEach((type, i) => steps[i + 1].push(height += sessions_of(row, type)));
		}
		last = until;
	}
	return steps;
}

/* Areas over time, the highest drawn first, so that each shows what it has more than the one before it. */
function plot_load(plot, rows, types) {
	const axis = { stroke: color("soft"), grid: { stroke: color("line"), width: 1 }, ticks: { stroke: color("line"), width: 1 }, font: "12px system-ui" };
	const [times, ...heights] = wait_steps(rows, types);

	plot.replaceChildren();
	return new libraries.uPlot({
		width: plot.clientWidth,
		height: 220,
		legend: { show: false },
		cursor: { points: { show: false }, drag: { x: false, y: false } },
		scales: { y: { range: (u, low, high) => [0, high * 1.1 || 1] } },
		axes: [{ ...axis, values: time_marks, space: 80 }, { ...axis, values: (u, splits) => splits.map(number), size: 56 }],
		series: [{}, ...types.map((type) => ({ stroke: color(wait_name(type)), fill: color(wait_name(type)), width: 1, points: { show: false } })).reverse()],
	}, [times, ...heights.reverse()], plot);
}

/* What the table behind it says of a period and what is waited for in it. */
const load_rows = (rows) => rows.flatMap((row) => row.waits.map((one) => ({ ...row, ...one })));

function show_load() {
	const rows = report.periods.filter((row) => row.sessions !== null);
	const types = wait_types(rows);
	const title = "Waits over time";

	if (rows.length < 2) {
		section("load", title, null, "How many sessions were active at a time, and what they waited for, is kept in each period. " +
			"There are fewer than two periods with such samples: let the server keep one an hour, or call clipperf_snapshot() after each part of a test.",
			code("ALTER SYSTEM SET clipperf.snapshot_interval = '1h';\nSELECT pg_reload_conf();", "periods every hour"));
		return;
	}
	const plot = make("div", { class: "plot", role: "img", "aria-label": "Sessions that were active in each period, by what they waited for, over time: the table below has the numbers" });
	section("load", title, rows.length,
		"Sessions that were active at a time, on average over each period that is kept, by what they waited for.",
		libraries ? make("div", { class: "chart" }, plot, wait_legend(types)) : null,
		table("Waits of periods, the latest last", [
			{ key: "label", title: "label", name: true, show: (value) => value || "-" },
			{ key: "since", title: "from", show: time },
			{ key: "until", title: "to", show: time },
			{ key: "wait_event_type", title: "waits for" },
			{ key: "sessions", title: "sessions", ...counted, bar: true },
			{ key: "wait_event", title: "mostly" },
			{ key: "route", title: "in route", show: (value) => value || "-" },
		], load_rows(rows)));
	if (libraries) {
		keep_drawn(plot, () => plot_load(plot, rows, types));
	}
}

/* Lines over time: of periods, the end of each. */
function plot_periods(plot, rows) {
	const axis = { stroke: color("soft"), grid: { stroke: color("line"), width: 1 }, ticks: { stroke: color("line"), width: 1 }, font: "12px system-ui" };

	plot.replaceChildren();
	return new libraries.uPlot({
		width: plot.clientWidth,
		height: 220,
		legend: { show: false },
		cursor: { drag: { x: false, y: false } },
		scales: { y: { range: (u, low, high) => [0, high * 1.1 || 1] }, rate: { range: (u, low, high) => [0, high * 1.1 || 1] } },
		axes: [{ ...axis, values: time_marks, space: 80 },
			{ ...axis, values: (u, splits) => splits.map(duration), size: 64, stroke: color("bar") },
			{ ...axis, scale: "rate", side: 1, grid: { show: false }, values: (u, splits) => splits.map((rate) => number(rate) + "/s"), size: 56, stroke: color("warning") }],
		series: [{},
			{ stroke: color("bar"), width: 2, points: { size: 6, fill: color("bar") } },
			{ scale: "rate", stroke: color("warning"), width: 2, dash: [6, 4], points: { size: 6, fill: color("warning") } }],
	}, [rows.map((row) => server_seconds(row.until)), rows.map((row) => row.p95_ms), rows.map((row) => row.requests_per_second)], plot);
}

function show_periods() {
	const rows = report.periods;

	if (rows.length === 0) {
		return;
	}
	const plot = make("div", { class: "plot", role: "img", "aria-label": "p95 and requests per second of each period, over time: the table below has the numbers" });
	section("periods", "Periods", rows.length,
		"What was kept of the past, by clipperf_snapshot() and clipperf profile: the 95th percentile of a request's time in the database (line), and requests per second (dashes)." + bound_of("periods", "clipperf_periods"),
		libraries && rows.length > 1 ? make("div", { class: "chart" }, plot) : null,
		table("Periods, the latest last", [
			{ key: "label", title: "label", name: true, show: (value) => value || "-" },
			{ key: "since", title: "from", show: time },
			{ key: "until", title: "to", show: time },
			{ key: "requests", title: "requests", ...counted },
			{ key: "requests_per_second", title: "per second", ...counted },
			{ key: "p95_ms", title: "p95", ...milliseconds, bar: true },
			{ key: "statements_mean", title: "statements", ...counted },
			{ key: "comment", title: "comment", long: true, words: true },
		], rows));
	if (libraries && rows.length > 1) {
		keep_drawn(plot, () => plot_periods(plot, rows));
	}
}
