/** What every LeaseApi keeps, whatever server is behind it. Run against kube-apiserver and kle's own sandbox. */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Answer, ApiFailure, LeaseApi, LeaseRef, LeaseWatchEvent } from '../../src/lease/api.js';
import { formatMicroTime } from '../../src/lease/micro-time.js';
import { amend, type LeaseObject, type LeaseRecord } from '../../src/lease/record.js';

export interface LeaseApiUnderTest {
  api: LeaseApi;
  /** Two namespaces that exist. The tests use names of their own in them. */
  namespaces: readonly [string, string];
  /** The same server for somebody without any rights. */
  stranger?: LeaseApi;
  /** Makes every older resourceVersion and continue token 410. */
  compact?: () => Promise<unknown>;
  /** Cuts every connection of `api`, runs `meanwhile` with another way to the same server, and lets `api` through again. */
  interrupt?: (meanwhile: (direct: LeaseApi) => Promise<void>) => Promise<void>;
  /** Awaited before each request of `api`; null: nothing any more. */
  beforeRequests?: (hook: (() => Promise<void>) | null) => void;
  stop(): Promise<void>;
}

/** Which of the optional parts `makeApi` brings; tests that need others are shown as skipped. */
export interface Abilities {
  compacts?: boolean;
  interrupts?: boolean;
  strangers?: boolean;
}

/** `makeApi` is called once. */
export function leaseApiContract(
  name: string,
  makeApi: () => Promise<LeaseApiUnderTest>,
  abilities: Abilities = {},
): void {
  describe(`LeaseApi on ${name}`, () => {
    let on: LeaseApiUnderTest;
    const watching = new AbortController();
    beforeAll(async () => {
      on = await makeApi();
    });
    afterAll(async () => {
      watching.abort();
      await on?.stop();
    });
    const subject: Subject = {
      get on() {
        return on;
      },
      get api() {
        return on.api;
      },
    };
    describe('one Lease', () => reading(subject));
    describe('replace', () => replacing(subject));
    describe('delete', () => deleting(subject));
    describe('list', () => listing(subject, abilities));
    describe('watch', () => watchingLeases(subject, abilities));
    describe('failures', () => failing(subject, abilities));
  });
}

interface Subject {
  readonly on: LeaseApiUnderTest;
  readonly api: LeaseApi;
}

const TIME = '2026-11-21T03:30:25.123456Z';

const unique = (): string => `kle-${randomBytes(6).toString('hex')}`;

function lease(namespace: string, name = unique(), more: Partial<LeaseObject> & { labels?: object } = {}): LeaseObject {
  const { labels, ...rest } = more;
  const spec = {
    holderIdentity: 'me',
    leaseDurationSeconds: 15,
    acquireTime: TIME,
    renewTime: TIME,
    leaseTransitions: 3,
  };
  return { metadata: { name, namespace, ...(labels && { labels }) }, spec, ...rest };
}

function value<T>(answer: Answer<T>): T {
  if (!answer.ok) throw new Error(`${answer.failure.kind}: ${answer.failure.message}`);
  return answer.value;
}

function failure(answer: Answer<unknown>): ApiFailure {
  if (answer.ok) throw new Error('this was to fail');
  return answer.failure;
}

const refOf = ({ namespace, name }: LeaseRecord): LeaseRef => ({ namespace, name });
const uidOf = (record: LeaseRecord): string => record.uid ?? '';
const renewed = (record: LeaseRecord, micros: bigint): LeaseObject =>
  amend(record, { spec: { renewTime: formatMicroTime(micros) } });

function reading(subject: Subject): void {
  it('comes back as it was created, times to the microsecond', async () => {
    const [namespace] = subject.on.namespaces;
    const made = value(await subject.api.create(lease(namespace)));
    expect(made).toMatchObject({ namespace, holder: 'me', leaseDurationSeconds: 15, transitions: 3 });
    expect(made.raw.spec?.renewTime).toBe(TIME);
    expect(formatMicroTime(made.renewTime ?? 0n)).toBe(TIME);
    expect(made.uid).toMatch(/./);
    expect(made.resourceVersion).toMatch(/^\d+$/);
    const read = value(await subject.api.get(refOf(made)));
    expect(read).toMatchObject({
      uid: made.uid,
      resourceVersion: made.resourceVersion,
      raw: { spec: made.raw.spec ?? {} },
    });
  });

  it('says who wrote it', async () => {
    const made = value(await subject.api.create(lease(subject.on.namespaces[0])));
    expect(made.renewal).toMatchObject({ manager: 'kle', operation: 'Update', shared: false });
  });

  it('exists once under a name', async () => {
    const object = lease(subject.on.namespaces[0]);
    value(await subject.api.create(object));
    expect(failure(await subject.api.create(object))).toMatchObject({ kind: 'conflict', exists: true });
  });

  it('tells the server time', async () => {
    await subject.api.get({ namespace: subject.on.namespaces[0], name: 'nothing' });
    const time = subject.api.serverTime();
    expect(Number((time?.latest ?? 0n) - (time?.earliest ?? 0n))).toBeLessThan(2_000_000);
    const now = Date.now() * 1000;
    expect(Math.abs(Number(time?.earliest ?? 0n) - now)).toBeLessThan(5_000_000);
  });
}

function replacing(subject: Subject): void {
  const make = async (more = {}) => value(await subject.api.create(lease(subject.on.namespaces[0], unique(), more)));

  it('writes over the version that was read, and not over a later one', async () => {
    const first = await make();
    const second = value(await subject.api.replace(renewed(first, 1_800_000_000_000_001n)));
    expect(second.renewTime).toBe(1_800_000_000_000_001n);
    expect(BigInt(second.resourceVersion ?? 0)).toBeGreaterThan(BigInt(first.resourceVersion ?? 0));
    const late = await subject.api.replace(renewed(first, 1_800_000_000_000_002n));
    expect(late).toMatchObject({ ok: false, mayHaveApplied: false, failure: { kind: 'conflict', exists: false } });
    expect(value(await subject.api.get(refOf(first))).renewTime).toBe(1_800_000_000_000_001n);
  });

  it('does not bring a deleted Lease back', async () => {
    const record = await make();
    value(await subject.api.delete(refOf(record), { uid: uidOf(record) }));
    const answer = await subject.api.replace(renewed(record, 1_800_000_000_000_000n));
    expect(['conflict', 'not-found']).toContain(failure(answer).kind);
    expect(failure(await subject.api.get(refOf(record))).kind).toBe('not-found');
  });

  it('does not write to another Lease of the same name', async () => {
    const record = await make();
    value(await subject.api.delete(refOf(record), { uid: uidOf(record) }));
    value(await subject.api.create(lease(record.namespace, record.name)));
    expect(failure(await subject.api.replace(renewed(record, 1_800_000_000_000_000n))).kind).toBe('conflict');
  });

  it('refuses to write without uid and resourceVersion', async () => {
    const record = await make();
    const { uid, resourceVersion } = record.raw.metadata;
    for (const missing of [{ uid }, { resourceVersion }]) {
      const metadata = { name: record.name, namespace: record.namespace, ...missing } as LeaseObject['metadata'];
      expect(() => subject.api.replace({ ...record.raw, metadata })).toThrow(TypeError);
    }
  });

  it('keeps labels, annotations, owners and what kle does not touch', async () => {
    const record = await make({ labels: { app: 'web' } });
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: '11111111-2222-4333-8444-555555555555' };
    const body = amend(record, { annotations: { 'example.com/note': 'é ☃' } });
    body.metadata.ownerReferences = [owner];
    body.metadata.finalizers = ['example.com/hold'];
    const owned = value(await subject.api.replace(body));
    const after = value(await subject.api.replace(renewed(owned, 1_800_000_000_000_000n)));
    const { labels, annotations, ownerReferences, finalizers } = after.raw.metadata;
    expect({ labels, annotations, ownerReferences, finalizers }).toEqual({
      labels: { app: 'web' },
      annotations: { 'example.com/note': 'é ☃' },
      ownerReferences: [owner],
      finalizers: ['example.com/hold'],
    });
    expect(after.raw.spec).toMatchObject({ holderIdentity: 'me', leaseTransitions: 3, acquireTime: TIME });
    const freed = amend(after, {});
    freed.metadata.finalizers = [];
    value(await subject.api.replace(freed));
  });

  it('of the same content changes nothing, not even the version', async () => {
    const record = await make();
    const after = value(await subject.api.replace(amend(record, {})));
    expect(after.resourceVersion).toBe(record.resourceVersion);
  });

  it('takes the empty holder of a release', async () => {
    const record = await make();
    const spec = { holderIdentity: '', leaseDurationSeconds: 1 };
    const after = value(await subject.api.replace(amend(record, { spec })));
    expect(after).toMatchObject({ holder: '', leaseDurationSeconds: 1, transitions: 3 });
  });
}

function deleting(subject: Subject): void {
  it('removes the Lease of that uid only, at that version only', async () => {
    const record = value(await subject.api.create(lease(subject.on.namespaces[0])));
    const ref = refOf(record);
    const uid = uidOf(record);
    const other = '11111111-2222-4333-8444-555555555555';
    expect(failure(await subject.api.delete(ref, { uid: other })).kind).toBe('conflict');
    const moved = value(await subject.api.replace(renewed(record, 1_800_000_000_000_000n)));
    const stale = { uid, resourceVersion: record.resourceVersion ?? '' };
    expect(failure(await subject.api.delete(ref, stale)).kind).toBe('conflict');
    value(await subject.api.get(ref));
    value(await subject.api.delete(ref, { uid, resourceVersion: moved.resourceVersion ?? '' }));
    expect(failure(await subject.api.get(ref))).toMatchObject({
      kind: 'not-found',
      resource: 'leases',
      name: ref.name,
    });
  });

  it('of nothing finds nothing', async () => {
    const ref = { namespace: subject.on.namespaces[0], name: unique() };
    expect(failure(await subject.api.delete(ref, { uid: 'x' }))).toMatchObject({ kind: 'not-found', name: ref.name });
  });
}

function listing(subject: Subject, abilities: Abilities): void {
  const run = unique();
  const names = Array.from({ length: 7 }, (_, i) => `${run}-${i}`);
  const labelSelector = `run=${run}`;
  beforeAll(async () => {
    const [here, there] = subject.on.namespaces;
    for (const name of names) value(await subject.api.create(lease(here, name, { labels: { run } })));
    value(await subject.api.create(lease(there, names[0], { labels: { run } })));
  });
  const namesIn = async (...args: Parameters<LeaseApi['list']>) =>
    value(await subject.api.list(...args)).items.map((item) => item.name);

  it('of a namespace is whole and in order, in pages of any size', async () => {
    const [namespace] = subject.on.namespaces;
    for (const limit of [1, 2, 7, 100, 0]) {
      expect(await namesIn({ namespace, labelSelector }, { limit })).toEqual(names);
    }
  });

  it('covers every namespace when none is named', async () => {
    const list = value(await subject.api.list({ labelSelector }));
    expect(list.items.map((item) => item.namespace)).toEqual(expect.arrayContaining([...subject.on.namespaces]));
    expect(list.items).toHaveLength(8);
    expect(list.resourceVersion).toMatch(/^[1-9]\d*$/);
  });

  it('of one name has that one or none', async () => {
    const [namespace] = subject.on.namespaces;
    expect(await namesIn({ namespace, name: names[3] ?? '' })).toEqual([names[3]]);
    expect(await namesIn({ namespace, name: unique() })).toEqual([]);
    expect(await namesIn({ namespace: unique() })).toEqual([]);
  });

  it('refuses a selector that is none', async () => {
    const answer = await subject.api.list({ namespace: subject.on.namespaces[0], labelSelector: '!!' });
    expect(failure(answer).kind).toBe('invalid');
  });

  it.runIf(abilities.compacts)('begins anew when its continue token expires on the way', async () => {
    const [namespace] = subject.on.namespaces;
    const { api, compact, beforeRequests } = subject.on;
    let requests = 0;
    beforeRequests?.(async () => {
      if (++requests !== 2) return;
      beforeRequests(null);
      // The version must move for the token's to be in the past.
      for (let i = 0; i < 3; i++) value(await api.create(lease(namespace)));
      await compact?.();
    });
    expect(await namesIn({ namespace, labelSelector }, { limit: 2 })).toEqual(names);
    expect(requests).toBe(2);
  });
}

class Follower {
  readonly seen: LeaseWatchEvent[] = [];
  over = false;
  #wake: () => void = () => {};

  constructor(events: AsyncIterable<LeaseWatchEvent>) {
    void this.#follow(events);
  }

  async #follow(events: AsyncIterable<LeaseWatchEvent>): Promise<void> {
    for await (const event of events) {
      this.seen.push(event);
      this.#wake();
    }
    this.over = true;
    this.#wake();
  }

  async until(done: (seen: LeaseWatchEvent[]) => boolean): Promise<LeaseWatchEvent[]> {
    while (!done(this.seen) && !this.over) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.seen;
  }

  synced = () => this.until((seen) => seen.some((event) => event.type === 'synced'));

  /** In short words, without bookmarks. */
  get words(): string[] {
    return this.seen
      .filter((event) => event.type !== 'bookmark')
      .map((event) =>
        'record' in event ? `${event.type} ${event.record.name}${event.found ? ' found' : ''}` : event.type,
      );
  }
}

function watchingLeases(subject: Subject, abilities: Abilities): void {
  const controllers: AbortController[] = [];
  afterEach(() => {
    for (const controller of controllers.splice(0)) controller.abort();
  });
  const watch = (scope: Parameters<LeaseApi['watch']>[0]) => {
    const controller = new AbortController();
    controllers.push(controller);
    return new Follower(subject.api.watch(scope, { signal: controller.signal }));
  };
  const isLast = (type: string, name: string) => (seen: LeaseWatchEvent[]) =>
    seen.some((event) => event.type === type && 'record' in event && event.record.name === name);

  it('reports what is there, then each change in order', async () => {
    const [namespace] = subject.on.namespaces;
    const run = unique();
    const scope = { namespace, labelSelector: `run=${run}` };
    const first = value(await subject.api.create(lease(namespace, `${run}-a`, { labels: { run } })));
    const follower = watch(scope);
    await follower.synced();
    const second = value(await subject.api.replace(renewed(first, 1_800_000_000_000_000n)));
    value(await subject.api.create(lease(namespace, `${run}-b`, { labels: { run } })));
    value(await subject.api.delete(refOf(second), { uid: uidOf(second) }));
    await follower.until(isLast('deleted', `${run}-a`));
    expect(follower.words).toEqual([
      `added ${run}-a found`,
      'synced',
      `modified ${run}-a`,
      `added ${run}-b`,
      `deleted ${run}-a`,
    ]);
    const versions = follower.seen.flatMap((event) =>
      'record' in event && !event.found ? [BigInt(event.record.resourceVersion ?? 0)] : [],
    );
    expect(versions).toEqual([...versions].sort((a, b) => (a < b ? -1 : 1)));
    const modified = follower.seen.find((event) => event.type === 'modified');
    expect(modified).toMatchObject({ record: { raw: { spec: second.raw.spec ?? {} } } });
  });

  it('of one name and of one namespace leaves the others out', async () => {
    const [here, there] = subject.on.namespaces;
    const name = unique();
    const followers = [watch({ namespace: here, name }), watch({ namespace: here }), watch({})] as const;
    for (const follower of followers) await follower.synced();
    value(await subject.api.create(lease(there, name)));
    value(await subject.api.create(lease(here, `${name}-x`)));
    const last = value(await subject.api.create(lease(here, name)));
    const found = async (follower: Follower) => {
      await follower.until((seen) => seen.some((event) => 'record' in event && event.record.uid === last.uid));
      const ours = follower.seen.flatMap((event) => ('record' in event ? [event.record] : []));
      return ours
        .filter((record) => record.name.startsWith(name))
        .map((record) => `${record.namespace}/${record.name}`);
    };
    expect(await found(followers[0])).toEqual([`${here}/${name}`]);
    expect(await found(followers[1])).toEqual([`${here}/${name}-x`, `${here}/${name}`]);
    expect(await found(followers[2])).toEqual([`${there}/${name}`, `${here}/${name}-x`, `${here}/${name}`]);
  });

  it('calls a Lease that leaves a selector deleted, and one that comes back added', async () => {
    const [namespace] = subject.on.namespaces;
    const run = unique();
    const follower = watch({ namespace, labelSelector: `run=${run}` });
    await follower.synced();
    const made = value(await subject.api.create(lease(namespace, run, { labels: { run } })));
    const relabel = (record: LeaseRecord, to: string) => {
      const body = amend(record, {});
      body.metadata.labels = { run: to };
      return subject.api.replace(body);
    };
    const gone = value(await relabel(made, 'other'));
    value(await relabel(gone, run));
    await follower.until((seen) => seen.filter((event) => event.type === 'added').length === 2);
    expect(follower.words).toEqual(['synced', `added ${run}`, `deleted ${run}`, `added ${run}`]);
  });

  it.runIf(abilities.interrupts)('loses nothing and repeats nothing when the connection breaks', async () => {
    const [namespace] = subject.on.namespaces;
    const run = unique();
    const made = value(await subject.api.create(lease(namespace, run)));
    const follower = watch({ namespace, name: run });
    await follower.synced();
    await subject.on.interrupt?.(async (direct) => {
      const moved = value(await direct.replace(renewed(made, 1_800_000_000_000_001n)));
      value(await direct.delete(refOf(made), { uid: uidOf(moved) }));
      value(await direct.create(lease(namespace, run)));
    });
    await follower.until((seen) => seen.filter((event) => event.type === 'added').length === 2);
    const meanwhile = [`modified ${run}`, `deleted ${run}`, `added ${run}`];
    expect(follower.words).toEqual([`added ${run} found`, 'synced', 'disconnected', 'reconnected', ...meanwhile]);
  });

  it.runIf(abilities.interrupts && abilities.compacts)('tells the difference when the past is gone', async () => {
    const [namespace] = subject.on.namespaces;
    const run = unique();
    const make = async (letter: string) =>
      value(await subject.api.create(lease(namespace, `${run}-${letter}`, { labels: { run } })));
    const [a, b] = [await make('a'), await make('b'), await make('c')];
    const follower = watch({ namespace, labelSelector: `run=${run}` });
    await follower.synced();
    const before = follower.words.length;
    await subject.on.interrupt?.(async (direct) => {
      value(await direct.delete(refOf(a), { uid: uidOf(a) }));
      value(await direct.replace(renewed(b, 1_800_000_000_000_001n)));
      value(await direct.create(lease(namespace, `${run}-d`, { labels: { run } })));
      await subject.on.compact?.();
    });
    await follower.until((seen) => seen.filter((event) => event.type === 'synced').length === 2);
    const told = follower.words.slice(before);
    expect(told.filter((word) => !word.endsWith('connected'))).toEqual([
      `deleted ${run}-a found`,
      `modified ${run}-b found`,
      `added ${run}-d found`,
      'synced',
    ]);
  });
}

function failing(subject: Subject, abilities: Abilities): void {
  it('names the field that is wrong', async () => {
    const [namespace] = subject.on.namespaces;
    const object = lease(namespace);
    const answer = await subject.api.create({ ...object, spec: { ...object.spec, leaseDurationSeconds: 0 } });
    expect(failure(answer)).toMatchObject({
      kind: 'invalid',
      causes: [{ field: 'spec.leaseDurationSeconds', message: expect.stringContaining('must be greater than 0') }],
    });
  });

  it('refuses times with three digits and negative transitions', async () => {
    const object = lease(subject.on.namespaces[0]);
    for (const wrong of [{ renewTime: '2026-11-21T03:30:25.123Z' }, { leaseTransitions: -1 }]) {
      const answer = await subject.api.create({ ...object, spec: { ...object.spec, ...wrong } });
      expect(failure(answer).kind).toBe('invalid');
    }
  });

  it('tells a missing Lease from a missing namespace', async () => {
    const [namespace] = subject.on.namespaces;
    const name = unique();
    const missing = { kind: 'not-found', resource: 'leases', name };
    expect(failure(await subject.api.get({ namespace, name }))).toMatchObject(missing);
    const nowhere = unique();
    expect(failure(await subject.api.get({ namespace: nowhere, name }))).toMatchObject(missing);
    expect(failure(await subject.api.create(lease(nowhere)))).toMatchObject({
      kind: 'not-found',
      resource: 'namespaces',
      name: nowhere,
    });
  });

  it('takes no name that would be another path', async () => {
    const [namespace] = subject.on.namespaces;
    for (const name of ['', '.', '..', 'a/b', 'a%2fb']) {
      expect(failure(await subject.api.get({ namespace, name })).kind).toBe('invalid');
    }
  });

  it('is aborted or out of time without a word to the server', async () => {
    const ref = { namespace: subject.on.namespaces[0], name: unique() };
    const aborted = await subject.api.get(ref, { signal: AbortSignal.abort() });
    expect(failure(aborted).kind).toBe('aborted');
  });

  it.runIf(abilities.strangers)('says which right is missing, and ends a watch that has none', async () => {
    const { stranger, namespaces } = subject.on;
    if (!stranger) throw new Error('no stranger');
    const ref = { namespace: namespaces[0], name: 'x' };
    expect(failure(await stranger.get(ref))).toMatchObject({
      kind: 'forbidden',
      verb: 'get',
      resource: 'leases',
      ...ref,
    });
    const refused = { kind: 'forbidden', verb: 'list', resource: 'leases', namespace: null, name: null };
    expect(failure(await stranger.list({}))).toMatchObject(refused);
    expect(failure(await stranger.create(lease(namespaces[0])))).toMatchObject({ kind: 'forbidden', verb: 'create' });
    const follower = new Follower(stranger.watch({}));
    await follower.until(() => false);
    expect(follower.seen).toMatchObject([{ type: 'disconnected', failure: refused }]);
  });
}
