import { readFileSync, watch } from 'node:fs';
import { dirname } from 'node:path';

/** Looks into a file now and whenever it has grown, until something is found there. It need not exist yet. */
export function inFile<T>(path: string, find: (text: string) => T | undefined, timeoutMs = 30_000): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (then: () => void) => {
      clearTimeout(timer);
      watcher.close();
      then();
    };
    const look = () => {
      try {
        const found = find(textOf(path));
        if (found !== undefined) end(() => resolve(found));
      } catch (error) {
        end(() => reject(error));
      }
    };
    const late = new Error(`not in ${path} within ${timeoutMs} ms:\n${find}`);
    const timer = setTimeout(() => end(() => reject(late)), timeoutMs);
    // Of the folder: the file may be about to be made.
    const watcher = watch(dirname(path), look);
    look();
  });
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
