/** A screen without a terminal: what a fake server says becomes frames of text. */
import { renderToString } from 'ink';
import { createElement } from 'react';
import { screenVerbs } from '../../src/cli/screen-verbs.js';
import type { LeaseScope } from '../../src/lease/api.js';
import { BASE } from '../../src/lease/testing.js';
import { type Followed, follow } from '../../src/operations/follow/follow.js';
import { Feed } from '../../src/tui/feed.js';
import { modelOf } from '../../src/tui/model.js';
import type { Guide } from '../../src/tui/parts/guide.js';
import { initialState, reduce, type ScreenAction, type ScreenState } from '../../src/tui/state.js';
import { Screen } from '../../src/tui/view.js';
import { screenTheme } from '../../src/view/screen-theme.js';
import { FakeClock } from './fake-clock.js';
import { FakeLeases } from './fake-leases.js';

export class ScreenStory {
  readonly clock = new FakeClock(0, BASE);
  readonly leases = new FakeLeases(this.clock);
  readonly feed = new Feed({ clock: this.clock, leases: this.leases });
  readonly followed: Followed;
  guide: Guide | undefined;
  readonly #scope: LeaseScope;
  #state: ScreenState;

  /** `name`: the one Lease to show. */
  constructor(name: string | null, scope: LeaseScope = { namespace: 'default' }) {
    this.#scope = scope;
    this.#state = initialState({ columns: 80, rows: 24 }, name && `${scope.namespace}/${name}`);
    const signal = new AbortController().signal;
    const following = follow(scope, { leases: this.leases, clock: this.clock, signal }, (events) =>
      this.feed.take(events, this.followed),
    );
    this.followed = following.followed;
  }

  act(action: ScreenAction): this {
    this.#state = reduce(this.#state, action);
    return this;
  }

  /** One frame; trailing blanks and what it ends with in empty rows left out, its size checked. */
  frame(columns: number, rows: number, colour = false): string {
    const state = reduce(this.#state, { type: 'resize', size: { columns, rows } });
    const place = { context: 'prod-eu', namespace: this.#scope.namespace ?? null, selector: null };
    const model = modelOf(this.feed, state.open);
    const screen = createElement(Screen, {
      state,
      model,
      place,
      verbs: VERBS,
      guide: this.guide,
      theme: screenTheme(colour),
    });
    return renderToString(screen, { columns })
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n');
  }

  /** Renewals by `holder` every two seconds for so long. */
  async renews(holder: string, forMs: number, more: { transitions?: number; acquireMs?: number } = {}): Promise<void> {
    for (let ms = 0; ms < forMs; ms += 2_000) {
      await this.leases.passes(2_000);
      await this.leases.lease({ holder, ...more });
    }
  }
}

/** Those of the program, with nothing behind them. */
const VERBS = screenVerbs({} as never, {} as never, () => {}).verbs;

const NAMES: Record<string, string> = {
  '1': 'bold',
  '7': 'inverse',
  '22': '/',
  '27': '/',
  '31': 'red',
  '33': 'yellow',
  '35': 'magenta',
  '36': 'cyan',
  '39': '/',
  '90': 'grey',
  '91': 'bright-red',
};

/** Colour codes as words in braces. */
export const readableColour = (text: string): string =>
  text.replace(/\u001b\[(\d+)m/g, (_, code: string) => `{${NAMES[code] ?? code}}`);
