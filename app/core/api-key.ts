/** The form of an API key, and which models its holder may ask. */

/** `ms_`, 32 characters for 160 random bits, 7 for the checksum. Lower case reads well aloud. */
const PREFIX = "ms_";
/** Crockford's base 32: no i, l, o, u, so nothing is mistaken for a digit. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const SECRET_BYTES = 20;
const SECRET_CHARS = 32;
const CHECKSUM_CHARS = 7;

const FORM = new RegExp(`^${PREFIX}[${ALPHABET}]{${SECRET_CHARS + CHECKSUM_CHARS}}$`);

/**
 * Writes a key: prefix, secret, checksum. Secret scanners and typing errors need the checksum; the
 * server matches by digest alone.
 * @param random 20 bytes from a cryptographic source
 * @throws RangeError when there are more or fewer
 */
export function formatKey(random: Uint8Array): string {
  if (random.length !== SECRET_BYTES)
    throw new RangeError(`A key takes ${SECRET_BYTES} random bytes.`);
  const secret = base32(random);
  return PREFIX + secret + checksum(secret);
}

/** Whether a text has the form of a key and its checksum fits: a typing error is seen without a look-up. */
export function hasValidChecksum(key: string): boolean {
  if (!FORM.test(key)) return false;
  const secret = key.slice(PREFIX.length, PREFIX.length + SECRET_CHARS);
  return key.slice(PREFIX.length + SECRET_CHARS) === checksum(secret);
}

/** Whether a model is allowed by any of the patterns, in which `*` stands for any characters. */
export function allowsModel(patterns: readonly string[] | undefined, model: string): boolean {
  if (patterns === undefined) return true;
  return patterns.some((pattern) => matches(pattern.split("*"), model));
}

/** Looks for the parts in turn, each as early as it can be: unlike a regular expression, in one pass. */
function matches(parts: readonly string[], model: string): boolean {
  const [first = "", ...middle] = parts;
  const last = middle.pop();
  if (last === undefined) return model === first;
  const end = model.length - last.length;
  if (!model.startsWith(first) || !model.endsWith(last) || first.length > end) return false;
  let at = first.length;
  for (const part of middle) {
    const found = model.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

function base32(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(value >>> bits) & 31];
    }
    value &= (1 << bits) - 1;
  }
  return text;
}

/** CRC-32 (ISO 3309) of the secret's characters, in base 32. */
function checksum(secret: string): string {
  let crc = 0xffffffff;
  for (let i = 0; i < secret.length; i++) {
    crc ^= secret.charCodeAt(i);
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  let rest = (crc ^ 0xffffffff) >>> 0;
  let text = "";
  for (let i = 0; i < CHECKSUM_CHARS; i++) {
    text = ALPHABET[rest % 32] + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}
