/** Files that kle writes for its user. */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Writes a file that only its owner may read, whole or not at all: by a temporary file beside it and a rename. */
export function writePrivateFile(path: string, text: string): void {
  const temporary = join(dirname(path), `.kle-${randomBytes(6).toString('hex')}`);
  try {
    writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' });
    chmodSync(temporary, 0o600);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** A fresh folder that only its owner may enter, and the way to remove it. */
export function privateFolder(prefix: string): { path: string; remove(): void } {
  const path = mkdtempSync(join(process.env.XDG_RUNTIME_DIR || tmpdir(), prefix));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export const readTextFile = (path: string): string => readFileSync(path, 'utf8');

const WORDS: Record<string, string> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of the path is no directory',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left',
};

/** Why a file could not be read or written, in a few words. */
export function fileProblem(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return WORDS[code] ?? message;
}
