/** Writes answers and watch streams. Works on HTTP/1.1 and HTTP/2 responses alike. */
import type { ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import { formatMicroTime, type Micros } from '../../lease/micro-time.js';
import type { Answer, Call, StreamAnswer } from '../api/call.js';
import { isPretty } from '../api/negotiate.js';

export type HttpResponse = ServerResponse | Http2ServerResponse;

/** A Warning header's code and agent, and the text quoted (apimachinery pkg/util/net/http.go, NewWarningHeader). */
const warningHeader = (text: string): string =>
  `299 - "${text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replace(/[\r\n]/g, ' ')}"`;

function writeHead(
  response: HttpResponse,
  status: number,
  contentType: string | undefined,
  headers: { [name: string]: string },
  call: Call | undefined,
  date: string,
): void {
  const { auditId, warnings = [] } = call ?? {};
  response.statusCode = status;
  if (auditId !== undefined) response.setHeader('audit-id', auditId);
  response.setHeader('cache-control', 'no-cache, private');
  if (contentType !== undefined) response.setHeader('content-type', contentType);
  response.setHeader('date', date);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (warnings.length > 0) response.setHeader('warning', warnings.map(asHeader).map(warningHeader));
}

/** Header values are bytes on the wire, which Node takes as Latin-1: UTF-8, as Go writes it. */
const asHeader = (text: string): string => Buffer.from(text.replace(/[\0-\x08\x0a-\x1f\x7f]/g, '?')).toString('latin1');

const DAYS = ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MICROS_PER_DAY = 86_400_000_000n;

/** The Date header for a time of the server's clock (RFC 9110, IMF-fixdate). */
export function httpDate(micros: Micros): string {
  const [date = '', time = ''] = formatMicroTime(micros).split('T');
  const [year, month, day] = date.split('-');
  const weekday = DAYS[Number(micros / MICROS_PER_DAY) % 7];
  return `${weekday}, ${day} ${MONTHS[Number(month) - 1]} ${year} ${time.slice(0, 8)} GMT`;
}

/** `date`: the server's clock as an HTTP date. */
export function send(response: HttpResponse, call: Call | undefined, answer: Answer, date: string): void {
  const { body } = answer;
  const text =
    typeof body === 'string'
      ? body
      : call && isPretty(call)
        ? JSON.stringify(body, null, 2)
        : `${JSON.stringify(body)}\n`;
  const type = answer.contentType ?? (typeof body === 'string' ? undefined : 'application/json');
  writeHead(response, answer.status, type, answer.headers ?? {}, call, date);
  const bytes = Buffer.from(text);
  if (answer.status !== 304) response.setHeader('content-length', bytes.length);
  (response as ServerResponse).end(call?.method === 'HEAD' || answer.status === 304 ? undefined : bytes);
}

/**
 * Streams a watch. A client that does not read is not written to: its place is kept by its cursor alone, and when
 * history is gone from there, the stream is cut.
 */
export function stream(response: HttpResponse, call: Call, answer: StreamAnswer, date: string): void {
  writeHead(response, 200, answer.contentType, {}, call, date);
  const target = response as ServerResponse;
  target.flushHeaders?.();
  const { stream: source } = answer;
  let blocked = false;
  let stop = () => {};
  const pump = () => {
    if (target.destroyed || target.writableEnded) return stop();
    for (let behind = true; behind; ) {
      if (blocked) {
        if (source.isLost()) cut();
        return;
      }
      const drawn = source.next();
      behind = drawn.behind;
      if (drawn.lines.length > 0) blocked = !target.write(drawn.lines.join(''));
      if (drawn.end) {
        stop();
        target.end();
        return;
      }
    }
  };
  const cut = () => {
    stop();
    target.destroy();
  };
  target.on('drain', () => {
    blocked = false;
    pump();
  });
  target.on('close', () => stop());
  target.on('error', () => stop());
  stop = source.onReady(pump);
  pump();
}
