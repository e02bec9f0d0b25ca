/** Events, LeaseCandidates and access reviews, as operations need them. */
import type { Answer, CallOptions, LeaseRef } from '../../lease/api.js';
import type { AccessPort, CandidatePort, EventFacts, EventPort } from '../../operations/ports.js';
import type { Transport } from '../http/transport.js';
import { type Json, listOf, objectOf, readAs, segment, textOf, timeOf } from './ports-read.js';

export function createEventPort(transport: Transport): EventPort {
  return {
    about: async ({ namespace, name }: LeaseRef, options: CallOptions = {}) => {
      const answer = await transport.json({
        ...options,
        method: 'GET',
        path: `/api/v1/namespaces/${segment(namespace)}/events`,
        query: { fieldSelector: `involvedObject.kind=Lease,involvedObject.name=${name}` },
        target: { verb: 'list', resource: 'events', namespace },
      });
      return readAs(answer, ({ items }) => listOf(items).map(eventFacts).sort(byTime), 'a list of Events');
    },
  };
}

function eventFacts(event: Json): EventFacts {
  const series = objectOf(event.series);
  const at = timeOf(event.lastTimestamp) ?? timeOf(series.lastObservedTime) ?? timeOf(event.eventTime);
  return {
    at,
    reason: textOf(event.reason) ?? '',
    message: textOf(event.message) ?? textOf(event.note) ?? '',
    count: typeof event.count === 'number' ? event.count : 1,
  };
}

const byTime = (a: EventFacts, b: EventFacts): number => {
  const [x, y] = [a.at ?? 0n, b.at ?? 0n];
  return x < y ? -1 : x > y ? 1 : 0;
};

/** Newest first: servers drop the older ones in time. */
const CANDIDATE_VERSIONS = ['v1beta1', 'v1alpha2'];

export function createCandidatePort(transport: Transport): CandidatePort {
  return {
    of: async ({ namespace, name }: LeaseRef, options: CallOptions = {}) => {
      let last: Answer<string[]> | undefined;
      for (const version of CANDIDATE_VERSIONS) {
        const answer = await transport.json({
          ...options,
          method: 'GET',
          path: `/apis/coordination.k8s.io/${version}/namespaces/${segment(namespace)}/leasecandidates`,
          target: { verb: 'list', resource: 'leasecandidates', namespace },
        });
        last = readAs(answer, ({ items }) => namesOf(listOf(items), name), 'a list of LeaseCandidates');
        if (last.ok || last.failure.kind !== 'not-found') return last;
      }
      return last as Answer<string[]>;
    },
  };
}

function namesOf(items: readonly Json[], lease: string): string[] {
  const ours = items.filter((item) => objectOf(item.spec).leaseName === lease);
  return ours.map((item) => textOf(objectOf(item.metadata).name)).filter((name) => name !== null);
}

export function createAccessPort(transport: Transport): AccessPort {
  return {
    may: async (what, options: CallOptions = {}) => {
      const resourceAttributes = Object.fromEntries(Object.entries(what).filter(([, value]) => value !== undefined));
      const body = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes },
      };
      const answer = await transport.json({
        ...options,
        method: 'POST',
        path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
        body,
        target: { verb: 'create', resource: 'selfsubjectaccessreviews' },
      });
      const allowed = ({ status }: Json) => {
        const said = objectOf(status).allowed;
        return typeof said === 'boolean' ? said : null;
      };
      return readAs(answer, allowed, 'an access review');
    },
  };
}
