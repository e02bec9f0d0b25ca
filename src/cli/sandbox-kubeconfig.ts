/** Where the sandbox's kubeconfig goes, and when an existing file may be replaced. */
import { readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { fileProblem, privateFolder, writePrivateFile } from '../platform/files.js';
import { Refused, UsageError } from './errors.js';

/** Of the administrator's context, and of the cluster of all. */
export const CONTEXT = 'kle-sandbox';

export interface KubeconfigPlace {
  path: string;
  write(text: string): void;
  /** Takes the file away again, if it is still the one that was written. */
  remove(): void;
}

/** Rejects with Refused when that file belongs to a sandbox that runs. `serves`: whether a kubeconfig's server is there. */
export async function refuseRunning(given: string, serves: (path: string) => Promise<boolean>): Promise<void> {
  const path = resolve(given);
  if (!isSandboxFile(path) || !(await serves(path))) return;
  throw new Refused(`${path} is the kubeconfig of a sandbox that runs`, [
    'end that one, or choose a path of its own with --kubeconfig-out',
  ]);
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

function isSandboxFile(path: string): boolean {
  const text = contentOf(path);
  return text !== undefined && isSandboxKubeconfig(text);
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
    const { contexts } = parse(text) as { contexts?: { name?: unknown; context?: { cluster?: unknown } }[] };
    if (!Array.isArray(contexts) || !contexts.some(({ name }) => name === CONTEXT)) return false;
    return contexts.every(({ context }) => context?.cluster === CONTEXT);
  } catch {
    return false;
  }
}
