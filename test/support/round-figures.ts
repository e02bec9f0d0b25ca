/** What rounds came to, by case: said at the end of a file, and what docs/step-down.md quotes. */
export class RoundFigures {
  readonly #title: string;
  readonly #cases = new Map<string, Map<string, number[]>>();
  readonly #outcomes = new Map<string, Map<string, number>>();

  constructor(title: string) {
    this.#title = title;
  }

  /** Milliseconds by name; null: not to be had. */
  add(name: string, outcome: string, values: Record<string, number | null>): void {
    const outcomes = this.#outcomes.get(name) ?? new Map<string, number>();
    this.#outcomes.set(name, outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1));
    const figures = this.#cases.get(name) ?? new Map<string, number[]>();
    this.#cases.set(name, figures);
    for (const [what, value] of Object.entries(values)) {
      if (value !== null) figures.set(what, [...(figures.get(what) ?? []), value]);
    }
  }

  report(): string {
    const lines = [...this.#cases].flatMap(([name, figures]) => {
      const outcomes = [...(this.#outcomes.get(name) ?? [])].map(([outcome, count]) => `${outcome} ${count}`);
      return [`  ${name}: ${outcomes.join(', ')}`, ...[...figures].map(([what, values]) => figureLine(what, values))];
    });
    return [this.#title, ...lines, ''].join('\n');
  }
}

function figureLine(what: string, values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number) => (sorted[index] ?? 0).toFixed(0);
  return `    ${what}: ${at(0)} / ${at(Math.floor(sorted.length / 2))} / ${at(sorted.length - 1)} ms (n ${sorted.length})`;
}
