/*
 * Looks at the report's page in Chromium: node browser.js CHROMIUM PAGE DIR
 *
 * In light and dark, and as wide as a screen and a phone: nothing is loaded, nothing is printed on the console, axe-core
 * finds nothing, the page is not wider than its window. Sorting, searching and the keyboard do what they should. Screenshots
 * go to DIR. Prints TAP.
 */
"use strict";
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

/* The cells of a column of the first table, in their order. */
const column = (tab, number) => tab.evaluate((n) =>
	[...document.querySelectorAll("table")[0].tBodies[0].rows].map((row) => row.cells[n].textContent), number);

async function look(browser, theme, width) {
	const tab = await browser.newPage();
	const said = [];
	tab.on("console", (message) => said.push(message.text()));
	tab.on("pageerror", (error) => said.push(String(error)));
	tab.on("request", (request) => request.url().startsWith("file:") || said.push(request.url()));
	await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
	await tab.setViewport({ width: width, height: 900 });
	await tab.goto("file://" + page);
	await tab.screenshot({ path: `${directory}/${theme}-${width}.png`, fullPage: true });
	const wide = await tab.evaluate(() => document.documentElement.scrollWidth);
	ok(wide <= width, `${theme} ${width}: as wide as the window`, wide);
	ok(said.length === 0, `${theme} ${width}: nothing loaded, nothing on the console`, said);
	await tab.evaluate(require("fs").readFileSync(require.resolve("axe-core/axe.min.js"), "utf8"));
	const violations = await tab.evaluate(async () => (await axe.run()).violations.map((v) => [v.id, v.nodes[0].html]));
	ok(violations.length === 0, `${theme} ${width}: axe-core`, violations);
	return tab;
}

(async () => {
	const browser = await puppeteer.launch({ executablePath: chromium, headless: "new", args: ["--no-sandbox", "--disable-gpu"] });
	await (await look(browser, "dark", 1200)).close();
	await (await look(browser, "light", 390)).close();
	const tab = await look(browser, "light", 1200);

	/* Sorting by the keyboard: requests, descending and ascending. */
	const numbers = async () => (await column(tab, 1)).map((text) => Number(text.replaceAll(",", "")));
	await tab.focus("table thead th:nth-child(2) button");
	await tab.keyboard.press("Enter");
	let sorted = await numbers();
	ok(sorted.length > 1 && sorted.every((n, i) => i === 0 || sorted[i - 1] >= n), "sorted descending", sorted);
	ok(await tab.$eval("table thead th:nth-child(2)", (th) => th.getAttribute("aria-sort")) === "descending", "and says so");
	await tab.keyboard.press("Enter");
	sorted = await numbers();
	ok(sorted.every((n, i) => i === 0 || sorted[i - 1] <= n), "sorted ascending", sorted);

	/* Searching. */
	await tab.type("#search", "VOTES");
	const shown = await tab.evaluate(() => [...document.querySelectorAll("article, tbody tr")]
		.filter((element) => !element.hidden).map((element) => element.textContent));
	ok(shown.length > 0 && shown.every((text) => /votes/i.test(text)), "the search shows what it finds", shown);
	ok(/^\d+ of \d+$/.test(await tab.$eval("#matches", (element) => element.textContent)), "and how much that is");

	/* Statements of any kind stay text. */
	ok(await tab.evaluate(() => window.planted === undefined && document.body.textContent.includes("</script><script>window.planted")),
		"a statement that looks like HTML is text");
	await browser.close();

	const report = await new HtmlValidate({ extends: ["html-validate:recommended"], rules: { "no-inline-style": "off" } })
		.validateFile(page);
	ok(report.valid, "html-validate", report.results.map((result) => result.messages.slice(0, 5)));
	console.log("1.." + tests);
})();
