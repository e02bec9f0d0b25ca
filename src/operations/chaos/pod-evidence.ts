/**
 * Whether the incumbent's own Pod has ended, seen by us: one of the two things beside its own word that cut a stop wait
 * short (STEP-DOWN, release 3). Running after the fence first, then all the same containers ended on a node that is Ready.
 */
import type { LeaseRecord } from '../../lease/record.js';
import type { LeaseView } from '../lease-view.js';
import type { PodFacts } from '../ports.js';
import type { Lookout } from './keep.js';
import type { Question } from './procedure.js';
import { tell } from './steps.js';

const LOOK_EVERY_MS = 1_000;

/** The Pod's name as an identity has it: whole, or the part before `_`, as controller-runtime writes it. */
export function podNamesOf(identity: string): string[] {
  const at = identity.lastIndexOf('_');
  return at > 0 ? [identity, identity.slice(0, at)] : [identity];
}

/**
 * The Pods that the identity can mean: in the Lease's namespace, not on the host's network (there a hostname is the
 * node's), started before that holder first appeared. `offsetMs` corrects the holder's acquireTime.
 */
export function podsOf(pods: readonly PodFacts[], record: LeaseRecord, offsetMs: number): PodFacts[] {
  const names = podNamesOf(record.holder ?? '');
  const appeared = record.acquireTime === null ? null : record.acquireTime - BigInt(Math.round(offsetMs)) * 1000n;
  // Kubelet stamps whole seconds.
  const slack = 1_000_000n;
  return pods.filter((pod) => {
    if (!names.includes(pod.name) || pod.hostNetwork) return false;
    return appeared === null || (pod.startedAt !== null && pod.startedAt <= appeared + slack);
  });
}

export class PodEvidence implements Lookout {
  /** The Pod is known to have ended. */
  proof = false;
  readonly #pod: { namespace: string; name: string; uid: string; nodeName: string | null };
  /** Container ids seen running after the fence; null: not yet. */
  #running: string[] | null = null;
  #deleting = false;
  #asked: number | null = null;
  #nextMs: number;
  #node = false;
  /** The port refused or failed for good. */
  #over = false;

  /** `nowMs`: after the fence was seen. */
  constructor(pod: PodFacts, nowMs: number) {
    this.#pod = pod;
    this.#nextMs = nowMs;
  }

  /** When it wants to look again. */
  nextMs(): number | null {
    return this.#asked !== null || this.#over || this.proof ? null : this.#nextMs;
  }

  ask(view: LeaseView): void {
    if (this.#asked !== null || this.#over || this.proof || view.nowMs < this.#nextMs) return;
    this.#asked = view.newId();
    const { namespace, name, nodeName } = this.#pod;
    const question: Question =
      this.#node && nodeName !== null
        ? { ask: 'node-ready', name: nodeName }
        : { ask: 'pod', ref: { namespace, name } };
    view.emit({ do: 'ask', id: this.#asked, question });
  }

  take(view: LeaseView): void {
    const told = this.#asked === null ? undefined : view.answerTo(this.#asked);
    if (!told) return;
    this.#asked = null;
    this.#nextMs = view.nowMs + LOOK_EVERY_MS;
    if (told.ask === 'node-ready') {
      this.#node = false;
      if (told.answer.ok && told.answer.value) this.#prove(view, 'containers-terminated');
      else if (!told.answer.ok && told.answer.failure.kind === 'forbidden') this.#over = true;
    } else if (told.ask === 'pod') {
      if (told.answer.ok) this.#see(view, told.answer.value);
      else if (told.answer.failure.kind === 'not-found') this.#gone(view);
      else if (told.answer.failure.kind === 'forbidden') this.#over = true;
    }
  }

  #see(view: LeaseView, pod: PodFacts): void {
    if (pod.uid !== this.#pod.uid) {
      this.#gone(view);
      return;
    }
    if (pod.deleting) this.#deleting = true;
    const running = pod.containers.filter((one) => one.state === 'running' && one.id !== null);
    if (this.#running === null) {
      if (pod.phase === 'Running' && running.length > 0) this.#running = running.map((one) => one.id ?? '');
      return;
    }
    const ended = new Set(pod.containers.flatMap((one) => one.endedIds));
    if (this.#running.every((id) => ended.has(id)) && pod.nodeName !== null) {
      // Only a node that answers can know.
      this.#node = true;
      this.#nextMs = view.nowMs;
    }
  }

  /** A Pod with time to end gracefully leaves the API once kubelet has seen its containers end. */
  #gone(view: LeaseView): void {
    if (this.#deleting && this.#running !== null) this.#prove(view, 'evicted');
    else this.#over = true;
  }

  #prove(view: LeaseView, how: 'containers-terminated' | 'evicted'): void {
    this.proof = true;
    tell(view, { step: 'pod-ended', pod: this.#pod.name, how });
  }
}
