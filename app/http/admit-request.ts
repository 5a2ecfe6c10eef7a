/** The principal's rate, told in headers whether it is passed or not. */

import { Fault } from "../core/fault.ts";
import type { Call, Parts } from "./call.ts";
import { isResume } from "./identify.ts";

/** Makes the hook that counts a request against its principal's rate, unless it only resumes. */
export function createAdmitRequest({ admission }: Parts) {
  return async ({
    request,
    principal,
    set,
  }: Pick<Call, "request" | "principal" | "set">): Promise<void> => {
    if (isResume(request)) return;
    const verdict = await admission.request(principal);
    if (verdict instanceof Fault) throw verdict;
    Object.assign(set.headers, verdict);
  };
}
