/** Keys into actions, and which of them are worth showing. */
import type { ScreenAction, ScreenState } from './state.js';
import type { LeaseVerb } from './verbs.js';

/** A key press as ink tells it. */
export interface KeyPress {
  /** The text typed, or the letter with ctrl. */
  input: string;
  ctrl?: boolean;
  return?: boolean;
  escape?: boolean;
  upArrow?: boolean;
  downArrow?: boolean;
  pageUp?: boolean;
  pageDown?: boolean;
  home?: boolean;
  end?: boolean;
  backspace?: boolean;
  delete?: boolean;
}

/** Keys pressed faster than they are read arrive as one text; here they are one by one. */
export function pressesOf(press: KeyPress): KeyPress[] {
  if (press.ctrl || [...press.input].length <= 1) return [press];
  return [...press.input].map((letter) => SPECIAL[letter] ?? { input: letter });
}

const SPECIAL: Readonly<Record<string, KeyPress>> = {
  '\r': { input: '', return: true },
  '\n': { input: '', return: true },
  '\u007f': { input: '', backspace: true },
  '\b': { input: '', backspace: true },
  '\u0003': { input: 'c', ctrl: true },
};

export type KeyMeaning =
  | ScreenAction
  | { type: 'quit' }
  | { type: 'verb'; verb: LeaseVerb }
  /** What is asked is answered as it stands, or not at all. */
  | { type: 'answer'; given: boolean }
  /** The running verb is to end and put back. */
  | { type: 'interrupt' }
  | null;

/** The table as the keys need it. */
export interface Table {
  keys: readonly string[];
  /** Rows that fit. */
  page: number;
}

/** What a key means now. */
export function meaningOf(press: KeyPress, state: ScreenState, table: Table, verbs: readonly LeaseVerb[]): KeyMeaning {
  const { input } = press;
  if (press.ctrl) return input === 'c' ? { type: 'quit' } : null;
  if (state.panel?.question) return answering(press);
  if (state.typing) return typing(press);
  if (press.escape) return escaping(state);
  if (input === 'q') return { type: 'quit' };
  if (input === '?') return { type: 'help' };
  if (state.help) return press.return ? { type: 'help' } : null;
  if (input === 'p' || input === ' ') return { type: 'pause' };
  const { panel } = state;
  if (panel === null || panel.phase === 'over') {
    const verb = verbs.find(({ key }) => key === input);
    if (verb) return { type: 'verb', verb };
  }
  if (panel !== null) return inPanel(press) ?? inLease(input);
  return state.open === null ? inTable(press, table) : inLease(input);
}

function escaping({ panel, help }: ScreenState): KeyMeaning {
  if (panel === null || help) return { type: 'back' };
  if (panel.phase === 'running') return { type: 'interrupt' };
  return panel.phase === 'over' ? CLOSE : null;
}

const CLOSE: ScreenAction = { type: 'panel', action: { type: 'close' } };

function answering(press: KeyPress): KeyMeaning {
  if (press.escape) return { type: 'answer', given: false };
  if (press.return) return { type: 'answer', given: true };
  if (press.backspace || press.delete) return { type: 'panel', action: { type: 'erase' } };
  const text = printable(press.input);
  return text === '' ? inPanel(press) : { type: 'panel', action: { type: 'type', text } };
}

function inPanel(press: KeyPress): KeyMeaning {
  if (press.upArrow) return { type: 'scroll', by: -0.1 };
  if (press.downArrow) return { type: 'scroll', by: 0.1 };
  if (press.pageUp) return { type: 'scroll', by: -1 };
  return press.pageDown ? { type: 'scroll', by: 1 } : null;
}

const printable = (text: string) => text.replace(/[\u0000-\u001f\u007f]/g, '');

/** Backspace arrives as Delete in some terminals. */
function typing(press: KeyPress): KeyMeaning {
  if (press.escape) return { type: 'filter-clear' };
  if (press.return) return { type: 'filter-done' };
  if (press.backspace || press.delete) return { type: 'erase' };
  const text = printable(press.input);
  return text === '' ? null : { type: 'type', text };
}

function inTable(press: KeyPress, { keys, page }: Table): KeyMeaning {
  const move = (by: number): ScreenAction => ({ type: 'move', by, keys, page });
  if (press.upArrow) return move(-1);
  if (press.downArrow) return move(1);
  if (press.pageUp) return move(-page);
  if (press.pageDown) return move(page);
  if (press.home || press.input === 'g') return move(-keys.length);
  if (press.end || press.input === 'G') return move(keys.length);
  if (press.return) return { type: 'open', keys };
  return press.input === '/' ? { type: 'filter' } : null;
}

function inLease(input: string): KeyMeaning {
  if (input === '+' || input === '=') return { type: 'zoom', by: -1 };
  return input === '-' ? { type: 'zoom', by: 1 } : null;
}

export interface KeyHint {
  key: string;
  does: string;
}

/** The keys that do something now, the most wanted first. */
export function hints(state: ScreenState, verbs: readonly LeaseVerb[]): KeyHint[] {
  if (state.typing) return [HINT('Enter', 'keep'), HINT('Esc', 'clear')];
  if (state.help) return [HINT('Esc', 'back'), HINT('q', 'quit')];
  const { panel } = state;
  if (panel?.question) return [HINT('↑↓', 'read on'), HINT('Enter', 'answer'), HINT('Esc', 'no')];
  if (panel?.phase === 'ending') return [HINT('q', 'leave it as it is')];
  if (panel?.phase === 'running') {
    return [HINT('Esc', 'stop, put back'), HINT('+/-', 'zoom'), HINT('?', 'help'), HINT('q', 'put back, quit')];
  }
  const general = [HINT('p', state.paused ? 'go on' : 'pause'), HINT('?', 'help'), HINT('q', 'quit')];
  const ofVerbs = verbs.map(({ key, label }) => HINT(key, label));
  if (state.open !== null) {
    const esc = panel ? [HINT('Esc', 'close')] : state.single ? [] : [HINT('Esc', 'back')];
    return [...ofVerbs, ...esc, HINT('+/-', 'zoom'), ...general];
  }
  const unfilter = state.filter === '' ? [] : [HINT('Esc', 'all')];
  return [HINT('Enter', 'open'), HINT('/', 'filter'), ...unfilter, ...ofVerbs, ...general];
}

const HINT = (key: string, does: string): KeyHint => ({ key, does });

/** Every key with a sentence, for the help page. */
export function helpLines(state: ScreenState, verbs: readonly LeaseVerb[]): KeyHint[] {
  return [
    ...(state.single
      ? []
      : [
          HINT('↑ ↓', 'move; PgUp PgDn, g and G go further'),
          HINT('Enter', 'open the Lease under the cursor'),
          HINT('Esc', 'back to the table, or show all rows again'),
          HINT('/', 'show only rows with this text in name, holder or state'),
        ]),
    HINT('+ -', 'shorter or longer timeline'),
    ...verbs.map(({ key, does }) => HINT(key, does)),
    HINT('p', 'pause: the screen stands still, watching goes on'),
    HINT('q', 'quit; Ctrl-C too. What a verb has changed is put back first'),
  ];
}
