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
  watch: {
    summary: 'who leads, live: hand-overs, expiries and gaps as they happen',
    load: async () => (await import('../commands/watch.js')).default,
  },
  wait: {
    summary: 'wait until a Lease is held, released, expired, taken over or stable',
    load: async () => (await import('../commands/wait.js')).default,
  },
  acquire: {
    summary: 'become leader, and run a command only while leading',
    load: async () => (await import('../commands/acquire.js')).default,
  },
  release: {
    summary: 'make whoever holds a Lease step down, without two leaders',
    load: async () => (await import('../commands/release.js')).default,
  },
  steal: {
    summary: 'take a Lease away on purpose, keep it, and give it up again',
    load: async () => (await import('../commands/steal.js')).default,
  },
  skew: {
    summary: "shift a Lease's time as a wrong clock would, and see who is fooled",
    load: async () => (await import('../commands/skew.js')).default,
  },
  undo: {
    summary: 'put back what an interrupted release, steal or skew left changed',
    load: async () => (await import('../commands/undo.js')).default,
  },
  sandbox: {
    summary: 'an API server for Leases on this machine, to try and test things on',
    load: async () => (await import('../commands/sandbox.js')).default,
  },
  demo: {
    summary: 'the tool at work without a cluster: three candidates, one Lease',
    load: async () => (await import('../commands/demo.js')).default,
  },
};
