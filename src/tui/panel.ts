/** The part of the screen where a verb speaks: a reducer without a terminal. */
import type { Tone } from './verbs.js';

export interface Panel {
  title: string;
  lines: readonly { text: string; tone: Tone }[];
  passing: string | null;
  question: { text: string; answer: string } | null;
  /** `ending`: interrupted, and putting back. */
  phase: 'running' | 'ending' | 'over';
  /** How it ended, in words; empty until then. */
  end: string;
  /** Rows above the shown ones; null: the newest are shown. */
  top: number | null;
}

export type PanelAction =
  | { type: 'begin'; title: string }
  | { type: 'say'; text: string; tone: Tone }
  | { type: 'passing'; text: string | null }
  | { type: 'ask'; question: string; given: string }
  | { type: 'type'; text: string }
  | { type: 'erase' }
  | { type: 'answered' }
  | { type: 'scroll'; to: number }
  | { type: 'ending' }
  | { type: 'over'; end: string }
  | { type: 'close' };

/** A verb that fails over and over has much to say. */
const MOST_LINES = 500;
const LONGEST_ANSWER = 300;

export function reducePanel(panel: Panel | null, action: PanelAction): Panel | null {
  if (action.type === 'begin') {
    return { title: action.title, lines: [], passing: null, question: null, phase: 'running', end: '', top: null };
  }
  if (panel === null || action.type === 'close') return null;
  const { question } = panel;
  switch (action.type) {
    case 'say':
      return { ...panel, lines: [...panel.lines, { text: action.text, tone: action.tone }].slice(-MOST_LINES) };
    case 'passing':
      return { ...panel, passing: action.text };
    case 'ask':
      // What is to be decided on is read from its beginning.
      return { ...panel, passing: null, question: { text: action.question, answer: action.given }, top: 0 };
    case 'type':
      return { ...panel, question: question && { ...question, answer: cutTo(question.answer + action.text) } };
    case 'erase':
      return { ...panel, question: question && { ...question, answer: [...question.answer].slice(0, -1).join('') } };
    case 'answered':
      // What was decided on has been read: from here on it is about what happens.
      return { ...panel, lines: [], question: null, top: null };
    case 'scroll':
      return { ...panel, top: Math.max(0, action.to) };
    case 'ending':
      return { ...panel, phase: 'ending', question: null, top: null };
    case 'over':
      return { ...panel, phase: 'over', end: action.end, passing: null, question: null, top: null };
  }
}

const cutTo = (text: string) => [...text].slice(0, LONGEST_ANSWER).join('');
