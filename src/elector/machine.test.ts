/** Whatever a Lease says and whatever comes in what order, the machine decides and never writes null. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONFLICT, Elector, GONE, TIMEOUT } from '../../test/simulation/dialogue.js';
import { readLease } from '../lease/record.js';
import type { Effect } from './protocol.js';
import { isOlder } from './version.js';

const value = fc.oneof(
  fc.constantFrom(null, undefined, '', 'me', 'other', 'kle/abcdefghij', '2026-01-01T00:00:00.000000Z', 0, -1, 15, 1.5),
  fc.anything({ maxDepth: 1 }),
);
const spec = fc.record({
  holderIdentity: value,
  leaseDurationSeconds: value,
  acquireTime: value,
  renewTime: value,
  leaseTransitions: value,
});
const act = fc.oneof(
  fc.record({ type: fc.constant('event' as const), spec: fc.option(spec), gone: fc.boolean() }),
  fc.record({ type: fc.constant('answer' as const), how: fc.constantFrom('ok', 'conflict', 'timeout', 'gone') }),
  fc.record({ type: fc.constant('pass' as const), ms: fc.nat(20_000) }),
  fc.constantFrom(
    { type: 'compete' as const },
    { type: 'withdraw' as const },
    { type: 'step-down' as const },
    { type: 'work-stopped' as const },
    { type: 'synced' as const },
  ),
);

describe('the machine', () => {
  it('survives every Lease in every order, with one request at a time and none while work ends', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), fc.boolean(), (acts, madeUp) => {
        const me = new Elector({ madeUp });
        let version = 1;
        let sent: Effect[] = me.input({ type: 'compete' });
        for (const one of acts) {
          let effects: Effect[] = [];
          if (one.type === 'event') {
            const metadata = { name: 'l', namespace: 'ns', uid: 'u1', resourceVersion: String(++version) };
            const record = readLease({ metadata, ...(one.spec && { spec: one.spec }) });
            effects = me.sees(record, one.gone ? 'deleted' : 'modified');
          } else if (one.type === 'answer') {
            if (!me.state.flight) continue;
            const write = sent.findLast((effect) => effect.type === 'send');
            const ok = one.how === 'ok' && write?.type === 'send' && write.request.verb !== 'get';
            if (ok) effects = me.answers(me.written([write], ++version));
            else if (one.how === 'conflict') effects = me.answers(CONFLICT);
            else effects = me.answers(one.how === 'gone' ? GONE : TIMEOUT, true);
          } else if (one.type === 'pass') {
            me.monoMs += one.ms;
            effects = me.input({ type: 'woken' });
          } else if (one.type === 'synced') effects = me.synced(version);
          else effects = me.input(one);
          sent = [...sent, ...effects];
          for (const effect of effects) {
            if (effect.type !== 'send') continue;
            expect(me.phase).not.toBe('draining');
            if (effect.request.verb === 'get') continue;
            const fields = ['holderIdentity', 'leaseDurationSeconds', 'acquireTime', 'renewTime', 'leaseTransitions'];
            for (const field of fields) expect(effect.request.lease.spec?.[field]).not.toBeNull();
          }
          expect(effects.filter((effect) => effect.type === 'send').length).toBeLessThanOrEqual(1);
          expect(me.leadsFor).toBeLessThanOrEqual(10_000);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('orders versions of any size, and says nothing about what is no number', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 70n }), fc.bigInt({ min: 0n, max: 2n ** 70n }), (a, b) => {
        expect(isOlder(String(a), String(b))).toBe(a < b);
      }),
    );
    expect(isOlder('a', '2')).toBe(false);
    expect(isOlder(null, '2')).toBe(false);
  });
});
