/** The verbs of the live screen: the commands themselves, run in it. What they would write and ask goes to its panel. */
import { readOperation } from '../lease/operation.js';
import type { Output } from '../platform/io.js';
import type { LeaseVerb, RunningVerb, Tone, VerbTalk, VerbTarget } from '../tui/verbs.js';
import { safe } from '../view/safe.js';
import type { Cluster, Context } from './context.js';
import { Interrupted } from './errors.js';
import { EXIT } from './exit-codes.js';

/** What the screen leaves behind when it is gone. */
export interface ScreenOutcome {
  /** Of a verb that was interrupted by leaving, or that left something changed; null: that of the screen itself. */
  code: number | null;
  /** What such a verb said since it was interrupted. */
  lines: string[];
}

interface Wanted {
  /** The words of the command; null: nothing is to be done, which has been said. */
  words: string[] | null;
}

type Ask = (target: VerbTarget, talk: VerbTalk) => Promise<Wanted>;

/** `endNow`: takes the screen away and ends the process. */
export function screenVerbs(
  cluster: Cluster,
  context: Context,
  endNow: (code: number) => void,
): { verbs: LeaseVerb[]; outcome: ScreenOutcome } {
  const outcome: ScreenOutcome = { code: null, lines: [] };
  const verb = (key: string, label: string, does: string, ask: Ask): LeaseVerb => ({
    key,
    label,
    does,
    start: (target, talk) => new ScreenVerb(target, talk, ask, { cluster, context, endNow, outcome }),
  });
  return {
    outcome,
    verbs: [
      verb('r', 'release', 'release: make the holder step down, without two leaders', async () => ({
        words: ['release'],
      })),
      verb('s', 'steal', 'steal: take it, keep it for a while, see what its holder does', askSteal),
      verb('k', 'skew', 'skew: shift renewTime, as a wrong clock would; who is fooled?', askSkew),
      verb('u', 'undo', 'undo: put back what a verb of kle has left on this Lease', askUndo),
    ],
  };
}

/** What was typed last stands there the next time. */
const typed = { hold: '30s', by: '-1h', shiftFor: '20s' };

const askSteal: Ask = async (_, talk) => {
  const hold = await talk.ask('Keep it for (empty: until Esc): ', typed.hold);
  if (hold === null) return { words: null };
  typed.hold = hold.trim();
  return { words: ['steal', ...(typed.hold === '' ? [] : [`--hold=${typed.hold}`])] };
};

const askSkew: Ask = async (_, talk) => {
  const by = await talk.ask('Shift renewTime by (such as -1h or +30s): ', typed.by);
  if (by === null) return { words: null };
  typed.by = by.trim();
  const hold = await talk.ask('Shift each renewal for (empty: one renewal): ', typed.shiftFor);
  if (hold === null) return { words: null };
  typed.shiftFor = hold.trim();
  return {
    words: ['skew', `--by=${typed.by}`, ...(typed.shiftFor === '' ? [] : [`--hold=${typed.shiftFor}`])],
  };
};

const askUndo: Ask = async ({ record }, talk) => {
  const mark = record && readOperation(record.annotations);
  if (mark) return { words: ['undo', mark.id] };
  talk.say('nothing to undo: no verb of kle has left its mark on this Lease', 'plain');
  talk.say('  `kle undo --list` shows what was interrupted on this machine', 'plain');
  return { words: null };
};

interface Surroundings {
  cluster: Cluster;
  context: Context;
  endNow: (code: number) => void;
  outcome: ScreenOutcome;
}

class ScreenVerb implements RunningVerb {
  readonly over: Promise<string>;
  readonly #around: Surroundings;
  readonly #talk: VerbTalk;
  readonly #interrupt = new AbortController();
  readonly #insisted = new Set<() => void>();

  constructor(target: VerbTarget, talk: VerbTalk, ask: Ask, around: Surroundings) {
    this.#around = around;
    this.#talk = talk;
    this.over = this.#run(target, ask);
  }

  interrupt(): void {
    const { signal } = this.#around.context;
    if (this.#interrupt.signal.aborted) for (const fn of [...this.#insisted]) fn();
    else this.#interrupt.abort(signal.aborted ? signal.reason : new Interrupted('SIGINT'));
  }

  async #run(target: VerbTarget, ask: Ask): Promise<string> {
    const { context, outcome } = this.#around;
    const { words } = await ask(target, this.#talk);
    if (words === null) return 'nothing was done';
    const { namespace, name } = target.ref;
    const lease = words[0] === 'undo' ? [] : [name];
    const code = await context.run([...words, ...lease, `--namespace=${namespace}`], this.#context(namespace));
    if (code === EXIT.leftChanged || (this.#interrupt.signal.aborted && outcome.code !== EXIT.leftChanged))
      outcome.code = code;
    return code === EXIT.ok ? 'done' : `over, exit code ${code}`;
  }

  /** As the commands know it, with the screen in the place of the shell. */
  #context(namespace: string): Context {
    const { cluster, context } = this.#around;
    const { signal } = this.#interrupt;
    const talk = this.#talk;
    return {
      ...context,
      signal,
      io: { env: context.io.env, stdout: this.#output('result'), stderr: this.#output('plain') },
      say: (text) => this.#say(text, 'plain'),
      warn: async (text) => this.#say(`warning: ${text}`, 'warning'),
      // The connection that the screen has: its rights, its clock, no second login.
      cluster: async () => ({ ...cluster, connection: { ...cluster.connection, namespace } }),
      talk: {
        canAsk: () => true,
        ask: async (question) => {
          const answer = await talk.ask(question, '');
          signal.throwIfAborted();
          return answer;
        },
        progress: () => ({ show: (text) => talk.passing(text), clear: () => talk.passing(null) }),
        onInsist: (fn) => {
          this.#insisted.add(fn);
          const off = context.talk.onInsist(fn);
          return () => {
            this.#insisted.delete(fn);
            off();
          };
        },
        endNow: (code) => this.#around.endNow(code),
      },
    };
  }

  #say(text: string, tone: Tone): void {
    this.#talk.say(text, tone);
    if (this.#interrupt.signal.aborted) this.#around.outcome.lines.push(safe(text));
  }

  /** Whole lines, without the name of the program that a shell wants to see. */
  #output(tone: Tone): Output {
    return {
      isTerminal: false,
      columns: undefined,
      write: (text) => {
        for (const line of text.replace(/\n$/, '').split('\n')) this.#say(line.replace(/^kle: /, ''), tone);
      },
    };
  }
}
