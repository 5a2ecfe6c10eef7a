/** A real Chromium with a profile of its own, gone when it is closed. */

import { type Browser, chromium, type Page } from "playwright-core";

/** Debian's package `chromium`. */
const EXECUTABLE = "/usr/bin/chromium";

/** Nothing but what the page asks for may go over the network, and no setting of the machine counts. */
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts Chromium; a machine without one fails here, in words. */
export async function startChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: EXECUTABLE, headless: true, args: ARGS });
}

/** Opens a page that tells its uncaught errors to whoever runs the test. */
export async function openPage(browser: Browser, url: string): Promise<Page> {
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(`in ${url}:`, error));
  await page.goto(url);
  return page;
}
