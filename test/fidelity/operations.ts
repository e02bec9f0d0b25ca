/** Random requests of two writers on few names: mostly sensible, often late, sometimes nonsense. Same seed, same requests. */
import {
  del,
  edit,
  get,
  type Json,
  type JsonObject,
  jsonPatch,
  LEASES,
  mergePatch,
  NO_UID,
  post,
  put,
  type RequestStep,
  strategicPatch,
} from './sequence.js';

const NAMES = ['a', 'b', 'c'];
const WRITERS = ['one', 'two'];
const TIMES = [
  '2026-01-02T03:04:05.000000Z',
  '2026-01-02T03:04:06.500000Z',
  '2026-01-02T05:04:05.000000+02:00',
  '2026-01-02T03:04:07.123456Z',
];
const ODD_BODIES = [
  '',
  'null',
  '[]',
  '{',
  '{}',
  '"x"',
  '{"metadata":null}',
  '{"spec":[]}',
  '{"kind":"Pod"}',
  '{"spec":{"x":1}}',
];

export type Random = () => number;

/** mulberry32: small, and the same on every machine. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class Operations {
  private readonly random: Random;

  constructor(seed: number) {
    this.random = seeded(seed);
  }

  next(): RequestStep {
    const name = this.one(NAMES);
    const step = this.request(name);
    const writer = this.one(WRITERS);
    return { ...step, headers: { 'user-agent': `${writer}/1`, ...step.headers } };
  }

  private request(name: string): RequestStep {
    const at = `${LEASES}/${name}`;
    return this.weighted<RequestStep>([
      [4, () => get(at, { as: `read-${name}` })],
      [2, () => get(LEASES + this.listQuery())],
      [5, () => post(LEASES + this.query(), this.object(name))],
      [4, () => put(at + this.query(), edit(`read-${name}`, this.changes()))],
      [4, () => put(at + this.query(), this.object(name))],
      [5, () => mergePatch(at + this.query(), this.patch())],
      [3, () => strategicPatch(at + this.query(), this.patch())],
      [3, () => jsonPatch(at + this.query(), this.jsonPatch())],
      [3, () => del(at + this.some(0.2, '?dryRun=All'), this.deletion(name))],
      [0.3, () => del(`${LEASES}?labelSelector=app%3D${this.one(['x', 'y'])}`)],
      [1, () => this.nonsense(name)],
    ]);
  }

  private nonsense(name: string): RequestStep {
    const body = this.one(ODD_BODIES);
    const at = `${LEASES}/${name}`;
    const send = this.one([
      () => post(LEASES, body),
      () => put(at, body),
      () => mergePatch(at, body),
      () => strategicPatch(at, body),
      () => jsonPatch(at, body),
    ]);
    return send();
  }

  private object(name: string): JsonObject {
    return {
      ...this.maybe(0.7, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }),
      metadata: { name: this.random() < 0.03 ? 'other' : name, ...this.metadata(), ...this.identity(name) },
      ...this.maybe(0.9, { spec: this.spec(0.05) }),
    };
  }

  private changes(): JsonObject {
    return {
      ...this.maybe(0.8, { spec: this.spec(0.25) }),
      ...this.maybe(0.4, { metadata: { ...this.metadata(), ...this.maybe(0.2, { managedFields: null }) } }),
    };
  }

  private patch(): JsonObject {
    const name = this.one(NAMES);
    return {
      ...this.maybe(0.8, { spec: this.spec(0.25) }),
      ...this.maybe(0.5, { metadata: { ...this.metadata(), ...this.maybe(0.4, this.identity(name)) } }),
    };
  }

  private jsonPatch(): Json {
    const paths = [
      '/spec/holderIdentity',
      '/spec/leaseTransitions',
      '/spec/renewTime',
      '/metadata/labels/app',
      '/metadata/finalizers',
    ];
    const values: Json[] = ['y', 3, TIMES[0] ?? '', 'x', null, ['f.example/one']];
    const length = 1 + Math.floor(this.random() * 3);
    return Array.from({ length }, (): Json => {
      const path = this.one(paths);
      const value = this.random() < 0.8 ? (values[paths.indexOf(path)] ?? null) : this.one(values);
      return { op: this.one(['add', 'replace', 'replace', 'remove', 'test']), path, value };
    });
  }

  private spec(nulls: number): JsonObject {
    const field = (name: string, values: Json[]) =>
      this.maybe(0.4, { [name]: this.random() < nulls ? null : this.one(values) });
    return {
      ...field('holderIdentity', ['x', 'y', '', 'ä<&']),
      ...field('leaseDurationSeconds', [15, 15, 30, 1, this.rarely(0, 15), this.rarely('x', 15)]),
      ...field('leaseTransitions', [0, 1, 2, this.rarely(-1, 3)]),
      ...field('renewTime', [
        ...TIMES,
        this.rarely('2026-01-02T03:04:05Z', TIMES[0] ?? ''),
        '0001-01-01T00:00:00.000000Z',
      ]),
      ...field('acquireTime', TIMES),
      ...this.maybe(0.03, { nonsense: 1 }),
    };
  }

  private metadata(): JsonObject {
    return {
      ...this.maybe(0.3, {
        labels: this.one<Json>([
          { app: 'x' },
          { app: 'y' },
          { app: 'x', tier: '1' },
          {},
          null,
          this.rarely({ app: 'a b' }, {}),
        ]),
      }),
      ...this.maybe(0.2, { annotations: this.one<Json>([{ n: '1' }, { n: '2', m: '3' }, null]) }),
      ...this.maybe(0.12, {
        finalizers: this.one<Json>([['f.example/one'], ['f.example/one', 'f.example/two'], [], [], null, null]),
      }),
    };
  }

  private identity(name: string): JsonObject {
    return {
      ...this.maybe(0.5, {
        resourceVersion: this.one<Json>([
          `{{rv:${name}}}`,
          `{{rv:${name}}}`,
          `{{rv:${name}}}`,
          `{{oldrv:${name}}}`,
          '0',
          '',
          null,
          '1',
          'abc',
        ]),
      }),
      ...this.maybe(0.2, {
        uid: this.one<Json>([`{{uid:${name}}}`, `{{uid:${name}}}`, `{{olduid:${name}}}`, NO_UID, '', null]),
      }),
    };
  }

  private deletion(name: string): JsonObject | undefined {
    if (this.random() < 0.5) return undefined;
    const preconditions = {
      ...this.maybe(0.5, { uid: this.one([`{{uid:${name}}}`, `{{uid:${name}}}`, `{{olduid:${name}}}`, '']) }),
      ...this.maybe(0.5, { resourceVersion: this.one([`{{rv:${name}}}`, `{{rv:${name}}}`, `{{oldrv:${name}}}`]) }),
    };
    return {
      preconditions,
      ...this.maybe(0.2, { dryRun: ['All'] }),
      ...this.maybe(0.1, { propagationPolicy: 'Foreground' }),
    };
  }

  private query(): string {
    const parts = [
      ...(this.random() < 0.15 ? ['dryRun=All'] : []),
      ...(this.random() < 0.15 ? [`fieldValidation=${this.one(['Strict', 'Ignore', 'Warn', 'Other'])}`] : []),
      ...(this.random() < 0.15 ? [`fieldManager=${this.one(['manager', 'one'])}`] : []),
    ];
    return parts.length === 0 ? '' : `?${parts.join('&')}`;
  }

  private listQuery(): string {
    return this.one([
      '',
      '',
      '?limit=2',
      '?labelSelector=app%3Dx',
      '?labelSelector=!app',
      '?fieldSelector=metadata.name%3Da',
      '?limit=1&labelSelector=app',
    ]);
  }

  private one<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)] as T;
  }

  private maybe(probability: number, fields: JsonObject): JsonObject {
    return this.random() < probability ? fields : {};
  }

  private some(probability: number, text: string): string {
    return this.random() < probability ? text : '';
  }

  private rarely(odd: Json, usual: Json): Json {
    return this.random() < 0.3 ? odd : usual;
  }

  private weighted<T>(choices: [number, () => T][]): T {
    let left = this.random() * choices.reduce((sum, [weight]) => sum + weight, 0);
    const chosen = choices.find(([weight]) => {
      left -= weight;
      return left < 0;
    });
    return (chosen as (typeof choices)[number])[1]();
  }
}
