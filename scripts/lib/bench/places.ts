/** Where things are in the checkout. */

import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../../..");

/** What scripts/lib/bench-install.sh has installed. */
export const TOOLS = join(ROOT, ".tools/bench");

/** What is written about the peers: programs and configurations. */
export const PEER_FILES = join(import.meta.dirname, "peers");
