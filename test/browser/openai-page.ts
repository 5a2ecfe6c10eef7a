/** What the page of the foreign origin loads: OpenAI's SDK, as a bundler puts it there. */

import OpenAI from "openai";

Object.assign(globalThis, { OpenAI });
