/** `fetch` as a page calls it, told back to the test. */

import type { Page } from "playwright-core";

/** What the page saw. */
export interface Told {
  readonly status: number;
  readonly headers: Record<string, string | null>;
  readonly text: string;
  /** When the reads came, in milliseconds from the first one on. */
  readonly reads: number[];
}

interface Init {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** `fetch` in the page, its body read as a stream. */
export function fetchIn(page: Page, url: string, init: Init): Promise<Told> {
  return page.evaluate(
    async ({ url, init }) => {
      const response = await fetch(url, init);
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      const reads: number[] = [];
      let text = "";
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        reads.push(performance.now());
        text += next.value;
      }
      const names = [
        "stream-id",
        "x-request-id",
        "ratelimit",
        "ratelimit-policy",
        "x-adapted-params",
      ];
      const headers = Object.fromEntries(names.map((name) => [name, response.headers.get(name)]));
      return { status: response.status, headers, text, reads: reads.map((at) => at - reads[0]!) };
    },
    { url, init },
  );
}
