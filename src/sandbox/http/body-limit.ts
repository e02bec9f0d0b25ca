/** Reads a request's body up to a limit; more is refused, not kept. */
import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { Clock } from '../../platform/clock.js';
import { badRequest, timedOut, tooLarge } from '../status.js';

/** apiserver pkg/server/config.go, MaxRequestBodyBytes. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;

export type HttpRequest = IncomingMessage | Http2ServerRequest;

/** A body that has not arrived by then never will (apiserver pkg/endpoints/handlers/rest.go, requestTimeoutUpperBound). */
const BODY_TIMEOUT_MS = 34_000;

export async function readBody(request: HttpRequest, clock: Clock): Promise<Buffer> {
  let cancel = () => {};
  const late = new Promise<never>((_, reject) => {
    cancel = clock.timer(BODY_TIMEOUT_MS, () => reject(timedOut()));
  });
  try {
    return await Promise.race([collect(request), late]);
  } finally {
    cancel();
  }
}

function collect(request: HttpRequest): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let refused = false;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) {
        // The rest is read and dropped, so that the client gets to read the refusal.
        if (!refused) reject(tooLarge(`limit is ${MAX_BODY_BYTES}`));
        refused = true;
        chunks.length = 0;
      } else chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', (error) => reject(badRequest(error.message)));
    request.on('aborted', () => reject(badRequest('unexpected EOF')));
    request.on('close', () => reject(badRequest('unexpected EOF')));
  });
}
