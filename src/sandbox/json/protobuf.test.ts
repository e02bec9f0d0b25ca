import fc from 'fast-check';
import { expect, it } from 'vitest';
import { protobufBody } from '../../../test/fidelity/protobuf-body.js';
import { leaseMessage } from '../schema/messages.js';
import { ProtobufError, readEnvelope } from './protobuf.js';

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const text = fc.string({ unit: 'binary' }).filter((one) => one.isWellFormed());
const time = fc
  .date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9999-12-30T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString().replace('Z', '123Z'));
const lease = fc.record({
  apiVersion: fc.constant('coordination.k8s.io/v1'),
  kind: fc.constant('Lease'),
  metadata: fc.record(
    {
      name: text,
      resourceVersion: text,
      generation: fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
      annotations: fc.dictionary(text, text, { minKeys: 1 }).map((map) => ({ ...map })),
      finalizers: fc.array(text, { minLength: 1 }),
      ownerReferences: fc.array(fc.record({ uid: text, controller: fc.boolean() }), { minLength: 1 }),
    },
    { requiredKeys: [] },
  ),
  spec: fc.record(
    { holderIdentity: text, leaseDurationSeconds: int32, renewTime: time, leaseTransitions: int32 },
    { requiredKeys: [] },
  ),
});

it('reads every Lease as it was written', () => {
  fc.assert(
    fc.property(lease, (object) => {
      expect(readEnvelope(protobufBody('Lease', object), leaseMessage)).toEqual(object);
    }),
  );
});

it('refuses a time of no year', () => {
  // 2^62 seconds, as acquireTime.
  const body = Buffer.concat([Buffer.from('k8s\0'), Buffer.from('120e120c1a0a08808080808080808040', 'hex')]);
  expect(() => readEnvelope(body, leaseMessage)).toThrow('time out of range: 4611686018427387904 s');
});

it('refuses what it cannot read, whatever it is', () => {
  const broken = fc
    .tuple(lease, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 40 }))
    .map(([object, at, bytes]) => {
      const body = protobufBody('Lease', object);
      const from = 4 + (at % (body.length - 4));
      return Buffer.concat([body.subarray(0, from), bytes, body.subarray(from + bytes.length)]);
    });
  fc.assert(
    fc.property(broken, (body) => {
      try {
        readEnvelope(body, leaseMessage);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtobufError);
      }
    }),
    { numRuns: 2000 },
  );
});
