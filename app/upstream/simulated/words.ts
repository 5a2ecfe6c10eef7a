/** Words, numbers and ids that look random and are the same for the same seed. */

/** Numbers from 0 up to 1, the same sequence for the same seed. */
export type Random = () => number;

const WORDS =
  "the a of to in that with from over each every small large quiet early careful clear open river harbour market garden lantern window letter engine signal stream packet cluster gateway model token answer question reader writer captain baker teacher engineer carries follows opens closes keeps finds builds measures returns waits arrives café naïve crème façade über 東京 🌊 🚀".split(
    " ",
  );

/** FNV-1a over UTF-16 units seeds mulberry32: two public-domain dozen-line functions, no security meant. */
export function seeded(seed: string): Random {
  let state = 0x811c9dc5;
  for (let i = 0; i < seed.length; i++) state = Math.imul(state ^ seed.charCodeAt(i), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of the list. */
export function pick<T>(list: readonly T[], random: Random): T {
  return list[Math.floor(random() * list.length)] as T;
}

/** Characters of an alphabet, such as the 32 hex digits of a completion's id. */
export function letters(alphabet: string, length: number, random: Random): string {
  return Array.from({ length }, () => pick([...alphabet], random)).join("");
}

/** A word of prose, as it would stand inside a sentence. */
export const word = (random: Random): string => pick(WORDS, random);

/** Sentences of 6 to 13 words. Every word but the first brings its leading space. */
export function prose(count: number, random: Random): string[] {
  const words: string[] = [];
  let left = 0;
  for (let i = 0; i < count; i++) {
    const isFirst = left === 0;
    if (isFirst) left = 6 + Math.floor(random() * 8);
    left -= 1;
    const plain = word(random);
    const cased = isFirst ? plain.charAt(0).toUpperCase() + plain.slice(1) : plain;
    // charAt takes one unit: a pair of surrogates has no upper case and survives being joined again.
    words.push(`${i === 0 ? "" : " "}${cased}${left === 0 || i === count - 1 ? "." : ""}`);
  }
  return words;
}

/** A text as words that bring the white space before them: joined, they are the text, less its tail. */
export const toWords = (text: string): string[] => text.match(/\s*\S+/g) ?? [];
