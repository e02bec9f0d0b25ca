import { describe, expect, it } from 'vitest';
import type { ApiFailure, LeaseList } from '../../lease/api.js';
import { readLease } from '../../lease/record.js';
import { backOffMs, begin, step, type WatchEffect, type WatchInput, type WatchState } from './watch-states.js';

/** The machine after each input, and what it did on the last one, in short words. */
function dialogue(...inputs: WatchInput[]): { state: WatchState; did: string[] } {
  let [state, effects]: readonly [WatchState, readonly WatchEffect[]] = begin;
  for (const input of inputs) [state, effects] = step(state, input);
  return { state, did: effects.map(word) };
}

function word(effect: WatchEffect): string {
  switch (effect.do) {
    case 'open':
      return `open ${effect.version}`;
    case 'wait':
      return `wait ${effect.tries}`;
    case 'report':
      return effect.event.type;
    default:
      return effect.do;
  }
}

const list: LeaseList = { items: [], resourceVersion: '10' };
const listed: WatchInput = { type: 'listed', list, atMs: 0 };
const opened: WatchInput = { type: 'opened', atMs: 0 };
const ended = (atMs: number): WatchInput => ({ type: 'ended', atMs });
const bookmark = (version: string): WatchInput => ({ type: 'bookmark', version, atMs: 0 });
const failed = (failure: ApiFailure, atMs = 0): WatchInput => ({ type: 'failed', failure, atMs });
const changed = (version: string): WatchInput => ({
  type: 'changed',
  change: { type: 'modified', record: readLease({}) },
  version,
  atMs: 0,
});
const unreachable: ApiFailure = { kind: 'unreachable', server: '', code: 'ECONNRESET', message: '' };
const expired: ApiFailure = { kind: 'expired', message: '' };
const forbidden: ApiFailure = {
  kind: 'forbidden',
  verb: 'watch',
  resource: 'leases',
  namespace: null,
  name: null,
  message: '',
};
const notKubernetes: ApiFailure = { kind: 'not-kubernetes', status: 200, contentType: '', message: '' };
const credentials: ApiFailure = { kind: 'credentials', message: '' };

describe('a watch', () => {
  it('lists, then streams from the version of the list', () => {
    expect(begin[1].map(word)).toEqual(['list']);
    expect(dialogue(listed).did).toEqual(['report-list', 'open 10']);
    expect(dialogue(listed, opened).did).toEqual([]);
  });

  it('resumes silently at the last version when the server ends a stream', () => {
    expect(dialogue(listed, opened, changed('11'), bookmark('15'), ended(60_000)).did).toEqual(['close', 'open 15']);
  });

  it('resumes an idle stream silently as often as it lasted', () => {
    const idle: WatchInput[] = [];
    for (let i = 0; i < 5; i++) idle.push(opened, ended(60_000));
    expect(dialogue(listed, ...idle).did).toEqual(['close', 'open 10']);
  });

  it('does not spin on a server that ends streams at once', () => {
    expect(dialogue(listed, opened, ended(10)).did).toEqual(['close', 'open 10']);
    expect(dialogue(listed, opened, ended(10), opened, ended(10)).did).toEqual(['close', 'disconnected', 'wait 1']);
  });

  it('says that it is cut, once, and that it is back', () => {
    const cut = [listed, opened, changed('11'), failed(unreachable)] as const;
    expect(dialogue(...cut).did).toEqual(['close', 'disconnected', 'wait 0']);
    expect(dialogue(...cut, { type: 'waited' }).did).toEqual(['open 11']);
    expect(dialogue(...cut, { type: 'waited' }, failed(unreachable)).did).toEqual(['close', 'wait 1']);
    expect(dialogue(...cut, { type: 'waited' }, opened).did).toEqual(['reconnected']);
  });

  it('does not forget on reopening how often it was in vain, until something comes', () => {
    const cut = [
      listed,
      opened,
      failed(unreachable),
      { type: 'waited' } as const,
      opened,
      failed(unreachable),
    ] as const;
    expect(dialogue(...cut).did).toEqual(['close', 'disconnected', 'wait 1']);
    const better = [listed, opened, failed(unreachable), { type: 'waited' } as const, opened, changed('11')] as const;
    expect(dialogue(...better, failed(unreachable)).did).toEqual(['close', 'disconnected', 'wait 0']);
  });

  it('lists anew when the version has expired, in the stream or on opening it', () => {
    expect(dialogue(listed, opened, changed('11'), failed(expired)).did).toEqual(['close', 'list']);
    expect(dialogue(listed, failed(expired)).did).toEqual(['close', 'list']);
    expect(dialogue(listed, failed(expired), listed).did).toEqual(['report-list', 'open 10']);
  });

  it('backs off when a fresh list expires at once', () => {
    const twice = [listed, failed(expired), listed, failed(expired)] as const;
    expect(dialogue(...twice).did).toEqual(['close', 'disconnected', 'wait 1']);
    expect(dialogue(...twice, { type: 'waited' }).did).toEqual(['list']);
    expect(dialogue(...twice, { type: 'waited' }, listed).did).toEqual(['reconnected', 'report-list', 'open 10']);
  });

  it('lists anew when the server went back in time (etcd restored)', () => {
    expect(dialogue(listed, opened, bookmark('9')).did).toEqual(['close', 'list']);
    // Numbers, not text.
    expect(dialogue(listed, opened, changed('99'), bookmark('100')).did).toEqual(['bookmark']);
  });

  it.each([forbidden, notKubernetes, { kind: 'unauthorised', message: '' } as const])('ends with $kind', (failure) => {
    for (const before of [[], [listed], [listed, opened]]) {
      expect(dialogue(...before, failed(failure)).did).toEqual(['close', 'disconnected', 'end']);
    }
    const again = [listed, failed(unreachable), { type: 'waited' } as const];
    expect(dialogue(...again, failed(failure)).did).toEqual(['close', 'disconnected', 'end']);
  });

  it('survives garbage in a stream, and a credential that is away for a while', () => {
    const garbage: WatchInput = { type: 'garbage', failure: notKubernetes, atMs: 0 };
    expect(dialogue(listed, opened, garbage).did).toEqual(['close', 'disconnected', 'wait 0']);
    expect(dialogue(failed(credentials)).did).toEqual(['close', 'disconnected', 'end']);
    expect(dialogue(listed, failed(credentials)).did).toEqual(['close', 'disconnected', 'wait 0']);
  });

  it('does nothing any more once stopped, and nothing on late news', () => {
    expect(dialogue(listed, opened, { type: 'stop' }).did).toEqual(['close', 'end']);
    expect(dialogue(listed, { type: 'stop' }, opened, listed, failed(unreachable)).did).toEqual([]);
    expect(dialogue(listed, opened, failed(unreachable), ended(0), changed('12')).did).toEqual([]);
  });
});

describe('the back-off', () => {
  it('doubles to five seconds, half of it at random, and heeds Retry-After up to a minute', () => {
    expect([0, 1, 2, 10].map((tries) => backOffMs(tries, 0, 0))).toEqual([125, 250, 500, 2500]);
    expect([0, 1, 2, 10].map((tries) => backOffMs(tries, 0, 1))).toEqual([250, 500, 1000, 5000]);
    expect(backOffMs(0, 30_000, 0)).toBe(30_000);
    expect(backOffMs(0, 3_600_000, 0)).toBe(60_000);
  });
});
