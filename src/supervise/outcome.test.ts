import { describe, expect, it } from 'vitest';
import { type Ending, endingOf, exitCodeOf, startsAgain } from './outcome.js';

const holding = new AbortController().signal;
const lost = AbortSignal.abort('holder-changed');

describe('how work ended', () => {
  it.each<[Parameters<typeof endingOf>, Ending]>([
    [['ended', { code: 4 }, holding], { kind: 'exited', code: 4 }],
    [['ended', { signal: 'SIGTERM' }, holding], { kind: 'signalled', signal: 'SIGTERM' }],
    [['claim', { code: 0 }, lost], { kind: 'lost', by: 'claim', reason: 'holder-changed', end: { code: 0 } }],
    [['claim', undefined, lost], { kind: 'lost', by: 'claim', reason: 'holder-changed' }],
    [
      ['deadline', { signal: 'SIGKILL' }, holding],
      { kind: 'lost', by: 'deadline', reason: undefined, end: { signal: 'SIGKILL' } },
    ],
    [['watchdog', undefined, holding], { kind: 'lost', by: 'watchdog', reason: undefined }],
    [['unguarded', { code: 1 }, lost], { kind: 'unguarded', end: { code: 1 } }],
  ])('%j', ([cause, end, signal], expected) => {
    expect(endingOf(cause, end, signal)).toEqual(expected);
  });

  it.each<[Ending, number | undefined]>([
    [{ kind: 'exited', code: 0 }, 0],
    [{ kind: 'exited', code: 255 }, 255],
    [{ kind: 'signalled', signal: 'SIGKILL' }, 137],
    [{ kind: 'not-found', command: 'x', errno: 'ENOENT' }, 127],
    [{ kind: 'not-executable', command: 'x', errno: 'EACCES' }, 126],
    [{ kind: 'lost', by: 'claim', reason: 'paused' }, undefined],
    [{ kind: 'unguarded' }, undefined],
  ])('%j has the exit code %s', (ending, code) => {
    expect(exitCodeOf(ending)).toBe(code);
  });

  it('starts again only what lost its Lease and is surely dead', () => {
    const end = { leftBehind: false, deathConfirmed: true };
    expect(startsAgain({ kind: 'lost', by: 'claim', reason: undefined, ...end })).toBe(true);
    expect(startsAgain({ kind: 'lost', by: 'claim', reason: undefined, ...end, deathConfirmed: false })).toBe(false);
    expect(startsAgain({ kind: 'exited', code: 0, ...end })).toBe(false);
    expect(startsAgain({ kind: 'unguarded', ...end })).toBe(false);
  });
});
