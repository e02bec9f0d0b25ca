/** The terminal of this process for a full screen, and its return to what it was, however the process ends. */
export interface TerminalSize {
  columns: number;
  rows: number;
}

export interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  /** Writes to the screen; nothing before `enter` and after `leave`, so that no late frame lands among lines of text. */
  write(text: string): void;
  size(): TerminalSize;
  onResize(fn: () => void): () => void;
  /** Calls `fn` when the terminal goes away (SIGHUP), instead of what the signal would do. */
  onHangUp(fn: () => void): () => void;
  /** Shows the alternate screen, empty and without a cursor. */
  enter(): void;
  /** Shows again what was there before, with the cursor and the line mode. May be called twice. */
  leave(): void;
}

const ENTER = '\u001b[?1049h\u001b[?25l\u001b[2J\u001b[H';
/** Cleared first: tmux shows rows of a screen that was resized on the one that it goes back to. */
const LEAVE = '\u001b[?2026l\u001b[?25h\u001b[H\u001b[J\u001b[?1049l';

/** Null unless both stdin and stdout are a terminal that can do more than print. */
export function openTerminal(): Terminal | null {
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY || process.env.TERM === 'dumb' || !process.env.TERM) return null;
  return new ProcessTerminal(stdin, stdout);
}

/** A terminal that is closed gives an error to whoever reads from it; SIGHUP has said so. */
const ignore = () => {};

class ProcessTerminal implements Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly #out: NodeJS.WriteStream;
  #entered = false;

  constructor(stdin: NodeJS.ReadStream, stdout: NodeJS.WriteStream) {
    this.stdin = stdin;
    this.#out = stdout;
  }

  size(): TerminalSize {
    // A terminal that does not know its size says 0.
    return { columns: this.#out.columns || 80, rows: this.#out.rows || 24 };
  }

  onResize(fn: () => void): () => void {
    this.#out.on('resize', fn);
    return () => this.#out.off('resize', fn);
  }

  onHangUp(fn: () => void): () => void {
    process.on('SIGHUP', fn);
    return () => process.off('SIGHUP', fn);
  }

  write(text: string): void {
    if (this.#entered) this.#out.write(text);
  }

  enter(): void {
    if (this.#entered) return;
    this.#entered = true;
    this.#out.write(ENTER);
    this.stdin.on('error', ignore);
    // A crash and an exit by somebody else must not leave the user without a prompt. Writes to a terminal are synchronous.
    process.on('uncaughtExceptionMonitor', this.#leave);
    process.on('exit', this.#leave);
  }

  leave(): void {
    if (!this.#entered) return;
    this.#entered = false;
    process.off('uncaughtExceptionMonitor', this.#leave);
    process.off('exit', this.#leave);
    // A terminal that has gone cannot be restored.
    try {
      this.stdin.setRawMode(false);
      this.#out.write(LEAVE);
    } catch {}
  }

  readonly #leave = () => this.leave();
}
