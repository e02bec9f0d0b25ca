/** A program on a real pseudo-terminal, with a terminal emulator that keeps what a user would see. */
import { type IPty, spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';

export interface TerminalOptions {
  columns?: number;
  rows?: number;
  env?: Record<string, string>;
}

const WAIT_MS = 15_000;

/** A command line in `sh` on a terminal of its own. Ends with the test at the latest, by `end`. */
export class TerminalSession {
  readonly #pty: IPty;
  readonly #screen: InstanceType<typeof xterm.Terminal>;
  readonly #looks = new Set<() => void>();
  readonly exited: Promise<{ code: number; signal: number | undefined }>;
  /** Bytes that the program wrote. */
  bytes = 0;
  /** The same as text, escape sequences included. */
  output = '';

  constructor(script: string, { columns = 80, rows = 24, env = {} }: TerminalOptions = {}) {
    this.#screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 200 });
    const clean = {
      PATH: process.env.PATH ?? '',
      HOME: '/nonexistent',
      TERM: 'xterm-256color',
      LANG: 'C.UTF-8',
      ...env,
    };
    this.#pty = spawn('/bin/sh', ['-c', script], { cols: columns, rows, env: clean, name: clean.TERM });
    this.#pty.onData((text) => {
      this.bytes += Buffer.byteLength(text);
      this.output += text;
      this.#screen.write(text, () => {
        for (const look of [...this.#looks]) look();
      });
    });
    // What the terminal answers to questions of the program.
    this.#screen.onData((text) => this.#pty.write(text));
    this.exited = new Promise((resolve) => {
      // What it wrote last is still on its way through the emulator.
      this.#pty.onExit(({ exitCode, signal }) =>
        this.#screen.write('', () => resolve({ code: exitCode, signal: signal || undefined })),
      );
    });
  }

  get pid(): number {
    return this.#pty.pid;
  }

  /** The rows that are seen, without trailing blanks. */
  rows(): string[] {
    const { active } = this.#screen.buffer;
    return Array.from(
      { length: this.#screen.rows },
      (_, i) => active.getLine(active.viewportY + i)?.translateToString(true) ?? '',
    );
  }

  text(): string {
    return this.rows().join('\n');
  }

  /** The program shows its own screen, not the lines of the shell. */
  get isAlternate(): boolean {
    return this.#screen.buffer.active.type === 'alternate';
  }

  get isCursorHidden(): boolean {
    const inner = this.#screen as unknown as { _core: { coreService: { isCursorHidden: boolean } } };
    return inner._core.coreService.isCursorHidden;
  }

  press(keys: string): void {
    this.#pty.write(keys);
  }

  resize(columns: number, rows: number): void {
    this.#screen.resize(columns, rows);
    this.#pty.resize(columns, rows);
  }

  kill(signal: NodeJS.Signals): void {
    this.#pty.kill(signal);
  }

  /** Once the screen is so; rejects with what is seen when it does not become so. */
  until(what: string | RegExp | (() => boolean)): Promise<void> {
    const isSo = () =>
      typeof what === 'function'
        ? what()
        : typeof what === 'string'
          ? this.text().includes(what)
          : what.test(this.text());
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(late);
        this.#looks.delete(look);
      };
      const look = () => {
        if (!isSo()) return;
        done();
        resolve();
      };
      const late = setTimeout(() => {
        done();
        reject(new Error(`not seen within ${WAIT_MS} ms: ${what}\n${this.text()}`));
      }, WAIT_MS);
      this.#looks.add(look);
      look();
    });
  }

  /** The terminal goes away, as when its window is closed. */
  hangUp(): void {
    (this.#pty as IPty & { destroy(): void }).destroy();
  }

  end(): void {
    try {
      this.#pty.kill('SIGKILL');
    } catch {}
    this.#screen.dispose();
  }
}
