/** What the chaos verbs need beside LeaseApi. Types only: `kube/ports-*.ts` and `platform/journal.ts` implement them. */
import type { Answer, CallOptions, LeaseApi, LeaseRef } from '../lease/api.js';
import type { Micros } from '../lease/micro-time.js';
import type { OperationVerb, PreviousSpec } from '../lease/operation.js';
import type { Clock } from '../platform/clock.js';

export interface ContainerFacts {
  name: string;
  /** The runtime's id of the container that is (or was last) there; null before the first start. */
  id: string | null;
  state: 'running' | 'terminated' | 'waiting';
  /** Ids of containers of this name that are known to have ended. */
  endedIds: string[];
  startedAt: Micros | null;
}

export interface PodFacts {
  namespace: string;
  name: string;
  uid: string;
  nodeName: string | null;
  hostNetwork: boolean;
  /** A static Pod's shadow: the API cannot evict it. */
  mirror: boolean;
  phase: string;
  startedAt: Micros | null;
  /** The uid of the controller that made it; null without one. */
  controllerUid: string | null;
  /** Being deleted. */
  deleting: boolean;
  containers: ContainerFacts[];
}

export interface PodPort {
  list(namespace: string, options?: CallOptions): Promise<Answer<PodFacts[]>>;
  get(ref: LeaseRef, options?: CallOptions): Promise<Answer<PodFacts>>;
  /** Whether the node says Ready: only then is what it says of its containers news. */
  nodeReady(name: string, options?: CallOptions): Promise<Answer<boolean>>;
  /** Respects disruption budgets (429 when one forbids it); the uid is a precondition. */
  evict(pod: { namespace: string; name: string; uid: string }, options?: CallOptions): Promise<Answer<undefined>>;
}

export interface EventFacts {
  at: Micros | null;
  reason: string;
  message: string;
  count: number;
}

export interface EventPort {
  /** Events about this Lease, oldest first. */
  about(lease: LeaseRef, options?: CallOptions): Promise<Answer<EventFacts[]>>;
}

export interface CandidatePort {
  /** Names of the LeaseCandidates of a coordinated election (KEP-4355). */
  of(lease: LeaseRef, options?: CallOptions): Promise<Answer<string[]>>;
}

export interface AccessPort {
  /** SelfSubjectAccessReview. */
  may(
    what: { verb: string; resource: string; group: string; subresource?: string; namespace: string; name?: string },
    options?: CallOptions,
  ): Promise<Answer<boolean>>;
}

/** What an operation must leave on this machine before its first write, so that `undo` can put it back after a kill. */
export interface JournalOperation {
  id: string;
  verb: OperationVerb;
  lease: LeaseRef;
  uid: string;
  /** The holder that was written: `kle/<id>` or `--identity`. */
  holder: string;
  previous: PreviousSpec;
  renewPeriodMs: number;
  offsetMs: number;
  /** How long after the first write the incumbent must have stopped. */
  stopWaitMs: number;
  /** Somebody wrote its spec by server-side apply: kle's claim on it is dropped at the end. */
  appliers: boolean;
  /** `--lease-duration` of a skew, `--by` of a skew; null for the rest. */
  shift: { renewTimeMs: number } | { leaseDurationSeconds: number } | null;
}

/** A journal as `undo` reads it. */
export interface JournalEntry {
  operation: JournalOperation;
  server: string;
  context: string | null;
  /**
   * Is the process that wrote it alive? By pid, start time and boot id. Unknown is told as alive: an operation that runs
   * is not to be undone by mistake.
   */
  alive: boolean;
  /** Milliseconds since the last note before a taking PUT, at most, on the boot's own clock; null: another boot. */
  sentAgoMs: number | null;
}

export type JournalResult = { ok: true } | { ok: false; problem: string };

/** One file per operation, synced to disk at each call that says so. */
export interface JournalPort {
  /** Creates the file, exclusively and synced. Not ok: nothing may be written to the cluster. */
  begin(operation: JournalOperation): Promise<JournalResult>;
  /** A PUT that takes the Lease is about to be sent: the stop wait may be counted from here. Synced. */
  sending(id: string): Promise<JournalResult>;
  /** Nothing is left to undo. */
  settle(id: string): Promise<void>;
}

export interface JournalReader {
  entries(): Promise<JournalEntry[]>;
  settle(id: string): Promise<void>;
}

/** Everything an operation acts through. */
export interface OperationPorts {
  leases: LeaseApi;
  clock: Clock;
  /** Aborted: stop, and put back what was changed. */
  signal: AbortSignal;
  /** Null: `--no-journal`. */
  journal: JournalPort | null;
  /** Null: Pods are not looked at. */
  pods: PodPort | null;
  events: EventPort | null;
  candidates: CandidatePort | null;
  access: AccessPort | null;
  /** Ten of a–z and 0–9. */
  newId(): string;
  /** Longest time for one request, and for finding out what became of one whose answer was lost. */
  requestMs: number;
}
