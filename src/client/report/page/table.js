/*
 * Tables that can be sorted.  A column: {key, title, number, show(value, row), bar, name, node(row)}.  One
 * that is long is folded after so many characters (shown), and is SQL unless it is words.
 */

const counted = { number: true, show: number };
const milliseconds = { number: true, show: duration };
const shares = { number: true, show: share };
const sql = { long: true };

/* A cell's content: a number with a bar as long as its share of the largest one, or text. */
function cell(column, row, largest) {
	const value = row[column.key];
	const shown = column.show ? column.show(value, row) : is_missing(value) ? "" : String(value);
	const element = make(column.name ? "th" : "td", {
		class: column.number ? "number" : column.long ? "long" : column.name ? "name" : null,
		scope: column.name ? "row" : null,
	}, column.node ? column.node(row) : column.long ? folded(shown, column.shown || 110, column.words ? "span" : "code") : shown);
	if (column.bar && value > 0 && largest > 0) {
		const bar = make("span", { class: "bar", "aria-hidden": "true" });
		bar.style.width = Math.max(3, 100 * value / largest) + "%";
		element.append(bar);
	}
	return element;
}

/* Puts the rows of a table into the order of a column, and says so to who cannot see it. */
function sort(table, body, column, header) {
	const first = column.number ? "descending" : "ascending";
	const other = column.number ? "ascending" : "descending";
	const order = header.getAttribute("aria-sort") === first ? other : first;
	for (const sorted of table.querySelectorAll("th[aria-sort]")) {
		sorted.removeAttribute("aria-sort");
	}
	header.setAttribute("aria-sort", order);
	body.append(...[...body.rows].sort(function (a, b) {
		const one = a.source[column.key];
		const two = b.source[column.key];
		if (is_missing(one) || is_missing(two)) {
			return is_missing(one) - is_missing(two);
		}
		const difference = column.number ? one - two : String(one).localeCompare(String(two), undefined, { numeric: true });
		return order === "descending" ? -difference : difference;
	}));
}

/* A table in a box that scrolls; its rows are found by the search, unless they say again what others say. */
function table(caption, columns, rows, again) {
	const head = make("tr");
	const body = make("tbody");
	const element = make("table", {}, make("caption", { class: "unseen" }, caption), make("thead", {}, head), body);
	for (const column of columns) {
		const header = make("th", { scope: "col", class: column.number ? "number" : null });
		if (column.key) {
			const button = make("button", { type: "button" }, column.title);
			button.addEventListener("click", () => sort(element, body, column, header));
			header.append(button);
		} else {
			header.append(column.title);
		}
		head.append(header);
		column.largest = column.bar ? Math.max(0, ...rows.map((row) => row[column.key] || 0)) : 0;
	}
	for (const row of rows) {
		const line = make("tr", {}, columns.map((column) => cell(column, row, column.largest)));
		line.source = row;
		body.append(line);
		if (!again) {
			findable(line);
		}
	}
	return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, element);
}
