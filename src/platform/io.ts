/** The process's streams and environment as a value, so that nothing else reads `process`. */

export interface Output {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Width in columns; undefined when not a terminal. */
  readonly columns: number | undefined;
}

export interface Io {
  stdout: Output;
  stderr: Output;
  env: NodeJS.ProcessEnv;
}

/**
 * The real streams. A reader that has gone (`| head -1`) is no failure: what it no longer wants is dropped and the
 * command ends with the code it would have had.
 */
export function processIo(): Io {
  return { stdout: output(process.stdout), stderr: output(process.stderr), env: process.env };
}

/** Ends the process once everything written has left it. */
export function exitAfterFlush(code: number): void {
  process.exitCode = code;
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}

function output(stream: NodeJS.WriteStream): Output {
  let gone = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    gone = true;
  });
  return {
    write: (text) => {
      if (!gone) stream.write(text);
    },
    get isTerminal() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.isTTY ? stream.columns : undefined;
    },
  };
}
