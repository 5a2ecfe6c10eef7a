import { describe, expect, test } from "bun:test";
import { createSplitter } from "../../app/core/event.ts";
import type { Frame } from "../../app/core/frame.ts";
import { Fault } from "../../app/core/fault.ts";
import { bytesOf } from "../support/frames.ts";

const MIB = 1024 * 1024;

/** Pushes one event of a size in packets. @returns the time it took and the frame that came */
function pushEvent(size: number, packet: number): { ms: number; frame: Frame | undefined } {
  const event = bytesOf(`data: ${"x".repeat(size - 8)}\n\n`);
  const splitter = createSplitter(8 * MIB);
  const started = performance.now();
  let frame: Frame | undefined;
  for (let at = 0; at < event.length; at += packet)
    [frame] = splitter.push(event.slice(at, at + packet));
  return { ms: performance.now() - started, frame };
}

describe("the event splitter's bound", () => {
  const max = 100;
  const event = (size: number) => bytesOf(`data: ${"x".repeat(size - 8)}\n\n`);

  test.each([1, 7, 1000])(
    "lets an event of exactly the bound through, in packets of %d",
    (packet) => {
      const splitter = createSplitter(max);
      const bytes = event(max);
      let frame: Frame | undefined;
      for (let at = 0; at < bytes.length; at += packet)
        [frame] = splitter.push(bytes.slice(at, at + packet));
      expect(frame?.ends).toEqual([max]);
    },
  );

  test.each([1, 7, 1000])("faults an event of one byte more, in packets of %d", (packet) => {
    const bytes = event(max + 1);
    const push = () => {
      const splitter = createSplitter(max);
      for (let at = 0; at < bytes.length; at += packet) splitter.push(bytes.slice(at, at + packet));
    };
    expect(push).toThrow(Fault);
    expect(push).toThrow("more than 100 bytes");
  });

  test("faults an event that never ends as soon as it is too long", () => {
    const splitter = createSplitter(max);
    let pushed = 0;
    expect(() => {
      for (; pushed < 1000; pushed++) splitter.push(bytesOf("x"));
    }).toThrow(Fault);
    expect(pushed).toBe(max);
  });

  test("counts each event of a long read alone", () => {
    const many = bytesOf("data: 12345678\n\n".repeat(100));
    expect(createSplitter(max).push(many)[0]?.ends).toHaveLength(100);
  });
});

describe("the event splitter's cost", () => {
  test.each([1024, 16 * 1024])(
    "stays linear for an event of 4 MiB in packets of %d bytes",
    (packet) => {
      pushEvent(MIB / 4, packet);
      const { ms, frame } = pushEvent(4 * MIB, packet);
      expect(frame?.ends).toEqual([4 * MIB]);
      // Copying it all for every packet would move 8 GiB in packets of 1 KiB.
      expect(ms).toBeLessThan(500);
    },
  );

  test("stays linear for a hundred thousand events in one read", () => {
    const bytes = bytesOf("data: {}\n\n".repeat(100_000));
    const started = performance.now();
    expect(createSplitter(8 * MIB).push(bytes)[0]?.ends).toHaveLength(100_000);
    expect(performance.now() - started).toBeLessThan(500);
  });

  test("stays linear for one event of a hundred thousand lines, line by line", () => {
    const splitter = createSplitter(8 * MIB);
    const line = bytesOf("data: x\n");
    const started = performance.now();
    for (let i = 0; i < 100_000; i++) splitter.push(line);
    expect(splitter.push(bytesOf("\n"))[0]?.ends).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
