// Text of the sampled program -> text that is safe on a terminal. Imports nothing.

/** Control characters (C0, DEL, C1), line separators and what turns the direction of text around. */
const unsafe = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Shows what a terminal would obey: ESC becomes `\x1b`, a line end `\n`, a direction mark `\u202e`. */
export function visible(text: string): string {
  return text.replace(unsafe, (char) => {
    const code = char.charCodeAt(0);
    if (char === '\n') return '\\n';
    if (char === '\t') return '\\t';
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** JSON for machines that people look at: what a terminal would obey is escaped, which JSON itself asks of C0 only. */
export function printJson(value: unknown): string {
  return escapeInJson(JSON.stringify(value, null, 2));
}

/** The same in one line, without its end. */
export function printJsonLine(value: unknown): string {
  return escapeInJson(JSON.stringify(value));
}

function escapeInJson(json: string): string {
  return json.replace(unsafe, (char) =>
    char === '\n' ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
