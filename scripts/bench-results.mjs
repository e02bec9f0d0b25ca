import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const path = join(dirname(dirname(fileURLToPath(import.meta.url))), 'bench', 'RESULTS.md');

/** Replaces one section of bench/RESULTS.md, between its markers, and leaves what others measured. */
export function writeSection(name, text) {
  const old = existsSync(path) ? readFileSync(path, 'utf8') : '# Measured\n\nAll figures are from `npm run bench`.\n';
  const marked = `<!-- ${name} -->\n${text}<!-- /${name} -->`;
  const pattern = new RegExp(`<!-- ${name} -->[\\s\\S]*<!-- /${name} -->`);
  writeFileSync(path, pattern.test(old) ? old.replace(pattern, () => marked) : `${old}\n${marked}\n`);
}

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
export const quantile = (values, q) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))];
