/** Electors that are wrong in one point. The checker must catch each of them, or it proves nothing. */
import { parseMicroTime } from '../../src/lease/micro-time.js';
import type { Variant } from './simulation.js';

export interface Control {
  name: string;
  /** A schedule that breaks one of these within so many is what the control must bring. */
  breaks: string[];
  within: number;
  variant: Variant;
}

export const CONTROLS: Control[] = [
  {
    name: 'expiry by renewTime against the wall clock',
    breaks: ['S2', 'S7'],
    within: 200,
    variant: {
      policy: {
        dueMs: ({ record, durationMs }, _settings, { now, serverNow }) => {
          const renewTime = parseMicroTime(String(record.raw.spec?.renewTime)) ?? 0n;
          return now.monoMs + Number(renewTime - serverNow) / 1000 + durationMs;
        },
      },
    },
  },
  {
    name: 'expiry by resourceVersion instead of spec',
    breaks: ['L1'],
    within: 500,
    variant: { policy: { keyOf: (record) => `${record.uid} ${record.resourceVersion}` } },
  },
  {
    name: 'fresh read before takeover, on the age of what was seen before',
    breaks: ['S2', 'S7'],
    within: 500,
    variant: { policy: { readsBeforeTaking: true } },
  },
  {
    name: 'no deadline',
    breaks: ['S1', 'S7'],
    within: 200,
    variant: { policy: { claimMs: () => Number.MAX_SAFE_INTEGER } },
  },
  { name: 'release before stop', breaks: ['S4', 'S7'], within: 200, variant: { policy: { releasesAfterWork: false } } },
  { name: 'clock rates twice as far apart as they may be', breaks: ['S7'], within: 1000, variant: { rateFactor: 2 } },
  {
    name: 'a given identity adopted at once',
    breaks: ['S2', 'S7'],
    within: 1000,
    variant: { policy: { adoptsOwnIdentity: () => true } },
  },
  {
    name: 'a deleted Lease created at once',
    breaks: ['S2', 'S7'],
    within: 500,
    variant: { policy: { waitsAfterDelete: false } },
  },
  {
    name: 'no standing back after a fence',
    breaks: ['L4'],
    within: 1000,
    variant: { policy: { standBackMs: () => 0 } },
  },
  {
    name: 'drain after waking past the deadline',
    breaks: ['S7'],
    within: 1000,
    variant: { policy: { drainsAfterPause: true } },
  },
];
