/** Reads a request's body up to a limit; more is refused, not kept. */
import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { badRequest, tooLarge } from '../status.js';

/** apiserver pkg/server/config.go, MaxRequestBodyBytes. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;

export type HttpRequest = IncomingMessage | Http2ServerRequest;

export function readBody(request: HttpRequest): Promise<Buffer> {
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
