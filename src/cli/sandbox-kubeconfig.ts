/** Where the sandbox's kubeconfig goes, and when an existing file may be replaced. */
import { readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { fileProblem, privateFolder, writePrivateFile } from '../platform/files.js';
import { UsageError } from './errors.js';

const CONTEXT = 'kle-sandbox';

export interface KubeconfigPlace {
  path: string;
  write(text: string): void;
  /** Takes the file away again, if it is still the one that was written. */
  remove(): void;
}

/** Without a path: a folder of its own that goes with the sandbox. Throws UsageError when the file is somebody else's. */
export function kubeconfigPlace(given: string | undefined): KubeconfigPlace {
  const folder = given === undefined ? privateFolder('kle-sandbox-') : undefined;
  const path = folder ? join(folder.path, 'kubeconfig') : resolve(given ?? '');
  if (!folder) refuseForeign(path);
  let written = '';
  return {
    path,
    write: (text) => {
      try {
        writePrivateFile(path, text);
      } catch (error) {
        throw new UsageError(`cannot write the kubeconfig ${path}: ${fileProblem(error)}`, [
          'choose another place with --kubeconfig-out',
        ]);
      }
      written = text;
    },
    remove: () => {
      if (folder) folder.remove();
      else if (written !== '' && contentOf(path) === written) rmSync(path, { force: true });
    },
  };
}

function refuseForeign(path: string): void {
  const text = contentOf(path);
  if (text === undefined || text.trim() === '' || isSandboxKubeconfig(text)) return;
  throw new UsageError(`${path} exists and is not a kubeconfig of a sandbox alone, so it stays as it is`, [
    'choose a path of its own with --kubeconfig-out',
  ]);
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UsageError(`cannot read ${path}: ${fileProblem(error)}`, ['choose another --kubeconfig-out']);
  }
}

function isSandboxKubeconfig(text: string): boolean {
  try {
    const { contexts } = parse(text) as { contexts?: { name?: unknown }[] };
    return Array.isArray(contexts) && contexts.length === 1 && contexts[0]?.name === CONTEXT;
  } catch {
    return false;
  }
}
