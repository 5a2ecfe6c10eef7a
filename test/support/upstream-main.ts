/** An upstream in a process of its own, so that a load test does not share a thread with it. */

import { startUpstream } from "./upstream.ts";

const upstream = await startUpstream({ paceMs: Number(process.argv[2] ?? 0) });
console.log(upstream.url);
