"use strict";

/* The report, as docs/report.schema.json describes it. */
const report = JSON.parse(document.getElementById("data").textContent);

/* What the search looks at: {element, text}; and what is drawn again when the colors change. */
const searched = [];
const redrawn = [];

/* The libraries of charts; undefined where the command was built without them: tables stand in their places. */
const libraries = typeof charts === "undefined" ? undefined : charts;

/* Makes an element with attributes and children; text is never read as HTML. */
function make(name, attributes, ...children) {
	const element = document.createElement(name);
	for (const [key, value] of Object.entries(attributes || {})) {
		if (value !== null && value !== undefined) {
			element.setAttribute(key, value);
		}
	}
	element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
	return element;
}

/* An element of SVG. */
function draw(name, attributes, ...children) {
	const element = document.createElementNS("http://www.w3.org/2000/svg", name);
	for (const [key, value] of Object.entries(attributes)) {
		element.setAttribute(key, value);
	}
	element.append(...children);
	return element;
}

const is_missing = (value) => value === null || value === undefined;

/* Numbers for people: three significant digits below a hundred, groups of thousands above. */
function number(value) {
	if (is_missing(value)) {
		return "";
	}
	return Math.abs(value) >= 100 || Number.isInteger(value)
		? Math.round(value).toLocaleString("en")
		: String(Number(value.toPrecision(3)));
}

function share(value) {
	if (is_missing(value)) {
		return "";
	}
	const percent = 100 * value;
	if (percent > 0 && percent < 0.1) {
		return "< 0.1%";
	}
	return String(Number(percent.toFixed(Math.abs(percent) < 10 || percent > 99 ? 1 : 0))) + "%";
}

/* Milliseconds, in the unit that fits. */
function duration(ms) {
	if (is_missing(ms)) {
		return "";
	}
	if (ms === 0) {
		return "0";
	}
	const units = [[86400000, "d"], [3600000, "h"], [60000, "min"], [1000, "s"], [1, "ms"]];
	const [length, unit] = units.find(([one]) => ms >= one * (one > 1000 ? 2 : 1)) || [0.001, "\u00b5s"];
	return String(Number((ms / length).toPrecision(3))) + "\u00a0" + unit;
}

function size(bytes) {
	if (is_missing(bytes)) {
		return "";
	}
	const units = ["B", "kB", "MB", "GB", "TB"];
	let unit = 0;
	while (Math.abs(bytes) >= 10240 && unit < units.length - 1) {
		bytes /= 1024;
		unit++;
	}
	return number(Math.round(bytes)) + "\u00a0" + units[unit];
}

const time = (value) => (value ? value.slice(0, 16).replace("T", " ") : "");
const plural = (count, one, many) => number(count) + " " + (count === 1 ? one : many || one + "s");
const route_name = (route) => route || "(no route)";

function badge(word, kind) {
	return make("span", { class: "badge " + (kind || word) }, word);
}

/* Copies text, also where the browser has no clipboard for pages of files. */
function copy_text(text) {
	if (navigator.clipboard) {
		return navigator.clipboard.writeText(text);
	}
	const area = make("textarea", { "aria-hidden": "true" });
	area.value = text;
	document.body.append(area);
	area.select();
	const copied = document.execCommand("copy");
	area.remove();
	return copied ? Promise.resolve() : Promise.reject(new Error("no clipboard"));
}

/* SQL with a button that copies it; what it is for names it to who cannot see where it stands. */
function code(text, purpose) {
	const copy = make("button", { type: "button", class: "copy", "aria-label": "Copy the SQL of " + purpose }, "Copy");
	const told = make("span", { class: "unseen", role: "status" });
	copy.addEventListener("click", function () {
		copy_text(text).then(
			() => { copy.textContent = told.textContent = "Copied"; },
			() => { copy.textContent = told.textContent = "Could not copy"; });
	});
	return make("div", { class: "code" }, make("pre", {}, text), copy, told);
}

/* Text, of which the rest is shown when it is asked for where it is long: SQL in "code", words in "span". */
function folded(text, shown, element) {
	if (text.length <= shown + 20) {
		return make(element, {}, text);
	}
	return make("details", {}, make("summary", {}, make(element, {}, text.slice(0, shown) + "\u2026")), make(element, {}, text));
}

/* Adds what the search finds. */
function findable(element) {
	searched.push({ element: element, text: element.textContent.toLowerCase() });
	return element;
}

/* What to say where a section has a bound and there is more: of the rows of which view. */
function bound_of(key, view) {
	const shown = report[key].length;
	return report.totals[key] > shown ? " Only the first " + number(shown) + " of " + number(report.totals[key]) + " are shown: " + view + " has all." : "";
}

/* A section with its place in the navigation, and how much is in it. */
function section(id, title, count, explanation, ...children) {
	const element = make("section", { id: id, "aria-labelledby": id + "-title" },
		make("h2", { id: id + "-title" }, title),
		explanation ? make("p", { class: "soft" }, explanation) : null,
		...children);
	document.getElementById("main").append(element);
	document.getElementById("sections").append(make("li", {}, make("a", { href: "#" + id }, title,
		is_missing(count) ? null : make("span", { class: "count" }, number(count)))));
}

/* A part of the page that is drawn when it is opened first: what is large does not cost time before. */
function drawer(title, draw_content) {
	const element = make("details", { class: "more" }, make("summary", {}, title));
	element.addEventListener("toggle", function () {
		if (element.open && element.childElementCount === 1) {
			element.append(draw_content());
		}
	});
	return element;
}
