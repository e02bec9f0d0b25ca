/** Runs one verb at a time: what it says goes into the panel, what is answered goes to it. */
import { safe } from '../view/safe.js';
import type { PanelAction } from './panel.js';
import type { ScreenAction } from './state.js';
import type { LeaseVerb, RunningVerb, VerbTarget } from './verbs.js';

export class VerbDesk {
  readonly #act: (action: ScreenAction) => void;
  #running: RunningVerb | null = null;
  #over: Promise<void> = Promise.resolve();
  #interrupted = false;
  #reply: ((answer: string | null) => void) | null = null;

  constructor(act: (action: ScreenAction) => void) {
    this.#act = act;
  }

  get busy(): boolean {
    return this.#running !== null;
  }

  /** Resolves when nothing runs any more. */
  get over(): Promise<void> {
    return this.#over;
  }

  begin(verb: LeaseVerb, target: VerbTarget): void {
    if (this.#running) return;
    const { namespace, name } = target.ref;
    const title = `${verb.label.toUpperCase()} ${safe(namespace)}/${safe(name)}`;
    this.#interrupted = false;
    this.#act({ type: 'begin', key: `${namespace}/${name}`, verb: verb.key, title });
    this.#running = verb.start(target, {
      say: (text, tone) => this.#panel({ type: 'say', text, tone }),
      passing: (text) => this.#panel({ type: 'passing', text }),
      ask: (question, given) => this.#ask(question, given),
    });
    this.#over = this.#running.over.then((end) => {
      this.#running = null;
      this.#panel({ type: 'over', end });
    });
  }

  /** Null: the person will not say. */
  answer(text: string | null): void {
    const reply = this.#reply;
    this.#reply = null;
    this.#panel({ type: 'answered' });
    reply?.(text);
  }

  interrupt(): void {
    if (!this.#running) return;
    const again = this.#interrupted;
    this.#interrupted = true;
    if (!again) this.#panel({ type: 'ending' });
    const reply = this.#reply;
    this.#reply = null;
    this.#running.interrupt();
    reply?.(null);
  }

  #ask(question: string, given: string): Promise<string | null> {
    // Nobody answers after an interruption.
    if (this.#interrupted) return Promise.resolve(null);
    this.#panel({ type: 'ask', question, given });
    return new Promise((resolve) => {
      this.#reply = resolve;
    });
  }

  #panel(action: PanelAction): void {
    this.#act({ type: 'panel', action });
  }
}
