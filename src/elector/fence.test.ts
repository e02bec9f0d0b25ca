/** Fences, as dialogues (STEP-DOWN, last section). */
import { describe, expect, it } from 'vitest';
import { Elector, fence, lease, sent } from '../../test/simulation/dialogue.js';

describe('a fence', () => {
  it('L4: work stops, then the notice, and no way back while it is kept and for L after', () => {
    const me = new Elector();
    const { record } = me.leads();
    expect(me.sees(fence(8, record))).toContainEqual({ type: 'lost', reason: 'stepped-down' });
    const effects = me.input({ type: 'work-stopped' });
    expect(sent(effects)).toMatchObject({
      metadata: { resourceVersion: '8', annotations: { 'kle.dev/stopped': 'abcdefghij' } },
    });
    expect(sent(effects).spec).toMatchObject({ holderIdentity: 'kle/abcdefghij' });
    me.input({ type: 'compete' });
    me.answers(me.written(effects, 9));
    me.monoMs = 5000;
    me.sees(lease({ version: 10, holder: '', renewed: 5000 }), 'added');
    me.synced();
    expect(me.phase).toBe('standing-back');
    expect(me.state.timers).toEqual({ 'stand-back': 20_000 });
  });

  it('L4: another holder ends the standing back', () => {
    const me = new Elector();
    const { record } = me.leads();
    me.sees(fence(8, record));
    me.input({ type: 'work-stopped' });
    me.input({ type: 'compete' });
    expect(me.sees(lease({ version: 9, holder: 'next' }))).toContainEqual({ type: 'ended', release: 'not-ours' });
    me.sees(lease({ version: 10, holder: '', renewed: 9 }), 'added');
    expect(me.phase).toBe('waiting');
  });

  it('gets no word from a process whose term it did not replace', () => {
    const me = new Elector();
    me.leads();
    const effects = me.sees(fence(8, lease({ holder: 'other' })));
    expect(effects).toContainEqual({ type: 'lost', reason: 'stepped-down' });
    expect(me.input({ type: 'work-stopped' })).toContainEqual({ type: 'ended', release: 'not-ours' });
  });

  it('is only a holder like any other without its mark', () => {
    const me = new Elector();
    me.leads();
    expect(me.sees(lease({ version: 8, holder: 'kle/abcdefghij' }))).toContainEqual({
      type: 'lost',
      reason: 'holder-changed',
    });
  });
});
