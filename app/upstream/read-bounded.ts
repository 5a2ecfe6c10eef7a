/** A body as text, up to a bound; what is beyond it is dropped. */

/** @returns at most `maxChars` characters; a body that breaks off gives what came */
export async function readBounded(response: Response, maxChars: number): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
  const utf8 = new TextDecoder();
  let text = "";
  try {
    while (text.length < maxChars) {
      const { done, value } = await reader.read();
      if (done) return text;
      text += utf8.decode(value, { stream: true });
    }
    await reader.cancel();
  } catch {
    // Whoever reads it finds it cut; its status, where that counts, is known already.
  }
  return text.slice(0, maxChars);
}
