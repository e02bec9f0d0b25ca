/** From wanting to lead to leading, as dialogues. */
import { describe, expect, it } from 'vitest';
import { CONFLICT, Elector, fence, GONE, kinds, lease, sent, TIMEOUT } from '../../test/simulation/dialogue.js';

describe('a candidate', () => {
  it('watches, and creates a Lease that nobody was ever seen to hold', () => {
    const me = new Elector();
    expect(me.input({ type: 'compete' })).toEqual([{ type: 'watch', on: true }]);
    me.random = 0.5;
    me.synced();
    expect(me.state.timers.try).toBe(1007.5);
    const effects = me.at('try');
    expect(sent(effects)).toMatchObject({ metadata: { name: 'l', namespace: 'ns' }, spec: { leaseTransitions: 0 } });
    expect(me.answers(me.written(effects, 7))).toContainEqual({
      type: 'elected',
      term: { token: '7', uid: 'u1', transitions: 0 },
    });
  });

  it('S2: waits for the longer of both durations from when it saw the spec, whatever renewTime says', () => {
    const me = new Elector();
    me.input({ type: 'compete' });
    me.sees(lease({ renewed: -3_600_000, seconds: 20 }), 'added');
    me.synced();
    expect(me.state.timers).toEqual({ try: 21_003 });
  });

  it('S2: starts anew with each new spec, and not with an annotation', () => {
    const me = new Elector();
    me.input({ type: 'compete' });
    me.sees(lease({ version: 1 }), 'added');
    me.synced();
    me.monoMs = 5000;
    me.sees(lease({ version: 2, annotations: { a: 'b' } }));
    expect(me.state.timers).toEqual({ try: 16_003 });
    me.sees(lease({ version: 3, renewed: 4000 }));
    expect(me.state.timers).toEqual({ try: 20_003 });
  });

  it('S3: takes an expired Lease on the version it saw last, with uid, and counts the transition', () => {
    const me = new Elector();
    me.input({ type: 'compete' });
    me.sees(lease({ version: 1 }), 'added');
    me.sees(lease({ version: 2, annotations: { kept: 'yes' } }));
    me.synced();
    const body = sent(me.at('try'));
    expect(body.metadata).toMatchObject({ uid: 'u1', resourceVersion: '2', annotations: { kept: 'yes' } });
    expect(body.spec).toMatchObject({ holderIdentity: 'me', leaseDurationSeconds: 15, leaseTransitions: 4 });
  });

  it('L1: takes a free Lease within 15 ms, and lets it be when a winner shows', () => {
    const me = new Elector();
    me.input({ type: 'compete' });
    me.sees(lease({ version: 1 }), 'added');
    me.synced();
    me.random = 0.9;
    me.monoMs = 5000;
    me.sees(lease({ version: 2, holder: '', renewed: 5000 }));
    expect(me.state.timers).toEqual({ try: 5013.5 });
    me.monoMs = 5004;
    expect(kinds(me.sees(lease({ version: 3, holder: 'winner', renewed: 5001 })))).toEqual(['holder']);
    expect(me.state.timers).toEqual({ try: 20_017.5 });
  });

  it('L1: goes back to watching after a lost race, without a read', () => {
    const me = new Elector();
    me.input({ type: 'compete' });
    me.sees(lease({ version: 2, holder: '' }), 'added');
    me.synced();
    me.at('try');
    expect(me.answers(CONFLICT)).toEqual([]);
    expect(me.phase).toBe('waiting');
    expect(Object.keys(me.state.timers)).toEqual(['look']);
    me.sees(lease({ version: 3, holder: 'winner' }));
    expect(Object.keys(me.state.timers)).toEqual(['try']);
  });

  it('S2: waits after a deletion of what it saw held, and not of what was free', () => {
    const me = new Elector();
    me.input({ type: 'compete' });
    me.sees(lease({ version: 1 }), 'added');
    me.synced();
    me.monoMs = 6000;
    me.sees(lease({ version: 2 }), 'deleted');
    expect(me.state.timers).toEqual({ try: 16_003 });
    me.sees(lease({ version: 3, holder: '', uid: 'u2' }), 'added');
    me.sees(lease({ version: 4, holder: '', uid: 'u2' }), 'deleted');
    expect(me.state.timers).toEqual({ try: 6003 });
  });

  it('S2: waits in full when a read finds the Lease gone, since others may have renewed it unseen', () => {
    const me = new Elector();
    me.input({ type: 'compete' });
    me.sees(lease({ version: 1 }), 'added');
    me.input({ type: 'watch-ended', failure: null });
    me.monoMs = 10_000;
    me.at('look');
    me.answers(GONE);
    expect(me.state.timers.try).toBe(me.monoMs + 15_003);
  });

  it('S2: adopts a made-up identity at once, and a given one as a stranger', () => {
    for (const [madeUp, tryAt] of [
      [true, 1000],
      [false, 16_003],
    ] as const) {
      const me = new Elector({ madeUp });
      me.input({ type: 'compete' });
      me.sees(lease({ holder: 'me' }), 'added');
      me.synced();
      if (madeUp) expect(me.state.flight?.purpose).toBe('take');
      else expect(me.state.timers.try).toBe(tryAt);
    }
  });

  it('STEP-DOWN: adopts a given identity at once when its own watch saw the hand-over follow the fence', () => {
    const me = new Elector({ madeUp: false });
    me.input({ type: 'compete' });
    me.sees(lease({ version: 1 }), 'added');
    me.synced();
    me.sees(fence(2, lease({ version: 1 })));
    const mark = JSON.stringify({ id: 'abcdefghij', verb: 'release', phase: 'handover' });
    const effects = me.sees(
      lease({
        version: 3,
        holder: 'me',
        renewed: 9,
        annotations: { 'kle.dev/operation': mark, 'kle.dev/stopped': 'x' },
      }),
    );
    expect(kinds(effects)).toEqual(['holder', 'send take']);
    expect(sent(effects).metadata.annotations).toEqual({});
    expect(sent(effects).spec).toMatchObject({ leaseTransitions: 3 });
  });

  it('recognises its own write when the answer is lost, and counts from when that was sent', () => {
    const me = new Elector();
    me.input({ type: 'compete' });
    me.synced();
    const record = me.written(me.at('try'), 7);
    me.monoMs += 3000;
    expect(kinds(me.sees(record, 'added'))).toContain('elected');
    expect(me.leadsFor).toBe(7000);
  });

  it('with a given identity leaves it to the answer while one may come', () => {
    const me = new Elector({ madeUp: false });
    me.input({ type: 'compete' });
    me.synced();
    const record = me.written(me.at('try'), 7);
    expect(kinds(me.sees(record, 'added'))).toEqual(['holder']);
    expect(kinds(me.answers(TIMEOUT, true))).toContain('elected');
  });

  it('polls as client-go does when it may not watch, and says so once', () => {
    const me = new Elector();
    me.input({ type: 'compete' });
    me.random = 0.5;
    expect(kinds(me.input({ type: 'watch-ended', failure: null }))).toEqual(['report', 'send look']);
    me.answers(lease({ version: 1 }));
    expect(me.state.timers.look).toBe(1000 + 2000 * 1.6);
  });

  it('gives back what it won after nobody wanted it any more', () => {
    const me = new Elector();
    me.input({ type: 'compete' });
    me.synced();
    const record = me.written(me.at('try'), 7);
    expect(me.input({ type: 'withdraw' })).toEqual([]);
    const effects = me.answers(record);
    expect(kinds(effects)).toEqual(['holder', 'send release']);
    expect(kinds(me.answers(me.written(effects, 8)))).toEqual(['holder', 'ended', 'watch']);
    expect(me.phase).toBe('resting');
  });
});
