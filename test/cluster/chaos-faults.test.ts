/**
 * The chaos verbs while the API fails, hangs and loses replies at each of their requests, while others change the Lease
 * between plan and write, and while somebody annotates it all the time; on a real kube-apiserver behind a fault proxy.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChaosCluster, LEASES, openChaosCluster, type Place } from '../support/chaos-cluster.js';
import type { FakeHolder } from '../support/fake-holder.js';
import { type FaultClient, type FaultProxy, startFaultProxy } from '../support/fault-proxy.js';
import type { Fault, Match } from '../support/fault-proxy-rules.js';
import type { Run } from '../support/kle.js';

const WAIT_MS = 60_000;
const SECONDS = 3;

let cluster: ChaosCluster;
let proxy: FaultProxy;
beforeAll(async () => {
  cluster = await openChaosCluster();
  proxy = await startFaultProxy({ kubeconfig: cluster.server.kubeconfig });
});
afterAll(async () => {
  await proxy?.close();
  await cluster?.close();
});

const WAYS = ['-o', 'json'];
const VERBS = {
  fence: ['release', 'LEASE', '--yes', '--wait', '3s', ...WAYS],
  to: ['release', 'LEASE', '--yes', '--to', 'web-1', '--wait', '3s', ...WAYS],
  clear: ['release', 'LEASE', '--yes', '--via', 'clear', '--wait', '3s', ...WAYS],
  identity: ['release', 'LEASE', '--identity', 'web-0', ...WAYS],
  steal: ['steal', 'LEASE', '--yes', '--hold', '1s', '--wait', '3s', ...WAYS],
  once: ['skew', 'LEASE', '--yes', '--by=+1h', ...WAYS],
  skew: ['skew', 'LEASE', '--yes', '--by=-1h', '--hold', '2s', ...WAYS],
} as const;
type VerbName = keyof typeof VERBS;

interface Scene {
  place: Place;
  leader: FakeHolder;
  client: FaultClient;
  args: string[];
  verb: VerbName;
}

let scenes = 0;

async function scene(verb: VerbName): Promise<Scene> {
  scenes += 1;
  const name = `${verb}-${scenes}`;
  const client = await proxy.client(name);
  const place = await cluster.place(name, { kubeconfig: client.kubeconfig });
  const leader = place.holder('web-0', { durationSeconds: SECONDS });
  await leader.holds;
  if (verb === 'to') place.holder('web-1', { durationSeconds: SECONDS });
  return { place, leader, client, verb, args: VERBS[verb].map((word) => (word === 'LEASE' ? name : word)) };
}

const UPDATES: Match = { verb: 'update', path: /\/leases\// };
const isKles = (holder: string) => holder.startsWith('kle/');

interface Result {
  outcome: string;
  to: string | null;
  leftChanged: boolean;
  interrupted: boolean;
}

/** What must be true however it went. */
async function expectTruth({ place, client }: Scene, run: Run): Promise<Result | null> {
  for (const { method, path, body } of client.requests) {
    if (method === 'GET' || path.includes('selfsubjectaccessreviews')) continue;
    // No blind write: a PUT of the very version that was decided on, and nothing else.
    expect(method).toBe('PUT');
    const { metadata } = JSON.parse(body);
    expect(metadata).toMatchObject({ uid: expect.any(String), resourceVersion: expect.any(String) });
    expect(metadata.labels).toEqual({ keep: 'label' });
  }
  const result = run.stdout === '' ? null : (JSON.parse(run.stdout) as Result);
  const about = `${place.name}: ${run.code} ${JSON.stringify({ ...result, plan: undefined, prediction: undefined })}\n${run.stderr}`;
  const now = await cluster.calls.must('GET', `${LEASES}/${place.name}`);
  const holder = String(now.spec?.holderIdentity);
  if (isKles(holder)) expect(run.code, about).toBe(6);
  expect(place.journals().length, about).toBe(run.code === 6 && !/clear|identity/.test(place.name) ? 1 : 0);
  const wrote = place
    .versions()
    .some((one) => one.lease.metadata.managedFields?.some((entry) => entry.manager === 'kle'));
  if (run.code === 4) expect(wrote, about).toBe(false);
  if (run.code === 6) expect(result?.leftChanged, about).toBe(true);
  if (result?.outcome === 'handed-over' || result?.outcome === 'returned') {
    expect(
      place.versions().some((one) => one.holder === result.to && !isKles(one.holder)),
      about,
    ).toBe(true);
  }
  if (result?.outcome === 'unverified') expect([5, 6], about).toContain(run.code);
  return result;
}

/** Whatever was left, undo puts it right once the API answers again. */
async function expectUndone({ place, leader, client }: Scene): Promise<void> {
  await client.heal();
  const run = await place.kle('undo', '--yes');
  expect([0, 3], run.stderr).toContain(run.code);
  expect(place.journals()).toEqual([]);
  const since = process.hrtime.bigint();
  await place.until(
    ({ mono, holder, lease }) =>
      mono > since && holder.startsWith('web-') && !lease.metadata.annotations?.['kle.dev/operation'],
    `renewal of ${leader.identity} without a mark`,
    WAIT_MS,
  );
}

describe('one request of kle fails', () => {
  const FAULTS: [string, Fault][] = [
    ['is answered by 500', { do: 'answer', status: 500 }],
    ['is answered by 503', { do: 'answer', status: 503, retryAfter: 1 }],
    ['is answered by 429', { do: 'answer', status: 429, retryAfter: 1 }],
    ['hangs', { do: 'drop' }],
    ['is cut', { do: 'reset' }],
    ['is done, and the reply lost', { do: 'lose-reply', instead: 'silence' }],
    ['is done, and the connection cut', { do: 'lose-reply', instead: 'reset' }],
    ['is done, and answered by 504', { do: 'lose-reply', instead: 504 }],
  ];
  /** Its n-th write: the fence, a renewal, and what comes after. */
  const WRITES: [VerbName, number][] = [
    ['fence', 1],
    ['fence', 3],
    ['steal', 1],
    ['skew', 2],
  ];
  const ONCE: [VerbName, number][] = [
    ['to', 1],
    ['clear', 1],
    ['identity', 1],
    ['once', 1],
    ['once', 2],
  ];
  const lost = FAULTS.filter(([what]) => /hangs|reply lost|503/.test(what));
  const cases = [
    ...WRITES.flatMap(([verb, nth]) => FAULTS.map(([what, fault]) => ({ verb, nth, what, fault }))),
    ...ONCE.flatMap(([verb, nth]) => lost.map(([what, fault]) => ({ verb, nth, what, fault }))),
  ];

  it.concurrent.each(cases)('PUT $nth of $verb $what: nothing is guessed', async ({ verb, nth, fault }) => {
    const stage = await scene(verb);
    stage.client.fault({ ...UPDATES, nth }, fault);
    const run = await stage.place.kle(...stage.args);
    await expectTruth(stage, run);
    // One failure is made good, or told as what it is; it never leaves the Lease with kle, only a mark at worst.
    expect(verb === 'once' ? [0, 3, 4, 5, 6] : [0, 1, 3, 4, 5], run.stderr).toContain(run.code);
    await expectUndone(stage);
  });

  it.concurrent.each([
    ['fence', { verb: 'get', nth: 1 }, { do: 'drop' }],
    ['fence', { verb: 'list', nth: 1 }, { do: 'answer', status: 500 }],
    ['fence', { verb: 'watch', nth: 1 }, { do: 'answer', status: 503 }],
    ['fence', { verb: 'watch' }, { do: 'stall' }],
    ['steal', { verb: 'watch', nth: 1 }, { do: 'reset' }],
  ] as [VerbName, Match, Fault][])('%s while %j meets %j', async (verb, match, fault) => {
    const stage = await scene(verb);
    stage.client.fault(match, fault);
    const run = await stage.place.kle(...stage.args);
    await expectTruth(stage, run);
    expect([0, 1, 4, 5], run.stderr).toContain(run.code);
    await expectUndone(stage);
  });
});

describe('all requests of kle fail from some point on', () => {
  const cases: [VerbName, string, (client: FaultClient) => void, number[]][] = [
    ['fence', 'no PUT comes back from the first on', (c) => c.fault(UPDATES, { do: 'drop' }), [4, 5, 6]],
    ['fence', 'every PUT is answered by 500', (c) => c.fault(UPDATES, { do: 'answer', status: 500 }), [4, 5, 6]],
    ['fence', 'every PUT is forbidden', (c) => c.fault(UPDATES, { do: 'answer', status: 403 }), [4]],
    ['steal', 'every PUT is answered by 503', (c) => c.fault(UPDATES, { do: 'answer', status: 503 }), [4, 5, 6]],
    ['once', 'no PUT comes back from the first on', (c) => c.fault(UPDATES, { do: 'drop' }), [3, 4, 5, 6]],
    ['clear', 'no PUT comes back', (c) => c.fault(UPDATES, { do: 'drop' }), [3, 4, 5, 6]],
  ];
  it.concurrent.each(cases)('%s: %s', async (_verb, _what, plant, codes) => {
    const stage = await scene(_verb);
    plant(stage.client);
    const run = await stage.place.kle(...stage.args);
    await expectTruth(stage, run);
    expect(codes, run.stderr).toContain(run.code);
    await expectUndone(stage);
  });

  it.concurrent.each([
    ['fence', 'fenced as'],
    ['steal', 'taken as'],
    ['skew', 'shifted'],
  ] as const)('%s: nothing goes through any more once it has begun: 6, the journal stays', async (verb, said) => {
    const stage = await scene(verb);
    const running = stage.place.start(stage.args);
    await running.until(said, WAIT_MS);
    stage.client.blackhole();
    // Only a holder that renews would put a shift right by itself.
    stage.leader.stop();
    const run = await running.ended;
    await expectTruth(stage, run);
    expect(run.code, run.stderr).toBe(6);
    expect(run.stdout).toContain('"undoId": "');
    stage.place.holder('web-0', { durationSeconds: SECONDS });
    await expectUndone(stage);
  });

  it.concurrent('a fence that lands after kle has given it up meets a conflict, or is put back', async () => {
    const stage = await scene('fence');
    const held = stage.client.fault({ ...UPDATES, nth: 1 }, { do: 'hold' });
    const run = await stage.place.kle(...stage.args);
    await expectTruth(stage, run);
    const [late] = await held.deliver();
    expect(late?.upstreamStatus).toBe(409);
    await expectUndone(stage);
  });
});

describe('the Lease changes between plan and write', () => {
  const path = ({ place }: Scene) => `${LEASES}/${place.name}`;
  const merge = (stage: Scene, change: object) =>
    cluster.calls.must('PATCH', path(stage), change, 'application/merge-patch+json');

  /** The first PUT of kle is here, and waits. */
  async function atFirstPut(verb: VerbName) {
    const stage = await scene(verb);
    const held = stage.client.fault({ ...UPDATES, nth: 1 }, { do: 'hold' });
    const running = stage.place.start(stage.args);
    await held.hit(1, WAIT_MS);
    stage.leader.stop();
    return { stage, held, running };
  }

  it.concurrent.each(['fence', 'to', 'clear', 'identity', 'steal', 'once'] as const)(
    '%s: somebody else took it, and it stays as that one left it',
    async (verb) => {
      const { stage, held, running } = await atFirstPut(verb);
      const time = new Date().toISOString().replace('Z', '000Z');
      const spec = { holderIdentity: 'thief', leaseDurationSeconds: 60, acquireTime: time, renewTime: time };
      const stolen = await merge(stage, { spec });
      const [put] = await held.deliver();
      expect(put?.upstreamStatus ?? 409).toBe(409);
      const run = await running.ended;
      await expectTruth(stage, run);
      expect([3, 5], run.stderr).toContain(run.code);
      const after = await stage.place.lease();
      expect(after.metadata.resourceVersion).toBe(stolen.metadata.resourceVersion);
    },
  );

  it.concurrent.each(['fence', 'steal'] as const)('%s: it was deleted and made anew', async (verb) => {
    const { stage, held, running } = await atFirstPut(verb);
    const { metadata, spec } = await stage.place.lease();
    await cluster.calls.must('DELETE', path(stage));
    const { name, labels, annotations } = metadata;
    const anew = await cluster.calls.must('POST', LEASES, { metadata: { name, labels, annotations }, spec });
    const [put] = await held.deliver();
    expect(put?.upstreamStatus ?? 409).toBe(409);
    const run = await running.ended;
    // That the first PUT was not done before the Lease went cannot be known for certain.
    expect([3, 5], run.stderr).toContain(run.code);
    const after = await stage.place.lease();
    expect(after.metadata.resourceVersion).toBe(anew.metadata.resourceVersion);
  });

  it.concurrent('fence: annotated in that moment, and it goes on', async () => {
    const { stage, held, running } = await atFirstPut('fence');
    await merge(stage, { metadata: { annotations: { 'example.com/moment': '1' } } });
    const [put] = await held.deliver();
    expect(put?.upstreamStatus ?? 409).toBe(409);
    const run = await running.ended;
    const result = await expectTruth(stage, run);
    expect(['freed', 'handed-over', 'returned', 'not-held'], run.stderr).toContain(result?.outcome);
    expect((await stage.place.lease()).metadata.annotations).toMatchObject({ 'example.com/moment': '1' });
  });
});

it.concurrent.each(Object.keys(VERBS) as VerbName[])('%s on a Lease that is annotated all the time', async (verb) => {
  const stage = await scene(verb);
  let n = 0;
  let last: Promise<unknown> = Promise.resolve();
  // Often enough that the quickest verb meets one, too.
  const annotating = setInterval(() => {
    n += 1;
    const change = { metadata: { annotations: { 'example.com/n': String(n) } } };
    last = cluster.calls.call('PATCH', `${LEASES}/${stage.place.name}`, change, 'application/merge-patch+json');
  }, 200);
  try {
    const run = await stage.place.kle(...stage.args);
    await expectTruth(stage, run);
    expect([0, 1], run.stderr).toContain(run.code);
  } finally {
    clearInterval(annotating);
    await last;
  }
  expect(n).toBeGreaterThan(0);
  await expectUndone(stage);
});
