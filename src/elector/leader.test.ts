/** Leading and ending, as dialogues. */
import { describe, expect, it } from 'vitest';
import {
  BROKEN,
  CONFLICT,
  Elector,
  EXISTS,
  kinds,
  lease,
  sent,
  TIMEOUT,
  time,
} from '../../test/simulation/dialogue.js';
import type { ApiFailure } from '../lease/api.js';
import { readLease } from '../lease/record.js';

describe('a leader', () => {
  it('renews every P, and keeps acquireTime and transitions', () => {
    const me = new Elector();
    const { record } = me.leads();
    me.monoMs = 1010;
    expect(me.state.timers).toEqual({ deadline: 11_000, renew: 3000 });
    const effects = me.at('renew');
    const { acquireTime, leaseTransitions } = record.raw.spec ?? {};
    expect(sent(effects).spec).toMatchObject({ acquireTime, leaseTransitions, renewTime: time(3000) });
    expect(effects).toContainEqual(expect.objectContaining({ deadlineMs: 8000 }));
    me.monoMs = 4500;
    me.answers(me.written(effects, 8));
    expect(me.leadsFor).toBe(8500);
  });

  it('S1: answers no at R by either clock, and an answer that comes then saves nothing', () => {
    const me = new Elector();
    me.leads();
    const renewal = me.at('renew');
    me.monoMs = 10_999;
    expect(me.leadsFor).toBe(1);
    me.monoMs = 11_000;
    expect(me.leadsFor).toBe(0);
    const effects = me.answers(me.written(renewal, 8));
    expect(effects).toContainEqual({ type: 'lost', reason: 'renew-deadline-exceeded' });
    expect(effects).toContainEqual({ type: 'stop-work', byMs: 13_500, kill: false });
    expect(kinds(effects)).not.toContain('send release');
  });

  it('S3: no renewal outlives R', () => {
    const me = new Elector();
    me.leads();
    me.at('renew');
    me.monoMs = 8000;
    expect(me.answers(TIMEOUT, true)).toContainEqual(expect.objectContaining({ purpose: 'renew', deadlineMs: 11_000 }));
  });

  it('S8: woken past the deadline, it kills at once and sends nothing', () => {
    const me = new Elector();
    me.leads();
    me.suspendedMs = 60_000;
    expect(me.leadsFor).toBe(0);
    expect(me.input({ type: 'woken' })).toEqual([
      { type: 'lost', reason: 'paused' },
      { type: 'stop-work', byMs: 1000, kill: true },
    ]);
  });

  it('S8: a suspend counts on the timers too', () => {
    const me = new Elector();
    me.leads();
    me.suspendedMs = 4000;
    me.input({ type: 'woken' });
    expect(me.state.timers.deadline).toBe(7000);
  });

  it('S4: claim, work, release, and the release on the version it knows', () => {
    const me = new Elector();
    me.leads();
    expect(kinds(me.input({ type: 'step-down' }))).toEqual(['lost', 'stop-work']);
    expect(me.phase).toBe('draining');
    const effects = me.input({ type: 'work-stopped' });
    expect(sent(effects)).toMatchObject({
      metadata: { uid: 'u1', resourceVersion: '7' },
      spec: { holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 0 },
    });
    expect(me.answers(me.written(effects, 8))).toContainEqual({ type: 'ended', release: 'freed' });
  });

  it('S4: after a conflict on release it reads, and frees only what is still its own', () => {
    const me = new Elector();
    me.leads();
    me.input({ type: 'step-down' });
    me.input({ type: 'work-stopped' });
    expect(kinds(me.answers(CONFLICT))).toEqual(['send look']);
    const effects = me.answers(lease({ version: 9, holder: 'other' }));
    expect(effects).toContainEqual({ type: 'ended', release: 'not-ours' });
  });

  it('S4: kills work that does not end, and does not release before it has', () => {
    const me = new Elector();
    me.leads();
    me.input({ type: 'step-down' });
    expect(me.at('kill')).toEqual([{ type: 'stop-work', byMs: 3500, kill: true }]);
    me.monoMs = 60_000;
    expect(me.input({ type: 'woken' })).toEqual([]);
    expect(kinds(me.input({ type: 'work-stopped' }))).toEqual(['send release']);
  });

  it('L2: one failure of each kind loses nothing', () => {
    for (const failure of [BROKEN, TIMEOUT, { kind: 'throttled', retryAfterMs: 30_000, message: '' } as ApiFailure]) {
      const me = new Elector();
      me.leads();
      me.at('renew');
      me.monoMs += 100;
      expect(kinds(me.answers(failure, true))).toEqual(['report']);
      expect(me.state.timers.renew).toBeLessThanOrEqual(6000);
      me.answers(me.written(me.at('renew'), 8));
      expect(me.phase).toBe('leading');
    }
  });

  it('L2: after a conflict it reads and renews at once, unless the watch has told already', () => {
    const me = new Elector();
    const { record } = me.leads();
    me.at('renew');
    expect(kinds(me.answers(CONFLICT))).toEqual(['send look']);
    const annotated = readLease({ ...record.raw, metadata: { ...record.raw.metadata, resourceVersion: '8' } });
    const again = me.answers(annotated);
    expect(sent(again).metadata.resourceVersion).toBe('8');
  });

  it('stops for another holder, and for nobody', () => {
    for (const holder of ['other', '']) {
      const me = new Elector();
      me.leads();
      expect(me.sees(lease({ version: 8, holder }))).toContainEqual({ type: 'lost', reason: 'holder-changed' });
    }
  });

  it('tells another process with its own identity from itself', () => {
    const me = new Elector({ madeUp: false });
    me.leads();
    const twin = lease({ version: 8, holder: 'me', renewed: 77 });
    expect(me.sees(twin)).toContainEqual({ type: 'lost', reason: 'holder-changed' });
  });

  it('S2: creates its deleted Lease again at once with its own spec, and has lost if another is there', () => {
    const me = new Elector();
    const { record } = me.leads();
    me.monoMs = 2000;
    const effects = me.sees(lease({ version: 8, holder: 'me' }), 'deleted');
    const { acquireTime } = record.raw.spec ?? {};
    expect(sent(effects)).toMatchObject({ metadata: { name: 'l' }, spec: { acquireTime, leaseTransitions: 0 } });
    expect(kinds(me.answers(EXISTS))).toEqual(['send look']);
    expect(me.answers(lease({ version: 10, uid: 'u2' }))).toContainEqual({ type: 'lost', reason: 'lease-deleted' });
  });

  it('counts a renewal whose answer was lost once the Lease shows it', () => {
    const me = new Elector();
    me.leads();
    const record = me.written(me.at('renew'), 8);
    me.monoMs = 5000;
    me.sees(record);
    expect(me.leadsFor).toBe(8000);
  });
});
