/** The verbs, each behind its own lazy chunk: running one loads nothing of the others. */
import type { KleCommandClass } from './base-command.js';

export interface Verb {
  summary: string;
  load(): Promise<KleCommandClass>;
}

export const verbs: Readonly<Record<string, Verb>> = {
  status: {
    summary: 'who leads, and whether that is still so',
    load: async () => (await import('../commands/status.js')).default,
  },
  sandbox: {
    summary: 'an API server for Leases on this machine, to try and test things on',
    load: async () => (await import('../commands/sandbox.js')).default,
  },
};
