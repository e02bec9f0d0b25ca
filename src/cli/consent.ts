/** Asking before a Lease is touched (DESIGN section 2, "Consent"). */
import { safe } from '../view/safe.js';
import type { Context } from './context.js';

/** `yes-no`: what puts nobody's work at risk. `name`: what does, or what breaks something on purpose. */
export type Consent = 'yes-no' | 'name';

/** Nobody can be asked and `--yes` was not given: exit code 3. */
export const NO_TERMINAL = {
  message: 'there is no terminal to ask on, so nothing was done',
  tries: ['add --yes to do it without being asked', '--dry-run shows what would be done'],
} as const;

export const someoneToAsk = (yes: boolean, { talk }: Pick<Context, 'talk'>): boolean => yes || talk.canAsk();

/** True: go on. Rejects with the interruption on Ctrl-C. */
export async function askConsent(kind: Consent, lease: string, { talk }: Pick<Context, 'talk'>): Promise<boolean> {
  const question = kind === 'yes-no' ? 'Go on? [y/N] ' : `Type the Lease's name (${safe(lease)}) to go on: `;
  const answer = await talk.ask(question);
  if (answer === null) return false;
  return kind === 'yes-no' ? /^(y|yes)$/i.test(answer.trim()) : answer.trim() === lease;
}
