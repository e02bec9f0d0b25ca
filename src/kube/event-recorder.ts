/** Core Events about a Lease, as client-go's electors record them: reason LeaderElection, "<id> became leader". */

import type { ApiFailure } from '../lease/api.js';
import { formatMicroTime, type Micros } from '../lease/micro-time.js';
import { randomText } from '../platform/random.js';
import type { Transport } from './http/transport.js';

export interface EventRecorder {
  /** Sends one Event in the background; a failure is told once and ends nothing. `uid`: of the Lease. */
  record(uid: string, message: string): void;
  /** Resolves when no Event is under way. Whoever ends the process waits for it, or the last one never leaves. */
  sent(): Promise<void>;
}

export interface EventSubject {
  namespace: string;
  lease: string;
  identity: string;
}

export function createEventRecorder(
  transport: Transport,
  subject: EventSubject,
  now: () => Micros,
  onFailure: (failure: ApiFailure) => void,
): EventRecorder {
  let told = false;
  let underWay: Promise<unknown> = Promise.resolve();
  const { namespace } = subject;
  return {
    record: (uid, message) => {
      const call = transport.json({
        method: 'POST',
        path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`,
        body: eventOf(subject, uid, message, now()),
        target: { verb: 'create', resource: 'events', namespace },
      });
      const answered = call.then((answer) => {
        if (answer.ok || told) return;
        told = true;
        onFailure(answer.failure);
      });
      underWay = Promise.all([underWay, answered]);
    },
    sent: async () => void (await underWay),
  };
}

function eventOf({ namespace, lease, identity }: EventSubject, uid: string, message: string, now: Micros) {
  const time = formatMicroTime(now).replace(/\.\d{6}Z$/, 'Z');
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { namespace, name: `${lease}.${randomText(16)}` },
    involvedObject: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace, name: lease, uid },
    reason: 'LeaderElection',
    message,
    type: 'Normal',
    count: 1,
    firstTimestamp: time,
    lastTimestamp: time,
    source: { component: identity },
  };
}
