/** The seam behind which streams are logged: a relay appends, readers follow, ids are dense from 1. */

import type { Usage } from "../core/chunk.ts";
import type { Frame, Stretch } from "../core/frame.ts";
import type { Failure, Outcome } from "../core/fault.ts";

/** What is known of a stream from its start. */
export interface StreamInfo {
  readonly id: string;
  /** The principal that asked; nobody else may read. */
  readonly owner: string;
  readonly model: string;
  /** `events` is read as server-sent events, `answer` as the one JSON body of a call without streaming. */
  readonly kind: "events" | "answer";
  readonly createdMs: number;
}

/** How a stream ended. */
export interface End {
  readonly outcome: Outcome;
  /** Set for every outcome but `completed`. */
  readonly failure: Failure | undefined;
  readonly finishReason: string | null;
  readonly usage: Usage | null;
  /** Upstream said `[DONE]`. */
  readonly done: boolean;
  /** Choices without a finish reason. */
  readonly unfinished: readonly number[];
}

/** One reader's place in a log. */
export interface Reader {
  /** What stands behind the reader's place, which moves past it; undefined when nothing new is there. */
  take(): Stretch | undefined;
  /** Resolves when there may be something new: events, the end, a nudge. Never rejects. */
  changed(): Promise<void>;
  nudge(): void;
  /** Gives the place up; a second call does nothing. */
  leave(): void;
}

/** One stream's log. */
export interface StreamLog extends StreamInfo {
  append(frame: Frame): void;
  /** Ends the log; what is appended afterwards is dropped. */
  finish(end: End): void;
  end(): End | undefined;
  /** Seq of the last event; the terminal event has the next one. */
  lastSeq(): number;
  /** Undefined while the writer may go on, else a promise to wait for. Never rejects. */
  room(): Promise<void> | undefined;
  /** A reader of all events behind `after`; `gone` when some of them are no longer there. */
  join(after: number): Reader | "gone" | "full";
}

/** The logs of this process, or of all that share a Redis. */
export interface StreamStore {
  /** @param onReaders told how many readers there are, at each change */
  create(info: StreamInfo, onReaders: (count: number) => void): StreamLog;
  find(id: string): Promise<StreamLog | undefined>;
  erase(id: string): Promise<void>;
  /** Bytes held by all logs. */
  bytes(): number;
  close(): void;
}
