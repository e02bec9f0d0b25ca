import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Claim, deadlineOf, KILL_MARGIN_MS, type Moment, until } from './deadline.js';
import { nextLookMs, nextWork, type WorkInput, type WorkState, workState } from './machine.js';

const at = (monoMs: number, bootMs = monoMs): Moment => ({ monoMs, bootMs });
/** R = 10 s after 0, D = 2.5 s. */
const DEADLINE = at(12_750);
const running = workState(DEADLINE, 2_500);

function play(state: WorkState, ...inputs: WorkInput[]) {
  const effects: string[] = [];
  for (const input of inputs) {
    const step = nextWork(state, input);
    state = step.state;
    effects.push(...step.effects);
  }
  return { state, effects };
}
const look = (monoMs: number, bootMs = monoMs): WorkInput => ({ type: 'look', now: at(monoMs, bootMs) });

describe('work under a claim', () => {
  it('gets TERM at R and KILL at R + D, a quarter of a second before it must be dead', () => {
    expect(play(running, look(9_999)).effects).toEqual([]);
    expect(nextLookMs(running, at(9_000))).toBe(1_000);
    const draining = play(running, look(10_000));
    expect(draining.effects).toEqual(['term']);
    expect(nextLookMs(draining.state, at(10_000))).toBe(2_500);
    expect(play(draining.state, look(12_499)).effects).toEqual([]);
    expect(play(draining.state, look(12_500)).effects).toEqual(['kill']);
  });

  it('gets neither while it is renewed', () => {
    const renewed = play(running, { type: 'extended', deadline: at(14_750), now: at(2_000) }, look(11_999));
    expect(renewed.effects).toEqual([]);
    expect(play(renewed.state, look(12_000)).effects).toEqual(['term']);
  });

  it('has D from when the claim became false, but never more than until the deadline', () => {
    expect(play(running, { type: 'stop', now: at(3_000) }).state.killAt.monoMs).toBe(5_500);
    expect(play(running, { type: 'stop', now: at(11_000) }).state.killAt.monoMs).toBe(12_500);
  });

  it('gets KILL without TERM past the moment of KILL, by either clock', () => {
    expect(play(running, look(12_500)).effects).toEqual(['kill']);
    expect(play(running, look(1_000, 12_500)).effects).toEqual(['kill']);
    expect(play(running, { type: 'stop', now: at(1_000, 12_500) }).effects).toEqual(['kill']);
  });

  it('is not brought back by a renewal that comes to be known too late', () => {
    const later = { type: 'extended', deadline: at(99_000) } as const;
    expect(play(running, { ...later, now: at(12_500) }).effects).toEqual(['kill']);
    const draining = play(running, { type: 'stop', now: at(3_000) }, { ...later, now: at(3_001) }, look(5_500));
    expect(draining.effects).toEqual(['term', 'kill']);
  });

  it('gets no second TERM when another process has sent it, and KILL when that said', () => {
    const told = play(running, { type: 'stopped-elsewhere', killAt: at(5_000), now: at(2_500) }, look(4_999));
    expect(told.effects).toEqual([]);
    expect(play(told.state, look(5_000)).effects).toEqual(['kill']);
  });

  it('is left alone once it is dead', () => {
    const dead = play(running, { type: 'group-dead' });
    expect(play(dead.state, look(99_999), { type: 'stop', now: at(99_999) }).effects).toEqual([]);
    expect(nextLookMs(dead.state, at(0))).toBeUndefined();
  });

  it('waits for the TERM of another first, where it is told to, but not for its KILL', () => {
    const second = workState(DEADLINE, 2_500, 100);
    expect(play(second, look(10_099)).effects).toEqual([]);
    expect(play(second, look(10_100), look(12_500)).effects).toEqual(['term', 'kill']);
    // With no drain there is no time for that.
    expect(workState(DEADLINE, 0, 100).termAt.monoMs).toBe(12_500);
  });

  it('is killed by every schedule of looks once its time has passed, and TERM comes at most once and before', () => {
    const moment = fc.tuple(fc.nat(20_000), fc.nat(20_000)).map(([mono, slept]) => at(mono, mono + slept));
    const input = fc.oneof(
      moment.map((now): WorkInput => ({ type: 'look', now })),
      moment.map((now): WorkInput => ({ type: 'stop', now })),
      fc.tuple(moment, moment).map(([now, deadline]): WorkInput => ({ type: 'extended', now, deadline })),
    );
    fc.assert(
      fc.property(fc.array(input, { maxLength: 12 }), (inputs) => {
        const { state, effects } = play(running, ...inputs);
        const last = look(state.deadline.monoMs - KILL_MARGIN_MS, state.deadline.bootMs);
        const all = [...effects, ...nextWork(state, last).effects];
        expect(['kill', 'term,kill']).toContain(all.join());
      }),
    );
  });
});

describe('a deadline', () => {
  const claim = (more: Partial<Claim> = {}): Claim => ({
    deadlineMs: () => 5_000,
    drainMs: 100,
    signal: new AbortController().signal,
    ...more,
  });

  it('is 10 ms nearer by the boot clock, which has steps of that size', () => {
    expect(deadlineOf(claim(), at(4_000, 14_000))).toEqual(at(5_000, 14_990));
  });

  it('is where the claim says on the boot clock, though the machine slept since', () => {
    const deadline = deadlineOf(claim({ deadlineBootMs: () => 15_000 }), at(4_000, 20_000));
    expect(until(deadline, at(4_000, 20_000))).toBe(-5_010);
  });
});
