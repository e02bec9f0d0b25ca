/** The built binary while it runs: its lines as they come. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { bin, cleanEnv, type Run } from './kle.js';

const WAIT_MS = 15_000;

export class RunningKle {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly ended: Promise<Run>;
  stdout = '';
  stderr = '';
  #look = () => {};

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.#child = spawn(process.execPath, [bin, ...args], { env: cleanEnv(env), stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.#look();
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.#look();
    });
    this.ended = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr });
        this.#look();
      });
    });
  }

  /** Once it has written that, on either stream. */
  until(text: string | RegExp, timeoutMs = WAIT_MS): Promise<void> {
    const isThere = () =>
      [this.stdout, this.stderr].some((out) => (typeof text === 'string' ? out.includes(text) : text.test(out)));
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`not written: ${text}\n${this.stdout}---\n${this.stderr}`)),
        timeoutMs,
      );
      this.#look = () => {
        if (!isThere()) return;
        clearTimeout(late);
        this.#look = () => {};
        resolve();
      };
      this.#look();
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}
