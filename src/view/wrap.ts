import { width } from './safe.js';

/** Safe text in lines of at most `columns`, broken between words where there are any, indented as it begins. */
export function wrap(text: string, columns: number): string[] {
  if (width(text) <= columns) return [text];
  const indent = /^ *(?:\d+\. |- )?/.exec(text)?.[0].length ?? 0;
  const hanging = ' '.repeat(Math.min(indent, Math.floor(columns / 3)));
  const lines: string[] = [];
  let line = '';
  for (const word of text.match(/ *[^ ]+/g) ?? []) {
    if (width(line + word) <= columns) {
      line += word;
      continue;
    }
    if (line.trim() !== '') lines.push(line);
    line = (lines.length > 0 ? hanging : line.trim() === '' ? line : '') + (lines.length > 0 ? word.trimStart() : word);
    while (width(line) > columns) {
      const head = headOf(line, columns);
      lines.push(head);
      line = hanging + line.slice(head.length);
    }
  }
  return [...lines, line];
}

/** As many characters as fit, one at least. */
function headOf(text: string, columns: number): string {
  let head = '';
  for (const char of text) {
    if (head !== '' && width(head + char) > columns) break;
    head += char;
  }
  return head;
}
