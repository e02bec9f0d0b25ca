/** Puts new tokens into the kubeconfig where the old ones stood. */
import { readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';

/** A shorter string may stand in the file for something else. */
const SHORTEST_TOKEN = 16;

/**
 * Replaces each old token, wherever the file holds it, and leaves every other byte as it is: comments, order, layout.
 * Written beside the file and renamed over it, with its mode. False when a token is not in the file as one piece, or the
 * file cannot be written: it is then as before.
 */
export function replaceInFile(file: string, tokens: readonly (readonly [before: string, after: string])[]): boolean {
  let temporary: string | null = null;
  try {
    const target = realpathSync(file);
    let text = readFileSync(target, 'utf8');
    for (const [before, after] of tokens) {
      if (before.length < SHORTEST_TOKEN || !text.includes(before)) return false;
      // What stands plain or in quotes in YAML and JSON alike. Anything else would need quoting that is not there.
      if (!/^[A-Za-z0-9._~+/=-]+$/.test(after)) return false;
      text = text.replaceAll(before, () => after);
    }
    temporary = `${target}.kle-${process.pid}`;
    writeFileSync(temporary, text, { mode: statSync(target).mode & 0o777, flag: 'wx' });
    renameSync(temporary, target);
    return true;
  } catch {
    if (temporary) rmSync(temporary, { force: true });
    return false;
  }
}
