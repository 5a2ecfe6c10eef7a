/** Who asks: the address, then the key's digest, then the browser's origin. */

import { createHash } from "node:crypto";
import type { Principal } from "../admission.ts";
import { Fault } from "../core/fault.ts";
import type { KeyGrant } from "../core/keys-file.ts";
import { clientAddress } from "./address.ts";
import { type Call, type Parts, pathOf } from "./call.ts";

/** What Elysia knows of a request before its asker is known. */
interface Unidentified {
  readonly request: Request;
  readonly bearer: string | undefined;
}

const HOW = "Send the header: authorization: Bearer ms_…";

/** Makes the hook that finds out who asks, or throws the Fault that refuses. */
export function createIdentify(parts: Parts) {
  const { config, admission, ring, clock } = parts;

  function check(grant: KeyGrant | undefined): KeyGrant | Fault {
    const now = clock();
    if (grant === undefined)
      return new Fault("unauthenticated", `This API key is not known. ${HOW}`);
    if (grant.notBeforeMs !== null && now < grant.notBeforeMs) {
      return new Fault("unauthenticated", "This API key is not valid yet.");
    }
    if (grant.expiresAtMs !== null && now >= grant.expiresAtMs) {
      return new Fault("key_expired", "This API key has expired; ask for a new one.");
    }
    return grant;
  }

  async function authenticate(key: string | undefined, address: string): Promise<Principal> {
    const locked = await admission.failedAuth(address);
    if (locked !== undefined) throw locked;
    if (key === undefined || key === "")
      throw new Fault("unauthenticated", `There is no API key. ${HOW}`);
    const digest = createHash("sha256").update(key).digest("hex");
    const grant = check(ring.find(digest));
    if (!(grant instanceof Fault)) return { ...grant, digest };
    await admission.countFailedAuth(address);
    throw grant;
  }

  return async ({
    request,
    bearer,
  }: Unidentified): Promise<Pick<Call, "principal" | "address">> => {
    const forwardedFor = request.headers.get("x-forwarded-for");
    const address = clientAddress(parts.peerOf(request), forwardedFor, config.trustedProxies);
    if (!isResume(request)) {
      const refusal = await admission.address(address);
      if (refusal !== undefined) throw refusal;
    }
    const principal = await authenticate(bearer ?? anyCase(request), address);
    const origin = request.headers.get("origin");
    if (origin !== null && !isAllowedOrigin(origin, request, config.corsOrigins)) {
      throw new Fault(
        "origin_not_allowed",
        `Pages of ${origin.slice(0, 200)} may not ask here; see CORS_ORIGINS.`,
      );
    }
    return { principal, address };
  };
}

/** A scheme's name has no case (RFC 9110, section 11.1); the plugin knows it as `Bearer` alone. */
function anyCase(request: Request): string | undefined {
  return /^bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
}

/** Whether a request reads or ends a stream that is there already: it passes identity only. */
export function isResume(request: Request): boolean {
  const pathname = pathOf(request);
  if (pathname.startsWith("/v1/streams/")) return true;
  return pathname === "/stream" && request.headers.has("last-event-id");
}

/** A page served from here is no foreign one, whatever the list says. */
function isAllowedOrigin(origin: string, request: Request, allowed: readonly string[]): boolean {
  if (allowed.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === request.headers.get("host");
}
