/** The public application: the order of its hooks, and every route. Nothing else is decided here. */

import { bearer } from "@elysiajs/bearer";
import { cors } from "@elysiajs/cors";
import { Elysia } from "elysia";
import { createArrival } from "./arrival.ts";
import type { Parts } from "./call.ts";
import { createCompletion } from "./chat.ts";
import { corsOptions } from "./cors-options.ts";
import { createEmbeddings } from "./embeddings.ts";
import { createOnError, type Route } from "./errors.ts";
import { createIdentify } from "./identify.ts";
import { createModels } from "./models.ts";
import { createAdmitRequest } from "./admit-request.ts";
import { createDeleteStream, createGetStreamById } from "./resume.ts";
import { sse } from "./sse.ts";
import { createStream } from "./stream.ts";
import { createUsage } from "./usage.ts";

/** Builds the application; its `fetch` is the gateway's. */
export function createApp(parts: Parts) {
  // Bodies are read and counted by the endpoints, once it is known who sends them.
  const raw = { parse: "none" } as const;
  let routes: readonly Route[] = [];
  const app = new Elysia({
    // Without ahead-of-time compilation `onError` misses faults before the first byte (facts, 9).
    aot: true,
    // A one-letter Host would be routed by its path's second half (facts, 11).
    handler: { standardHostname: false },
  })
    .onRequest(createArrival(parts))
    .use(cors(corsOptions(parts.config.corsOrigins)))
    .use(bearer())
    .onError(createOnError(parts, (path) => routesAt(routes, path)))
    .resolve(createIdentify(parts))
    .get("/v1/usage", createUsage(parts))
    .get("/v1/streams/:id", sse(createGetStreamById(parts)))
    .delete("/v1/streams/:id", createDeleteStream(parts), raw)
    .resolve(createAdmitRequest(parts))
    .get("/stream", sse(createStream(parts)))
    .post("/stream", sse(createStream(parts)), raw)
    .post("/v1/chat/completions", sse(createCompletion(parts, "/v1/chat/completions")), raw)
    .post("/v1/fim/completions", sse(createCompletion(parts, "/v1/fim/completions")), raw)
    .post("/v1/embeddings", sse(createEmbeddings(parts)), raw)
    .get("/v1/models", createModels(parts));
  routes = app.routes;
  return app;
}

/** The routes of a path, whatever their method. */
function routesAt(routes: readonly Route[], path: string): Route[] {
  const given = path.split("/");
  const matches = (pattern: string) => {
    const parts = pattern.split("/");
    return (
      parts.length === given.length &&
      parts.every((part, i) => part.startsWith(":") || part === given[i])
    );
  };
  return routes.filter((route) => route.method !== "OPTIONS" && matches(route.path));
}
