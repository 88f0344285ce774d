/*
 * Has speedscope open a profile in Chromium: node speedscope.js CHROMIUM PROFILE
 *
 * The way in which its command does it: a file of JavaScript hands the profile on. Prints what speedscope shows of it as
 * JSON: the title of the page, what it says, and the rows of its table of functions, with the times as it writes them.
 */
"use strict";
const fs = require("fs");
const path = require("path");
const puppeteer = require("puppeteer-core");

const [chromium, profile] = process.argv.slice(2);
const release = path.join(path.dirname(require.resolve("speedscope/package.json")), "dist/release/index.html");

(async () => {
	const browser = await puppeteer.launch({ executablePath: chromium, headless: "new", protocolTimeout: 600000,
		args: ["--no-sandbox", "--disable-dev-shm-usage", "--allow-file-access-from-files", "--use-gl=angle", "--use-angle=swiftshader"] });
	const tab = await browser.newPage();
	const said = [];
	tab.setDefaultTimeout(0);
	tab.on("console", (message) => message.type() === "error" && said.push(message.text()));
	tab.on("pageerror", (error) => said.push(String(error)));
	tab.on("dialog", async (dialog) => { said.push(dialog.message()); await dialog.dismiss(); });
	await tab.setViewport({ width: 1600, height: 20000 });

	const handed = profile + ".js";
	fs.writeFileSync(handed, `speedscope.loadFileFromBase64(${JSON.stringify(path.basename(profile))}, `
		+ `${JSON.stringify(fs.readFileSync(profile).toString("base64"))})`);
	await tab.goto(`file://${release}#localProfilePath=${handed}`);
	await tab.waitForFunction((name) => document.title.includes(name) || /went wrong|Unrecognized|error/i.test(document.body.innerText), {},
		path.basename(profile));
	/* The key for the table is pressed until it is there: before all is drawn, nothing listens. */
	while (!await tab.evaluate(() => document.querySelector("table td") !== null || /went wrong/i.test(document.body.innerText))) {
		await tab.keyboard.press("3");
		await tab.evaluate(() => new Promise((drawn) => requestAnimationFrame(drawn)));
	}
	const rows = await tab.$$eval("table tr", (all) => all.map((row) => [...row.querySelectorAll("td")].map((cell) => cell.innerText)));
	console.log(JSON.stringify({ title: await tab.title(), said: said, rows: rows }));
	await browser.close();
})();
