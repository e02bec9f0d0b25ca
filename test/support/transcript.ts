/** A run of the binary as text that a reviewer reads as a user would. */
import type { Run } from './kle.js';

/** `hide`: texts that differ from run to run (ports, paths), and what to show instead. */
export function transcript(args: readonly string[], run: Run, hide: Record<string, string> = {}): string {
  const hidden = Object.entries(hide).reduce(
    (text, [from, to]) => text.replaceAll(from, to),
    `$ kle ${args.join(' ')}\n${run.stdout}${block('stderr', run.stderr)}exit ${run.code ?? run.signal}\n`,
  );
  return hidden;
}

const block = (name: string, text: string) => (text === '' ? '' : `--- ${name}\n${text}---\n`);
