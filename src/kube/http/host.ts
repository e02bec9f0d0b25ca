/** What connecting needs from this process: environment, files, clock, terminal. Tests put their own in its place. */
import { readFileSync } from 'node:fs';
import { type Clock, systemClock } from '../../platform/clock.js';
import { SERVICE_ACCOUNT_DIR } from '../kubeconfig/in-cluster.js';
import { errorCode } from '../kubeconfig/kubeconfig.js';
import { ConnectError } from './connection.js';

export interface ConnectEnv {
  /** For KUBECONFIG, HOME, proxies, the Pod; handed on to exec plugins. */
  env: NodeJS.ProcessEnv;
  clock?: Clock;
  /** Throws as `fs.readFileSync` does. */
  readFile?: (file: string) => Buffer;
  /** Where a Pod finds its service account. */
  serviceAccountDir?: string;
  /** Whether a plugin may have our standard input. By default when that is a terminal; say no when a screen owns it. */
  stdinIsTerminal?: () => boolean;
  /**
   * What a plugin says on its stderr, as it comes, and our own warnings about credentials. Text from outside: escape
   * before showing. Without it a plugin gets our stderr itself.
   */
  onPluginOutput?: (text: string) => void;
}

export interface Host {
  env: NodeJS.ProcessEnv;
  clock: Clock;
  readFile: (file: string) => Buffer;
  serviceAccountDir: string;
  stdinIsTerminal: () => boolean;
  onPluginOutput: ((text: string) => void) | null;
}

export function hostOf(given: ConnectEnv): Host {
  return {
    env: given.env,
    clock: given.clock ?? systemClock,
    readFile: given.readFile ?? ((file) => readFileSync(file)),
    serviceAccountDir: given.serviceAccountDir ?? SERVICE_ACCOUNT_DIR,
    stdinIsTerminal: given.stdinIsTerminal ?? (() => process.getBuiltinModule('node:tty').isatty(0)),
    onPluginOutput: given.onPluginOutput ?? null,
  };
}

/** Reads a file that a kubeconfig or flag names. Throws ConnectError with `what` it is and its path. */
export function readNamed(host: Host, file: string, what: string): Buffer {
  try {
    return host.readFile(file);
  } catch (error) {
    const code = errorCode(error);
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be read: ${code}`;
    throw new ConnectError(`the ${what} ${file} ${why}`);
  }
}
