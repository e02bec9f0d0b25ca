/** What an operation did and saw, one by one, each with the server's time. Wording is in view/text/plan.ts. */
import type { ApiFailure } from '../../lease/api.js';
import { formatMicroTime } from '../../lease/micro-time.js';
import { type LeaseView, serverTimeAt } from '../lease-view.js';

export type StepFacts =
  | { step: 'measured'; renewPeriodMs: number; gaps: number; offsetMs: number }
  | { step: 'fenced'; holder: string; leaseDurationSeconds: number; stopWaitMs: number }
  | { step: 'taken-by-kle'; holder: string; leaseDurationSeconds: number; stopWaitMs: number }
  /** Once for each new length of the trouble, not for each try. */
  | { step: 'renewal-failed'; failure: ApiFailure }
  | { step: 'stopped-notice' }
  | { step: 'pod-ended'; pod: string; how: 'containers-terminated' | 'evicted' }
  | { step: 'stop-wait-over'; waitedMs: number }
  | { step: 'emptied-by-others' }
  | { step: 'freed' }
  | { step: 'left'; holder: string }
  | { step: 'handed'; to: string }
  | { step: 'not-adopted'; to: string }
  | { step: 'put-back'; holder: string }
  | { step: 'cleared' }
  | { step: 'evicted'; pod: string }
  | { step: 'preferred'; to: string }
  | { step: 'shifted'; from: string; to: string }
  | { step: 'unshifted'; to: string }
  | { step: 'shift-undone-by-holder' }
  | { step: 'holder-late'; byMs: number }
  | { step: 'acquired'; holder: string; leaderlessMs: number | null }
  | { step: 'changed-by-others'; holder: string | null }
  | { step: 'deleted' }
  | { step: 'watch-down'; failure: ApiFailure }
  | { step: 'incumbent-event'; reason: string; message: string }
  | { step: 'interrupted' };

/** `at`: RFC 3339, the server's clock; null while that is not known. */
export type Step = StepFacts & { at: string | null };

/** Reports a step, as of now or of a monotonic moment. */
export function tell(view: LeaseView, facts: StepFacts, atMs = view.nowMs): void {
  const at = serverTimeAt(view, atMs);
  view.emit({ do: 'tell', step: { ...facts, at: at === null ? null : formatMicroTime(at) } });
}
