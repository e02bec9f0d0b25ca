/** Runs the screen: events and keys in, frames out. Loaded only on a terminal, in a bundle of its own. */
import { render, useInput } from 'ink';
import type { ReactElement } from 'react';
import type { LeaseApi, LeaseRef } from '../lease/api.js';
import type { FollowEvent, Followed } from '../operations/follow/follow.js';
import type { HolderPod } from '../operations/follow/follow-around.js';
import type { Clock } from '../platform/clock.js';
import type { Terminal } from '../platform/terminal.js';
import { screenTheme } from '../view/screen-theme.js';
import { Feed } from './feed.js';
import { type KeyPress, meaningOf, pressesOf } from './keys.js';
import { modelOf, type ScreenModel } from './model.js';
import { Painter } from './paint.js';
import type { Guide } from './parts/guide.js';
import type { Place } from './parts/header.js';
import { indexOf, initialState, reduce, type ScreenAction, type ScreenState } from './state.js';
import { VerbDesk } from './verb-desk.js';
import type { LeaseVerb } from './verbs.js';
import { pageOf, Screen, type ScreenProps, visibleRows } from './view.js';

export interface ScreenOptions {
  terminal: Terminal;
  clock: Clock;
  leases: Pick<LeaseApi, 'serverTime'>;
  place: Place;
  /** The one Lease to show; null: all in scope. */
  lease: LeaseRef | null;
  colour: boolean;
  /** What can be done to a Lease. */
  verbs: readonly LeaseVerb[];
  /** Told above a Lease. */
  guide?: Guide | undefined;
  /** The user leaves, and no verb runs any more. */
  onQuit(): void;
  /** The screen broke: a bug. It shows nothing any more. */
  onError(error: unknown): void;
}

export interface LiveScreen {
  take(events: readonly FollowEvent[], followed: Followed): void;
  /** The Pod of the one Lease's holder. */
  showPod(pod: HolderPod | null): void;
  /** As if the user quit: what a verb has changed is put back first, then `onQuit` is called. A second time: at once. */
  leave(): void;
  /** Resolves when no verb runs. */
  idle(): Promise<void>;
  /** Takes the screen away. The terminal is left to the caller. */
  close(): void;
}

/** News are drawn so soon; renewals and passing time wait for the tick. */
const FRAME_MS = 100;
const TICK_ONE_MS = 500;
const TICK_MANY_MS = 1_000;

const CURSOR = /^\u001b\[\?25[hl]$/;

export function startScreen(options: ScreenOptions): LiveScreen {
  return new RunningScreen(options);
}

class RunningScreen implements LiveScreen {
  readonly #options: ScreenOptions;
  readonly #feed: Feed;
  readonly #theme: ScreenProps['theme'];
  readonly #ink: ReturnType<typeof render>;
  #state: ScreenState;
  #model: ScreenModel;
  readonly #painter = new Painter();
  #cancelFrame = () => {};
  #cancelDraw = () => {};
  #frameDueMs = Number.POSITIVE_INFINITY;
  #stopResize: () => void;
  #closed = false;
  readonly #desk = new VerbDesk((action) => this.#act(action));

  constructor(options: ScreenOptions) {
    const { terminal, lease, clock, leases } = options;
    this.#options = options;
    this.#feed = new Feed({ clock, leases });
    this.#theme = screenTheme(options.colour);
    this.#state = initialState(
      terminal.size(),
      lease && `${lease.namespace}/${lease.name}`,
      // Who is guided sees things happen within seconds.
      options.guide && 0,
    );
    this.#model = modelOf(this.#feed, this.#state.open);
    this.#stopResize = terminal.onResize(() => {
      this.#painter.forget();
      this.#act({ type: 'resize', size: terminal.size() });
    });
    this.#ink = render(this.#tree(), {
      stdin: terminal.stdin,
      stdout: this.#frames(),
      exitOnCtrlC: false,
      patchConsole: false,
      // Each frame whole and at once, as text: what of it is new to the terminal is for the painter to say.
      debug: true,
    });
    this.#ink.waitUntilExit().then(
      () => {},
      (error: unknown) => options.onError(error),
    );
    this.#frameWithin(TICK_ONE_MS);
  }

  take(events: readonly FollowEvent[], followed: Followed): void {
    if (this.#feed.take(events, followed)) this.#frameWithin(FRAME_MS);
  }

  showPod(pod: HolderPod | null): void {
    this.#feed.pod = pod;
    this.#frameWithin(FRAME_MS);
  }

  leave(): void {
    if (this.#desk.busy) this.#desk.interrupt();
    void this.#desk.over.then(() => this.#options.onQuit());
  }

  idle(): Promise<void> {
    return this.#desk.over;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelFrame();
    this.#cancelDraw();
    this.#stopResize();
    this.#ink.unmount();
  }

  readonly #onKey = (press: KeyPress): void => {
    const keys = visibleRows(this.#model.rows, this.#state.filter).map(({ key }) => key);
    const meaning = meaningOf(press, this.#state, { keys, page: pageOf(this.#state) }, this.#options.verbs);
    if (meaning === null) return;
    if (meaning.type === 'quit') this.leave();
    else if (meaning.type === 'verb') this.#begin(meaning.verb, keys);
    else if (meaning.type === 'answer')
      this.#desk.answer(meaning.given ? (this.#state.panel?.question?.answer ?? '') : null);
    else if (meaning.type === 'interrupt') this.#desk.interrupt();
    else this.#act(meaning);
  };

  #begin(verb: LeaseVerb, keys: readonly string[]): void {
    const key = this.#state.open ?? keys[indexOf(this.#state, keys)];
    if (key === undefined) return;
    const [namespace = '', name = ''] = key.split('/');
    this.#desk.begin(verb, { ref: { namespace, name }, record: this.#feed.followed?.leases.get(key)?.record ?? null });
  }

  #act(action: ScreenAction): void {
    const before = this.#state;
    this.#state = reduce(before, action);
    // A paused screen keeps its moment, unless it is asked for something that it does not have.
    if (this.#state.open !== before.open || (before.paused && !this.#state.paused)) this.#refresh();
    this.#drawSoon();
  }

  /** Draws what is new within that time, together with what comes meanwhile. */
  #frameWithin(ms: number): void {
    const { clock } = this.#options;
    const dueMs = clock.monoMs() + ms;
    if (this.#closed || dueMs >= this.#frameDueMs) return;
    this.#cancelFrame();
    this.#frameDueMs = dueMs;
    this.#cancelFrame = clock.timer(ms, () => {
      this.#frameDueMs = Number.POSITIVE_INFINITY;
      if (!this.#state.paused) {
        this.#refresh();
        this.#draw();
      }
      this.#frameWithin(this.#state.open === null ? TICK_MANY_MS : TICK_ONE_MS);
    });
  }

  #refresh(): void {
    this.#model = modelOf(this.#feed, this.#state.open);
  }

  /** Once for all keys that are waiting. */
  #drawSoon(): void {
    this.#cancelDraw();
    this.#cancelDraw = this.#options.clock.timer(0, () => this.#draw());
  }

  #draw(): void {
    if (!this.#closed) this.#ink.rerender(this.#tree());
  }

  /** The part of a stream that ink uses. */
  #frames(): NodeJS.WriteStream {
    const { terminal } = this.#options;
    const stream = {
      isTTY: true,
      get columns() {
        return terminal.size().columns;
      },
      get rows() {
        return terminal.size().rows;
      },
      // The cursor is the terminal's business.
      write: (text: string) => {
        if (!CURSOR.test(text)) terminal.write(this.#painter.paint(text, terminal.size()));
        return true;
      },
      on: () => stream,
      off: () => stream,
    };
    return stream as object as NodeJS.WriteStream;
  }

  #tree(): ReactElement {
    return (
      <Keyboard onKey={this.#onKey}>
        <Screen
          state={this.#state}
          model={this.#model}
          place={this.#options.place}
          verbs={this.#options.verbs}
          guide={this.#options.guide}
          theme={this.#theme}
        />
      </Keyboard>
    );
  }
}

interface KeyboardProps {
  onKey(press: KeyPress): void;
  children: ReactElement;
}

function Keyboard({ onKey, children }: KeyboardProps): ReactElement {
  useInput((input, key) => {
    for (const press of pressesOf({ ...key, input })) onKey(press);
  });
  return children;
}
