import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { allowsModel, formatKey, hasValidChecksum } from "../../app/core/api-key.ts";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const key = fc.uint8Array({ minLength: 20, maxLength: 20 }).map(formatKey);

describe("an API key", () => {
  test("has one form and a checksum that fits", () => {
    fc.assert(
      fc.property(key, (text) => {
        expect(text).toMatch(/^ms_[0-9a-hjkmnp-tv-z]{39}$/);
        expect(hasValidChecksum(text)).toBe(true);
      }),
    );
  });

  test("keeps all of its random bits", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), fc.nat(159), (random, bit) => {
        const other = random.slice();
        other[bit >> 3] = (other[bit >> 3] as number) ^ (1 << (bit & 7));
        expect(formatKey(other)).not.toBe(formatKey(random));
      }),
    );
  });

  test.each([0, 19, 21])("is not made of %d bytes", (bytes) => {
    expect(() => formatKey(new Uint8Array(bytes))).toThrow(RangeError);
  });

  test("is refused with any one character changed", () => {
    fc.assert(
      fc.property(
        key,
        fc.integer({ min: 3, max: 41 }),
        fc.constantFrom(...ALPHABET, "I", "!", "é"),
        (text, at, char) => {
          fc.pre(text[at] !== char);
          expect(hasValidChecksum(text.slice(0, at) + char + text.slice(at + 1))).toBe(false);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test("is refused with any two characters swapped", () => {
    const place = fc.integer({ min: 3, max: 41 });
    fc.assert(
      fc.property(key, place, place, (text, a, b) => {
        fc.pre(text[a] !== text[b]);
        const chars = [...text];
        [chars[a], chars[b]] = [chars[b] as string, chars[a] as string];
        expect(hasValidChecksum(chars.join(""))).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  test.each(["", "ms_", "MS_", " ", "x"])(
    "is refused where %j stands before or behind it",
    (extra) => {
      const text = formatKey(new Uint8Array(20));
      if (extra !== "")
        for (const one of [extra + text, text + extra, `${text}\n`])
          expect(hasValidChecksum(one)).toBe(false);
      expect(hasValidChecksum(text.toUpperCase())).toBe(false);
      expect(hasValidChecksum(text.slice(0, -1))).toBe(false);
    },
  );
});

describe("model patterns", () => {
  test.each([
    [undefined, "any", true],
    [[], "any", false],
    [["mistral-*"], "mistral-small-latest", true],
    [["mistral-*"], "xmistral-small", false],
    [["mistral-*"], "mistral-", true],
    [["*"], "", true],
    [["*-latest"], "codestral-latest", true],
    [["*-latest"], "codestral-latest-2", false],
    [["a*c*e"], "abcde", true],
    [["a*c*e"], "aec", false],
    [["a", "b"], "b", true],
    [["a.c"], "abc", false],
    [["(a|b)"], "a", false],
    [["[a-z]+"], "abc", false],
    [["a?"], "a", false],
    [["^a$"], "a", false],
    [["a\\"], "a\\", true],
    [["mistral-*"], "mistral-\nx", true],
    [["mistral"], "mistral\n", false],
  ])("%j allows %j: %p", (patterns, model, allowed) => {
    expect(allowsModel(patterns, model)).toBe(allowed);
  });

  test("without a star allow exactly themselves, whatever characters they hold", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.string({ unit: "binary" }),
        (pattern, model) => {
          fc.pre(!pattern.includes("*"));
          expect(allowsModel([pattern], model)).toBe(pattern === model);
          expect(allowsModel([pattern], pattern)).toBe(true);
        },
      ),
    );
  });

  test("with many stars cost no more than a moment, whatever model is asked", () => {
    const started = performance.now();
    expect(allowsModel([`${"*a".repeat(12)}*b`], "a".repeat(256))).toBe(false);
    expect(performance.now() - started).toBeLessThan(100);
  });
});
