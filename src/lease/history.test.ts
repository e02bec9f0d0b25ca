import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LeaseWatchEvent } from './api.js';
import {
  createHistory,
  expire,
  expiresAtMs,
  type LeaseChange,
  type LeaseHistory,
  looksAt,
  observe,
  renewIntervals,
} from './history.js';
import { GAPS_KEPT } from './renewals.js';
import { ENTRIES_KEPT } from './terms.js';
import { mark, OPERATION_ID, type Sample, sampleLease, wallAt } from './testing.js';
import { judge } from './verdict.js';

const FENCE: Sample = { holder: `kle/${OPERATION_ID}`, annotations: mark('release', 'fence'), manager: 'kle' };
const FREE: Sample = { holder: '', seconds: 1 };
const failure = { kind: 'timeout', afterMs: 1, message: '' } as const;

/** One Lease and who watches it: what happened is told in milliseconds, as DESIGN's event types. */
class Story {
  history: LeaseHistory;
  told: LeaseChange[] = [];
  #rv = 0;
  #last: Sample = {};

  constructor(watching = true) {
    this.history = createHistory(watching);
  }

  /** A version at `ms`; what is not given stays, renewTime is `ms` unless given. */
  at(ms: number, sample: Sample = {}, found = false): this {
    this.#last = { ...this.#last, renewMs: ms, stampMs: ms, rv: String(++this.#rv), ...sample };
    return this.event({ type: 'modified', record: sampleLease(this.#last), atMs: ms, found });
  }
  found(ms: number, sample: Sample = {}): this {
    return this.at(ms, sample, true);
  }
  /** The very same version again, by a list. */
  again(ms: number): this {
    return this.event({ type: 'modified', record: sampleLease(this.#last), atMs: ms, found: true });
  }
  deleted(ms: number, found = false): this {
    return this.event({ type: 'deleted', record: sampleLease(this.#last), atMs: ms, found });
  }
  down(atMs: number): this {
    return this.event({ type: 'disconnected', failure, atMs });
  }
  up(atMs: number): this {
    return this.event({ type: 'reconnected', atMs });
  }
  bookmark(atMs: number): this {
    return this.event({ type: 'bookmark', resourceVersion: '1', atMs });
  }
  event(event: LeaseWatchEvent): this {
    this.told.push(...observe(this.history, event));
    return this;
  }
  timer(ms: number): this {
    this.told.push(...expire(this.history, ms));
    return this;
  }
  /** Renewals every 2 s from `from` to `to`, both included. */
  renews(from: number, to: number): this {
    for (let ms = from; ms <= to; ms += 2_000) this.at(ms);
    return this;
  }
  get types(): string[] {
    return this.told.filter(({ type }) => type !== 'renewed').map(({ type, atMs }) => `${type}@${atMs}`);
  }
  get last(): LeaseChange | undefined {
    return this.told.at(-1);
  }
  verdict(ms: number) {
    return judge(this.history.record, looksAt(this.history, ms), { monoMs: ms, wall: wallAt(ms) });
  }
}

/** A leader `a` seen by a list at 0, renewing every 2 s until 10 s. */
const leaderA = () => new Story().found(0).renews(2_000, 10_000);

describe('a term', () => {
  it('begins unknown when the Lease was held at first sight, and is renewed', () => {
    const story = leaderA();
    expect(story.told.map(({ type }) => type)).toEqual(['seen', ...Array(5).fill('renewed')]);
    expect(story.history.ledger.open).toMatchObject({ number: 1, holder: 'a', fromKnown: false, toMs: null });
    expect(story.last).toMatchObject({ term: 1, timely: true, resourceVersion: '6' });
  });

  it('begins with the creation that was seen', () => {
    const story = new Story().at(5_000, { acquireMs: 5_000 });
    expect(story.types).toEqual(['seen@5000', 'acquired@5000']);
    expect(story.history.ledger.open?.fromKnown).toBe(true);
    // Already renewed: it only came into the selector.
    const cameIn = new Story().at(5_000, { acquireMs: 0 });
    expect(cameIn.types).toEqual(['seen@5000']);
    expect(cameIn.history.ledger.open?.fromKnown).toBe(false);
  });

  it('changes hands by a release: the gap is Lease time, and nobody overlaps', () => {
    const story = leaderA()
      .at(10_500, { ...FREE, acquireMs: 10_500 })
      .at(12_000, { holder: 'b', seconds: 15, acquireMs: 12_000, transitions: 1 });
    expect(story.types).toEqual(['seen@0', 'released@10500', 'acquired@12000']);
    expect(story.told.at(-2)).toMatchObject({ releasedBy: 'holder', previousHolder: 'a', holder: '' });
    expect(story.last).toMatchObject({
      term: 2,
      leaderlessMs: 1_500,
      overlap: null,
      previousHolder: '',
      transitions: 1,
    });
    expect(story.history.ledger.terms.map((term) => [term.holder, term.toMs, term.endedBy])).toEqual([
      ['a', 10_500, 'released'],
      ['b', null, null],
    ]);
    expect(story.history.ledger.gaps).toEqual([
      { fromMs: 10_500, toMs: 12_000, cause: 'released', before: 'a', after: 'b' },
    ]);
  });

  it('ends with the fence, which is no term; the gap runs to the first own write of the next', () => {
    const story = leaderA()
      .at(11_000, FENCE)
      .at(13_000)
      .at(30_000, { ...FREE, annotations: {} });
    story.at(31_000, { holder: 'b', seconds: 15, manager: 'elector' });
    expect(story.types).toEqual(['seen@0', 'fenced@11000', 'expired@28000', 'released@30000', 'acquired@31000']);
    expect(story.last).toMatchObject({ term: 2, leaderlessMs: 20_000, overlap: null });
    expect(story.history.ledger.terms.map(({ holder }) => holder)).toEqual(['a', 'b']);
  });

  it('goes on when its holder renews after the expiry and nobody took the Lease', () => {
    const story = leaderA().timer(25_000).at(27_000);
    expect(story.types).toEqual(['seen@0', 'expired@25000']);
    expect(story.last).toMatchObject({ type: 'renewed', term: 1, leaderlessMs: 2_000 });
    expect(story.history.ledger.open).toMatchObject({ number: 1, toMs: null });
    for (const written of [{ acquireMs: 27_000 }, { transitions: 1 }]) {
      const anew = leaderA().timer(25_000).at(27_000, written);
      expect(anew.last).toMatchObject({ type: 'acquired', term: 2, leaderlessMs: 2_000 });
    }
  });

  it('begins with a new acquireTime where the holder cuts its times to whole seconds', () => {
    const story = leaderA().at(10_300, { holder: null, renewMs: 10_000 });
    story.at(10_800, { holder: 'b', renewMs: 10_000, acquireMs: 10_000 });
    expect(story.types).toEqual(['seen@0', 'released@10300', 'acquired@10800']);
  });

  it('has no known gap before it when the Lease was free at first sight', () => {
    expect(new Story().found(0, FREE).at(2_000, { holder: 'b', seconds: 15 }).last).toMatchObject({
      type: 'acquired',
      term: 1,
      leaderlessMs: null,
    });
  });
});

describe('a name written in by somebody else', () => {
  const b: Sample = { holder: 'b', seconds: 15, acquireMs: 25_000 };

  it('is no term until its holder writes: hand-over by kle', () => {
    const story = leaderA().at(11_000, { ...FENCE, seconds: 19 });
    story.at(29_500, { ...b, annotations: mark('release', 'handover') }).at(31_000, { manager: 'elector' });
    expect(story.types).toEqual(['seen@0', 'fenced@11000', 'changed@29500', 'acquired@31000']);
    expect(story.last).toMatchObject({ leaderlessMs: 20_000, previousHolder: 'b', overlap: null });
  });

  it('is told from an elector of kle that takes a fence which has expired', () => {
    const taken = leaderA()
      .at(11_000, FENCE)
      .at(27_000, { ...b, annotations: {} });
    expect(taken.types).toEqual(['seen@0', 'fenced@11000', 'expired@26000', 'acquired@27000']);
    const late = leaderA()
      .at(11_000, FENCE)
      .at(27_000, { ...b, annotations: mark('release', 'handover') });
    expect(late.types.at(-1)).toBe('changed@27000');
  });

  it('is no term until its holder writes: put back over a live fence, or a name without a new time', () => {
    const putBack = leaderA()
      .at(11_000, FENCE)
      .at(12_000, { holder: 'a', annotations: {} })
      .at(13_000, { manager: 'x' });
    expect(putBack.types).toEqual(['seen@0', 'fenced@11000', 'changed@12000', 'acquired@13000']);
    expect(putBack.last).toMatchObject({ term: 2, leaderlessMs: 2_000, overlap: null });
    const expired = leaderA().timer(25_000).at(26_000, FENCE).at(27_000, { holder: 'a', annotations: {} });
    expect(expired.at(28_000).last).toMatchObject({ type: 'acquired', term: 2, leaderlessMs: 3_000 });
    const edited = leaderA().at(11_000, { holder: 'b', renewMs: 10_000 }).at(12_000);
    expect(edited.types).toEqual(['seen@0', 'changed@11000', 'acquired@12000']);
    expect(edited.last?.overlap).toMatchObject({ why: 'assigned-while-valid', boundMs: 17_000 });
  });
});

describe('a possible overlap', () => {
  const takeAt = (ms: number): Sample => ({
    holder: 'b',
    seconds: 15,
    acquireMs: ms,
    annotations: {},
    manager: 'elector',
  });

  it('is bounded by the last sign of life + L + 2 renew periods of the deposed', () => {
    const story = leaderA().at(11_000, takeAt(11_000));
    expect(story.last?.overlap).toEqual({
      atMs: 11_000,
      deposed: 'a',
      holder: 'b',
      boundMs: 10_000 + 15_000 + 4_000 - 11_000,
      why: 'taken-while-valid',
    });
    expect(story.last?.leaderlessMs).toBe(0);
    expect(story.history.ledger.gaps).toEqual([]);
    expect(story.history.ledger.overlaps).toHaveLength(1);
  });

  it('has no bound while no period was measured', () => {
    expect(new Story().found(0).at(1_000, takeAt(1_000)).last?.overlap).toMatchObject({ boundMs: null });
  });

  it.each<[string, (story: Story) => Story, string]>([
    ['a clear that leaves the times', (s) => s.at(11_000, { holder: '', renewMs: 10_000 }), 'cleared-by-other'],
    ['a clear by another manager', (s) => s.at(11_000, { ...FREE, manager: 'kubectl-edit' }), 'cleared-by-other'],
    ['a holder that was removed', (s) => s.at(11_000, { holder: null, renewMs: 10_000 }), 'holder-removed'],
    ['a delete', (s) => s.deleted(11_000).at(11_500, { ...takeAt(11_500), uid: 'uid-2' }), 'deleted-while-valid'],
    ['a fence cut short', (s) => s.at(11_000, FENCE), 'fence-cut-short'],
  ])('follows %s', (_, depose, why) => {
    const story = depose(leaderA());
    if (story.last?.type !== 'acquired') story.at(12_000, takeAt(12_000));
    expect(story.last).toMatchObject({ type: 'acquired', overlap: { deposed: 'a', holder: 'b', why } });
  });

  it('is none once the deposed leader said, after the fence, that it has stopped', () => {
    const said = { ...FENCE.annotations, 'kle.dev/stopped': OPERATION_ID };
    const taken = (story: Story) => story.at(13_000, takeAt(13_000)).last?.overlap?.why;
    expect(taken(leaderA().at(11_000, FENCE).at(12_000, { renewMs: 11_000, annotations: said }))).toBeUndefined();
    expect(taken(leaderA().at(11_000, FENCE).at(12_000, { annotations: said }))).toBeUndefined();
    // Left over from before, or of another operation.
    expect(taken(leaderA().at(11_000, { ...FENCE, annotations: said }))).toBe('fence-cut-short');
    expect(
      taken(
        leaderA()
          .at(11_000, { ...FENCE, annotations: said })
          .at(12_000),
      ),
    ).toBe('fence-cut-short');
    const other = { ...FENCE.annotations, 'kle.dev/stopped': '0123456789' };
    expect(taken(leaderA().at(11_000, FENCE).at(12_000, { annotations: other }))).toBe('fence-cut-short');
  });

  it('is none for the same identity, after an expiry, or when the bound is over', () => {
    const back = leaderA().at(11_000, { holder: '', renewMs: 10_000 }).at(12_000, { holder: 'a', transitions: 1 });
    expect(back.last).toMatchObject({ type: 'acquired', holder: 'a', overlap: null, leaderlessMs: 1_000 });
    expect(leaderA().timer(25_000).at(26_000, takeAt(26_000)).last).toMatchObject({
      overlap: null,
      leaderlessMs: 1_000,
    });
    const late = leaderA().at(11_000, { holder: '', renewMs: 10_000 }).at(29_000, takeAt(29_000));
    expect(late.last?.overlap).toBeNull();
    const justBefore = leaderA().at(11_000, { holder: '', renewMs: 10_000 }).at(28_999, takeAt(28_999));
    expect(justBefore.last?.overlap?.boundMs).toBe(1);
  });
});

describe('expiry', () => {
  it('is due when the spec has stood for its duration, and is told once', () => {
    const story = leaderA();
    expect(expiresAtMs(story.history)).toBe(25_000);
    expect(story.timer(24_999).last?.type).toBe('renewed');
    expect(story.timer(25_400).last).toMatchObject({ type: 'expired', atMs: 25_000, holder: 'a' });
    expect(expiresAtMs(story.history)).toBeNull();
    expect(story.timer(30_000).types).toEqual(['seen@0', 'expired@25000']);
  });

  it('is told before whatever comes after it, should the timer be late', () => {
    const story = leaderA().at(26_000, { holder: 'b', acquireMs: 26_000 });
    expect(story.types).toEqual(['seen@0', 'expired@25000', 'acquired@26000']);
    expect(story.last).toMatchObject({ leaderlessMs: 1_000, overlap: null });
  });

  it('agrees with judge at every moment', () => {
    const step = fc.tuple(
      fc.integer({ min: 1, max: 20_000 }),
      fc.constantFrom('a', 'b', '', FENCE.holder ?? ''),
      fc.boolean(),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), fc.integer({ min: 0, max: 40_000 }), (steps, later) => {
        const story = new Story().at(0);
        let now = 0;
        for (const [after, holder, renew] of steps) {
          now += after;
          story.at(now, renew ? { holder, seconds: 15 } : { annotations: { note: String(now) } });
        }
        const due = expiresAtMs(story.history);
        now += later;
        story.timer(now);
        const verdict = story.verdict(now);
        if (verdict.basis === 'observed') expect(story.history.expired).toBe(verdict.state === 'expired');
        if (due !== null) expect(story.history.expired).toBe(now >= due);
      }),
    );
  });

  it('does not come for a free Lease or one without a duration', () => {
    expect(expiresAtMs(leaderA().at(11_000, FREE).history)).toBeNull();
    expect(expiresAtMs(leaderA().at(11_000, { seconds: 0 }).history)).toBeNull();
    expect(expiresAtMs(leaderA().deleted(11_000).history)).toBeNull();
  });
});

describe('looks', () => {
  it('count from the last change of the spec, not of an annotation', () => {
    const story = leaderA().at(11_000, { renewMs: 10_000, annotations: { note: 'x' } });
    expect(looksAt(story.history, 12_000)).toMatchObject({ firstMs: 10_000, lastMs: 12_000, changeSeen: true });
    expect(story.history.record?.resourceVersion).toBe('7');
    expect(story.types).toEqual(['seen@0']);
  });

  it('have seen no change at first sight, nor one that came in a gap', () => {
    expect(looksAt(new Story().history, 0)).toBeNull();
    expect(looksAt(new Story().found(0).history, 5)).toMatchObject({ firstMs: 0, changeSeen: false, lastMs: 5 });
    const relisted = leaderA().down(11_000).found(20_000).up(20_000);
    expect(looksAt(relisted.history, 22_000)).toMatchObject({ firstMs: 20_000, changeSeen: false });
    const resumed = leaderA().down(11_000).up(20_000).at(20_010);
    expect(looksAt(resumed.history, 22_000)).toMatchObject({ firstMs: 20_010, changeSeen: false });
    expect(looksAt(resumed.at(22_000).history, 22_000)).toMatchObject({ firstMs: 22_000, changeSeen: true });
    const bookmarked = leaderA().down(11_000).up(20_000).bookmark(20_005).at(20_010);
    expect(looksAt(bookmarked.history, 20_010)?.changeSeen).toBe(true);
  });

  it('know nothing beyond the disconnection until the stream has caught up', () => {
    const story = leaderA().down(11_000);
    expect(looksAt(story.history, 60_000)?.lastMs).toBe(11_000);
    expect(expiresAtMs(story.history)).toBeNull();
    expect(story.timer(60_000).types).toEqual(['seen@0']);
    expect(looksAt(story.up(60_000).history, 60_500)?.lastMs).toBe(11_000);
    expect(expiresAtMs(story.history)).toBe(61_000);
    // Nothing came of the gap, so nothing happened in it.
    expect(looksAt(story.history, 61_000)).toMatchObject({ firstMs: 10_000, lastMs: 61_000 });
    expect(story.timer(61_000).types).toEqual(['seen@0', 'expired@25000']);
  });

  it('reach over a gap when a list finds the same version, or the same spec', () => {
    const same = leaderA().down(11_000).again(24_000).up(24_000);
    expect(looksAt(same.history, 24_000)).toMatchObject({ firstMs: 10_000, lastMs: 24_000, changeSeen: true });
    const noted = leaderA()
      .down(11_000)
      .found(30_000, { renewMs: 10_000, annotations: { note: 'x' } });
    expect(noted.types).toEqual(['seen@0', 'expired@25000']);
  });

  it('serve a caller that only polls', () => {
    const story = new Story(false).found(0).again(14_000);
    expect(looksAt(story.history, 60_000)).toMatchObject({ firstMs: 0, lastMs: 14_000, changeSeen: false });
    expect(expiresAtMs(story.history)).toBeNull();
    expect(story.timer(60_000).again(15_000).types).toEqual(['seen@0', 'expired@15000']);
  });

  it('notice a stamp of the server that stands still while renewTime moves', () => {
    const frozen = (story: Story) => looksAt(story.history, 99_000)?.stampFrozen;
    expect(frozen(leaderA())).toBe(false);
    expect(frozen(new Story().found(0).at(2_001, { stampMs: 0 }))).toBe(true);
    // Two renewals within one second, the second delivered late.
    expect(frozen(new Story().found(0).at(2_000, { stampMs: 0 }))).toBe(false);
    // Somebody else's change of another field.
    expect(frozen(new Story().found(0).at(9_000, { stampMs: 0, renewMs: 0, seconds: 20 }))).toBe(false);
    expect(frozen(new Story().found(0).down(1).found(9_000, { stampMs: 0 }))).toBe(false);
    expect(frozen(new Story().found(0).at(3_000, { stampMs: 0 }).at(5_000))).toBe(false);
  });
});

describe('what was missed', () => {
  it('leaves lengths unknown: another holder was found after a gap', () => {
    const story = leaderA().down(11_000).found(40_000, { holder: 'b', acquireMs: 30_000 }).up(40_000);
    expect(story.last).toMatchObject({ type: 'acquired', timely: false, leaderlessMs: null, overlap: null, term: 2 });
    expect(story.history.ledger.terms[0]).toMatchObject({ toMs: 40_000, endedBy: 'unknown' });
    expect(story.history.ledger.terms[1]).toMatchObject({ fromKnown: false });
    expect(story.history.ledger).toMatchObject({ gaps: [], unknown: [{ fromMs: 11_000, toMs: 40_000 }] });
  });

  it('shows in the record of the same holder: another term, or the same one', () => {
    const other = leaderA().down(11_000).found(40_000, { acquireMs: 30_000, transitions: 2 });
    expect(other.last).toMatchObject({ type: 'acquired', term: 2, timely: false });
    const python = leaderA().down(11_000).found(40_000, { acquireMs: 30_000 });
    expect(python.last).toMatchObject({ type: 'acquired', term: 2 });
    const same = leaderA().down(11_000).found(14_000);
    expect(same.last).toMatchObject({ type: 'renewed', term: 1, timely: false });
  });

  it('leaves no overlap and no gap to tell of who came next', () => {
    const next: Sample = { holder: 'b', seconds: 15, acquireMs: 22_000 };
    const cleared = leaderA().down(11_000).found(20_000, { holder: '', renewMs: 10_000 }).up(20_000).at(22_000, next);
    expect(cleared.last).toMatchObject({ type: 'acquired', overlap: null, leaderlessMs: null });
    const resumed = leaderA().down(11_000).up(20_000).at(20_010, FREE).at(22_000, next);
    expect(resumed.last).toMatchObject({ type: 'acquired', timely: true, leaderlessMs: null });
    const late = leaderA().at(11_000, FREE).down(12_000).up(22_000).at(22_010, next);
    expect(late.last).toMatchObject({ type: 'acquired', timely: false, leaderlessMs: null });
    expect(late.history.ledger.gaps).toEqual([]);
  });

  it('makes a gap that began before unknown when a list found a change', () => {
    const story = leaderA().at(11_000, FREE).down(12_000).found(20_000, { acquireMs: 19_000 }).up(20_000);
    story.at(22_000, { holder: 'b', seconds: 15, acquireMs: 22_000 });
    expect(story.last).toMatchObject({ type: 'acquired', leaderlessMs: null });
  });
});

describe('deletion', () => {
  it('is followed by another Lease of that name', () => {
    const story = leaderA().deleted(11_000).at(12_000, { uid: 'uid-2', holder: 'a', acquireMs: 0 });
    expect(story.types).toEqual(['seen@0', 'deleted@11000', 'recreated@12000', 'acquired@12000']);
    expect(story.told.at(-3)).toMatchObject({ holder: null, previousHolder: 'a' });
    expect(story.last).toMatchObject({ leaderlessMs: 1_000, term: 2, overlap: null });
    expect(looksAt(story.history, 13_000)).toMatchObject({ firstMs: 12_000, changeSeen: true });
  });

  it('may have been missed', () => {
    const story = leaderA().down(11_000).found(20_000, { uid: 'uid-2' });
    expect(story.types).toEqual(['seen@0', 'recreated@20000', 'acquired@20000']);
    expect(story.last).toMatchObject({ leaderlessMs: null, term: 2 });
    expect(story.history.ledger.terms[0]?.endedBy).toBe('unknown');
  });

  it('was none when the same Lease comes back into the selector', () => {
    const story = leaderA().deleted(11_000).at(15_000);
    expect(story.types).toEqual(['seen@0', 'deleted@11000', 'seen@15000']);
    expect(looksAt(story.history, 16_000)?.changeSeen).toBe(false);
  });

  it('of what was never seen means nothing', () => {
    expect(new Story().deleted(0).types).toEqual([]);
  });
});

describe('renew intervals', () => {
  it('come from renewals that were seen to happen', () => {
    const story = new Story().found(0).at(500).at(2_500).at(5_500).at(7_500);
    expect(renewIntervals(story.history)).toEqual({ count: 3, medianMs: 2_000, p99Ms: 3_000, largestMs: 3_000 });
    expect(renewIntervals(new Story().found(0).at(500).history)).toMatchObject({ count: 0, largestMs: null });
  });

  it('leave out gaps of the connection, annotations and skews, and begin anew with each holder', () => {
    const cut = leaderA().down(10_500).up(20_000).at(20_010).at(22_010).at(24_010);
    expect(renewIntervals(cut.history)).toMatchObject({ count: 5, largestMs: 2_000 });
    const skewed = leaderA().at(10_100, { renewMs: -20_000, manager: 'kle', annotations: mark('skew', 'hold') });
    expect(skewed.last?.type).toBe('changed');
    skewed.at(12_000, { manager: 'elector' });
    expect(skewed.last?.type).toBe('renewed');
    expect(renewIntervals(skewed.history)).toMatchObject({ count: 5, largestMs: 2_000 });
    const other = leaderA().at(11_000, { holder: 'b', acquireMs: 11_000 }).at(16_000);
    expect(renewIntervals(other.history)).toMatchObject({ count: 1, largestMs: 5_000 });
  });
});

describe('memory', () => {
  it('is bounded, and the counts go on', () => {
    const story = new Story().found(0);
    for (let n = 1; n <= 300; n++) {
      story.at(n * 1_000, { holder: `h${n}`, acquireMs: n * 1_000 }).at(n * 1_000 + 400);
      story
        .down(n * 1_000 + 500)
        .up(n * 1_000 + 501)
        .bookmark(n * 1_000 + 502);
      story.at(n * 1_000 + 600, { ...FREE, manager: 'other' });
    }
    const { ledger } = story.history;
    expect(ledger.termCount).toBe(301);
    expect(ledger.terms.map(({ number }) => number).slice(-2)).toEqual([300, 301]);
    for (const list of [ledger.terms, ledger.gaps, ledger.unknown, ledger.overlaps]) {
      expect(list.length).toBeLessThanOrEqual(ENTRIES_KEPT);
    }
    story.at(400_000, { holder: 'z', seconds: 15 });
    for (let n = 1; n <= 1_000; n++) story.at(400_000 + n * 100);
    expect(story.history.renewals.gapsMs).toHaveLength(GAPS_KEPT);
    expect(renewIntervals(story.history)).toMatchObject({ count: 1_000, medianMs: 100 });
  });
});
