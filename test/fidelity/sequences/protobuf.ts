/** Bodies as Go's typed clients write them; answers are asked for in JSON. */
import { PROTOBUF_TYPE } from '../protobuf-body.js';
import {
  del,
  edit,
  get,
  type JsonObject,
  LATER,
  LEASES,
  lease,
  NO_UID,
  post,
  put,
  type Sequence,
  TIME,
} from '../sequence.js';

const asLease = { protobuf: 'Lease' } as const;
const asOptions = { protobuf: 'DeleteOptions' } as const;
const raw = { latin1: true, headers: { 'content-type': PROTOBUF_TYPE } } as const;
const envelope = (text: string): string => `k8s\0${text}`;

const full = {
  holderIdentity: 'x',
  leaseDurationSeconds: 15,
  acquireTime: TIME,
  renewTime: LATER,
  leaseTransitions: 3,
};
const owner = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: 'o',
  uid: NO_UID,
  controller: true,
  blockOwnerDeletion: false,
};

export const protobuf: Sequence[] = [
  {
    name: 'an elector of Go: create, renew, release',
    timed: true,
    steps: [
      post(LEASES, lease('a', full), asLease),
      put(
        `${LEASES}/a`,
        lease('a', { ...full, renewTime: '2026-01-02T03:04:25.654321987Z' }, { resourceVersion: '{{rv:a}}' }),
        asLease,
      ),
      put(`${LEASES}/a`, lease('a', full, { resourceVersion: '{{oldrv:a}}' }), asLease),
      put(
        `${LEASES}/a`,
        lease(
          'a',
          { holderIdentity: '', leaseDurationSeconds: 1, acquireTime: TIME, renewTime: TIME, leaseTransitions: 0 },
          { resourceVersion: '{{rv:a}}', uid: '{{uid:a}}' },
        ),
        asLease,
      ),
      get(`${LEASES}/a`),
    ],
  },
  {
    name: 'all of metadata comes through',
    timed: true,
    steps: [
      post(
        LEASES,
        lease('a', full, {
          labels: { a: 'b', c: '' },
          annotations: { 'x/y': 'é\n' },
          finalizers: ['a.b/c', 'a.b/d'],
          ownerReferences: [owner],
        }),
        { ...asLease, as: 'made' },
      ),
      put(`${LEASES}/a`, edit('made', { spec: { holderIdentity: 'y' } as JsonObject }), asLease),
      put(
        `${LEASES}/a`,
        lease('a', full, {
          resourceVersion: '{{rv:a}}',
          managedFields: [
            {
              manager: 'm',
              operation: 'Update',
              apiVersion: 'coordination.k8s.io/v1',
              time: '2026-01-02T03:04:05Z',
              fieldsType: 'FieldsV1',
              fieldsV1: { 'f:spec': { 'f:holderIdentity': {} } },
            },
          ],
        }),
        asLease,
      ),
    ],
  },
  {
    name: 'what is refused',
    steps: [
      post(LEASES, lease('a', { leaseDurationSeconds: -1 }), asLease),
      post(LEASES, lease('a', { leaseDurationSeconds: 0, leaseTransitions: -2147483648 }), asLease),
      post(LEASES, lease(''), asLease),
      post(LEASES, { ...lease('a'), kind: 'Leash' }, asLease),
      post(LEASES, { metadata: { name: 'untyped' } }, asLease),
      post(LEASES, '{}', raw),
      post(LEASES, 'k8s', raw),
      post(LEASES, envelope(''), raw),
      post(LEASES, envelope('\x12\x05\x0a\x03\x0a\x01b'), raw),
      // The holder as a number; a message that ends too early; a wire type of nothing.
      post(LEASES, envelope('\x12\x04\x12\x02\x08\x01'), raw),
      post(LEASES, envelope('\x12\x02\x0a\x7f'), raw),
      post(LEASES, envelope('\x12\x01\x0f'), raw),
      post(LEASES, envelope('\x12\x7f'), raw),
      del(`${LEASES}/b`, 'k8s', raw),
      del(`${LEASES}/b`, envelope('\x12\x02\x0a\x7f'), raw),
      post(LEASES, lease('typed'), { headers: { 'content-type': PROTOBUF_TYPE } }),
    ],
  },
  {
    name: 'delete options',
    steps: [
      post(LEASES, lease('a'), asLease),
      del(`${LEASES}/a`, { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid: NO_UID } }, asOptions),
      del(
        `${LEASES}/a`,
        { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { resourceVersion: '1' } },
        asOptions,
      ),
      del(`${LEASES}/a`, { apiVersion: 'v1', kind: 'DeleteOptions', dryRun: ['All'] }, asOptions),
      del(
        `${LEASES}/a`,
        {
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'DeleteOptions',
          propagationPolicy: 'Background',
          preconditions: { uid: '{{uid:a}}' },
        },
        asOptions,
      ),
      get(`${LEASES}/a`),
    ],
  },
];
