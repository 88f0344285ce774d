/*
 * Looks at the report's page in Chromium: node browser.js CHROMIUM PAGE DIR
 *
 * In light and dark, and as wide as a screen and a phone: nothing is loaded, nothing is printed on the console, axe-core
 * finds nothing, the page is not wider than its window. Sorting, searching, the charts, the theme and the keyboard do what
 * they should; without the libraries of charts there are tables. Screenshots go to DIR. Prints TAP.
 */
"use strict";
const fs = require("fs");
const puppeteer = require("puppeteer-core");
const { HtmlValidate } = require("html-validate");

const [chromium, page, directory] = process.argv.slice(2);
let tests = 0;

function ok(passed, name, detail) {
	tests++;
	console.log((passed ? "ok " : "not ok ") + tests + " - " + name);
	if (!passed) {
		console.log("# " + JSON.stringify(detail));
	}
}

/* Opens a page, and notes what it loads and what it says. */
async function open(browser, file, theme, width) {
	const tab = await browser.newPage();
	tab.setDefaultTimeout(0);
	tab.said = [];
	tab.on("console", (message) => tab.said.push(message.text()));
	tab.on("pageerror", (error) => tab.said.push(String(error)));
	tab.on("request", (request) => request.url().startsWith("file:") || tab.said.push(request.url()));
	await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }, { name: "prefers-reduced-motion", value: "reduce" }]);
	await tab.setViewport({ width: width, height: 900 });
	await tab.goto("file://" + file);
	return tab;
}

async function is_sound(tab, name, width) {
	const wide = await tab.evaluate(() => document.documentElement.scrollWidth);
	ok(wide <= width, `${name}: as wide as the window`, wide);
	await tab.evaluate(fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8"));
	const violations = await tab.evaluate(async () => (await axe.run()).violations.map((v) => [v.id, v.nodes.length, v.nodes[0].html]));
	ok(violations.length === 0, `${name}: axe-core`, violations);
	ok(tab.said.length === 0, `${name}: nothing loaded, nothing on the console`, tab.said);
}

/* The first screen, small: README.md shows it. */
async function take_picture(browser) {
	const tab = await open(browser, page, "light", 1080);
	await tab.setViewport({ width: 1080, height: 700 });
	await tab.screenshot({ path: `${directory}/picture.png` });
	await tab.close();
}

/* The page as it is at first. */
async function look(browser, theme, width) {
	const tab = await open(browser, page, theme, width);
	await tab.waitForSelector("#routes canvas");
	await tab.waitForSelector("#flame g.frame");
	await tab.waitForSelector("#load canvas");
	await tab.screenshot({ path: `${directory}/${theme}-${width}.png`, fullPage: true });
	await is_sound(tab, `${theme} ${width}`, width);
	return tab;
}

const text_of = (tab, selector) => tab.$eval(selector, (element) => element.textContent);

async function sorts(tab) {
	const header = "#routes > .scroll thead th:nth-child(2)";
	const numbers = () => tab.evaluate(() => [...document.querySelector("#routes > .scroll table").tBodies[0].rows]
		.map((row) => Number(row.cells[1].textContent.replaceAll(",", ""))));
	await tab.focus(header + " button");
	await tab.keyboard.press("Enter");
	let sorted = await numbers();
	ok(sorted.length > 1 && sorted.every((n, i) => i === 0 || sorted[i - 1] >= n), "sorted descending", sorted);
	ok(await tab.$eval(header, (th) => th.getAttribute("aria-sort")) === "descending", "and says so");
	await tab.keyboard.press("Enter");
	sorted = await numbers();
	ok(sorted.every((n, i) => i === 0 || sorted[i - 1] <= n), "sorted ascending", sorted);
}

async function searches(tab) {
	await tab.focus("body");
	await tab.keyboard.press("/");
	await tab.keyboard.type("VOTES");
	await tab.waitForFunction(() => document.getElementById("matches").textContent !== "");
	const shown = await tab.evaluate(() => searched.filter((one) => !one.element.hidden).map((one) => one.element.textContent));
	ok(shown.length > 0 && shown.every((text) => /votes/i.test(text)), "the search shows what it finds", shown);
	ok(/^[\d,]+ of [\d,]+$/.test(await text_of(tab, "#matches")), "and how much that is");
	await tab.$eval("#search", (field) => { field.value = "nothing has this"; field.dispatchEvent(new Event("input")); });
	await tab.waitForFunction(() => document.getElementById("matches").textContent.startsWith("0 of "));
	ok(await tab.$$eval("#routes, #statements", (sections) => sections.every((one) => one.hidden)), "where nothing is found, no section is left");
	await tab.$eval("#search", (field) => { field.value = ""; field.dispatchEvent(new Event("input")); });
	await tab.waitForFunction(() => document.getElementById("matches").textContent === "");
	ok(await tab.evaluate(() => searched.every((one) => !one.element.hidden)), "without a word everything is shown");
}

/* The chart of a route: another one can be chosen, and the table has the numbers of the data. */
async function draws_routes(tab) {
	await tab.select("#route-choice", "1");
	const expected = await tab.evaluate(() => report.routes.filter((row) => row.counts && row.counts.length > 0)[1]);
	ok((await text_of(tab, "#routes .readout")).startsWith(expected.requests.toLocaleString("en") + " request"), "another route is chosen");
	await tab.click("#routes .chart details summary");
	const counts = await tab.$$eval("#routes .chart tbody tr", (rows) => rows.map((row) => Number(row.cells[2].textContent.replaceAll(",", ""))));
	ok(JSON.stringify(counts) === JSON.stringify(expected.counts), "the table behind the chart has its numbers", counts);
	ok(await tab.$eval("#routes canvas", (canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((byte) => byte !== 0)),
		"the chart is not empty");
}

/* The flame graph: all frames are inside of their parents, the keyboard moves about, Enter and a click zoom. */
async function draws_flames(tab) {
	await tab.mouse.move(0, 0);
	await tab.focus("#flame .flame");
	await tab.keyboard.press("ArrowDown");
	const first = await text_of(tab, "#profile .readout");
	const route = await tab.evaluate(() => profile_tree().children[0].name);
	ok(first.startsWith(route + ": "), "the arrow goes to the first route", [first, route]);
	await tab.keyboard.press("Enter");
	const widths = () => tab.evaluate((name) => {
		const frame = [...document.querySelectorAll("#flame g.frame")].find((one) => one.getAttribute("name") === name);
		return Math.round(frame.getBoundingClientRect().width / document.querySelector("#flame svg").getBoundingClientRect().width * 100);
	}, route);
	await tab.waitForFunction((name) => {
		const frame = [...document.querySelectorAll("#flame g.frame")].find((one) => one.getAttribute("name") === name);
		return frame.getBoundingClientRect().width > 0.98 * document.querySelector("#flame svg").getBoundingClientRect().width;
	}, {}, route);
	ok(await widths() >= 98, "Enter shows it in full width");
	await tab.keyboard.press("Escape");
	await tab.waitForFunction((name) => {
		const frame = [...document.querySelectorAll("#flame g.frame")].find((one) => one.getAttribute("name") === name);
		return frame.getBoundingClientRect().width < 0.98 * document.querySelector("#flame svg").getBoundingClientRect().width;
	}, {}, route);
	ok(await widths() < 98, "Escape shows all");
	await tab.$eval("#profile > details > summary", (summary) => summary.click());
	await tab.waitForSelector("#profile > details table");
	ok(await tab.$$eval("#profile > details tbody tr", (rows) => rows.length) > 5, "the table says the same");
}

/* Waits over time: each height is the sum of what is below, and the table behind has all of it. */
async function draws_load(tab) {
	const seen = await tab.evaluate(function () {
		const rows = report.periods.filter((row) => row.sessions !== null);
		const types = wait_types(rows);
		const steps = wait_steps(rows, types);
		const canvas = document.querySelector("#load canvas");
		return {
			tops: rows.map((row) => steps[types.length][steps[0].indexOf(server_seconds(row.until))]),
			sessions: rows.map((row) => row.sessions),
			rising: steps[0].every((second, i) => i === 0 || steps[0][i - 1] <= second),
			drawn: canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((byte) => byte !== 0),
			legend: [...document.querySelectorAll("#load .legend li")].map((one) => one.textContent),
			types: types,
			lines: document.querySelectorAll("#load tbody tr").length,
			waits: rows.reduce((sum, row) => sum + row.waits.length, 0),
		};
	});
	ok(seen.sessions.length >= 2 && seen.tops.every((top, i) => Math.abs(top - seen.sessions[i]) < 0.001), "waits over time: on top are all sessions", seen);
	ok(seen.rising && seen.drawn, "the chart is not empty", seen);
	ok(JSON.stringify(seen.legend) === JSON.stringify(seen.types) && seen.types.length > 0, "it says what the colors are", seen);
	ok(seen.lines === seen.waits, "the table has all of it", seen);
}

/* The theme can be chosen, and the charts follow. */
async function changes_theme(tab) {
	const canvas = () => tab.$eval("#routes canvas", (element) => element.toDataURL());
	const light = await canvas();
	await tab.click("#theme");
	ok(await tab.evaluate(() => document.documentElement.dataset.theme) === "dark", "the button makes it dark");
	await tab.waitForFunction((before) => document.querySelector("#routes canvas").toDataURL() !== before, {}, light);
	ok(await canvas() !== light, "the chart is drawn in other colors");
	await tab.click("#theme");
}

/* Without the libraries the same page shows tables. */
async function shows_tables(browser) {
	const bare = `${directory}/bare.html`;
	const html = fs.readFileSync(page, "utf8");
	const from = html.indexOf("<script>\n/*!");
	fs.writeFileSync(bare, html.slice(0, from) + html.slice(html.indexOf("</script>", from) + "</script>".length));
	const tab = await open(browser, bare, "light", 1200);
	ok(await tab.evaluate(() => typeof charts) === "undefined", "without libraries");
	ok(await tab.$$eval("#routes .chart tbody tr, #profile tbody tr", (rows) => rows.length) > 10, "tables stand in the places of charts");
	await is_sound(tab, "without libraries", 1200);
	const told = await tab.evaluate(function () {
		report.periods.length = 1;
		document.getElementById("load").remove();
		show_load();
		return document.getElementById("load").textContent;
	});
	ok(/fewer than two periods/.test(told) && /snapshot_interval/.test(told), "with one period it says how to get more", told);
	await tab.close();
}

(async () => {
	const browser = await puppeteer.launch({ executablePath: chromium, headless: "new", protocolTimeout: 600000,
		args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
	await (await look(browser, "dark", 1200)).close();
	await (await look(browser, "light", 390)).close();
	const tab = await look(browser, "light", 1200);

	ok(await tab.evaluate(() => ["findings", "comparison", "objectives", "routes", "loops", "scans", "indexes", "jobs", "waits", "load", "profile", "periods",
		"statements"].filter((id) => document.getElementById(id) === null).join(" ")) === "", "all sections are there");
	ok(await tab.$$eval("#findings article", (all) => all.length) === await tab.evaluate(() => report.findings.length), "all findings are there");
	await sorts(tab);
	await searches(tab);
	await draws_routes(tab);
	await draws_flames(tab);
	await draws_load(tab);
	await changes_theme(tab);
	await tab.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
	await is_sound(tab, "everything opened", 1200);
	const printed = await tab.pdf({ timeout: 0 });
	ok(printed.length > 10000, "it prints", printed.length);

	/* Statements of any kind stay text. */
	ok(await tab.evaluate(() => window.planted === undefined && document.body.textContent.includes("</script><script>window.planted")),
		"a statement that looks like HTML is text");
	await shows_tables(browser);
	await take_picture(browser);
	await browser.close();

	const checked = await new HtmlValidate({ extends: ["html-validate:recommended"], rules: { "no-inline-style": "off" } })
		.validateFile(page);
	ok(checked.valid, "html-validate", checked.results.map((result) => result.messages.slice(0, 5)));
	console.log("1.." + tests);
})();
