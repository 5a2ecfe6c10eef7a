import { describe, expect, test } from "bun:test";
import { createEnvironment } from "../../app/environment.ts";

const read = (env: Record<string, string | undefined>, files: Record<string, string> = {}) =>
  createEnvironment(env, (path) => {
    const text = files[path];
    if (text === undefined) throw new Error("ENOENT");
    return text;
  });

describe("the environment", () => {
  test.each([undefined, "", "  "])("takes %j for a variable that is not set", (X) => {
    const env = read({ X, X_FILE: X });
    expect(env.text("X", "fallback")).toBe("fallback");
    expect(env.integer("X", 7, 1, 9)).toBe(7);
    expect(env.choice("X", ["a", "b"], "b")).toBe("b");
    expect(env.secret("X")).toEqual({ value: undefined, path: undefined });
    expect(env.faults()).toEqual([]);
  });

  test.each([
    ["1", 1],
    ["9", 9],
    [" 5 ", 5],
    ["007", 7],
  ])("reads %j as a number", (X, value) => {
    expect(read({ X }).integer("X", 3, 1, 9)).toBe(value);
  });

  test.each(["0", "10", "5.0", "+5", "5 5", "five", "1e0", "0x5", "٥"])(
    "does not read %j as one from 1 to 9",
    (X) => {
      const env = read({ X });
      expect(env.integer("X", 3, 1, 9)).toBe(3);
      expect(env.faults()).toEqual([`X is "${X}"; it takes a whole number from 1 to 9`]);
    },
  );

  test("names the choices there are", () => {
    const env = read({ X: "c" });
    expect(env.choice("X", ["a", "b"], "a")).toBe("a");
    expect(env.faults()).toEqual(['X is "c"; it takes one of a, b']);
  });

  test("reads a secret from a file without the line end that editors leave", () => {
    expect(read({ X_FILE: "/f" }, { "/f": "s3cret\r\n" }).secret("X")).toEqual({
      value: "s3cret",
      path: "/f",
    });
  });

  test("names the file that cannot be read", () => {
    const env = read({ X_FILE: "/f" });
    expect(env.secret("X")).toEqual({ value: undefined, path: "/f" });
    expect(env.faults()).toEqual(["X_FILE names /f, which cannot be read"]);
  });

  test("does not choose where a secret is given twice", () => {
    const env = read({ X: "one", X_FILE: "/f" }, { "/f": "two" });
    env.secret("X");
    expect(env.faults()).toEqual(["X and X_FILE are both set; keep one"]);
  });
});
