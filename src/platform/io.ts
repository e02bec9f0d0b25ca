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

/** The terminal was closed: what is written to it fails with EIO. */
let hungUp = false;

/**
 * The real streams. A reader that has gone (`| head -1`) is no failure, nor is a terminal: what nobody sees is dropped and
 * the command goes on to its end, with the code it would have had.
 */
export function processIo(): Io {
  return { stdout: output(process.stdout), stderr: output(process.stderr), env: process.env };
}

/** Ends the process once everything written has left it. */
export function exitAfterFlush(code: number): void {
  if (hungUp) {
    endByHangUp();
    return;
  }
  process.exitCode = code;
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}

/** Node's own exit aborts where it cannot restore a terminal that is gone. */
function endByHangUp(): void {
  process.removeAllListeners('SIGHUP');
  process.kill(process.pid, 'SIGHUP');
}

function output(stream: NodeJS.WriteStream): Output {
  let gone = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    hungUp ||= error.code === 'EIO';
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
