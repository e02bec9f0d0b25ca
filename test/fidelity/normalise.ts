/**
 * Transcripts with symbols for what no two servers share. Relations are kept:
 * - `{rv 3}`: the third lowest resourceVersion of an object in this sequence. Of lists and bookmarks, which a real
 *   server's own writes move, `{now}`: not lower than any version before it.
 * - `{uid 1}`, `{lock-?1}`: in the order of appearance; equal symbols are equal texts.
 * - `{t0}`, `{t1}`: a time of the server's clock, after that many ticks.
 */
import type { Answer, Transcript } from './play.js';
import { isObject } from './references.js';
import { type Json, type JsonObject, NO_UID } from './sequence.js';

/** Further headers are of the connection, of the day, or of parts of the server that the sandbox has not. */
const HEADERS = [
  'allow',
  'cache-control',
  'content-type',
  'etag',
  'location',
  'retry-after',
  'vary',
  'warning',
  'www-authenticate',
  'x-content-type-options',
];
const USUAL_CACHE_CONTROL = 'no-cache, private';

const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;
const SECOND = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g;

export function normalise(transcript: Transcript, generated: string[] = []): Answer[] {
  const symbols = new Symbols(transcript, generated);
  return transcript.answers.map((answer) => symbols.answer(answer));
}

class Symbols {
  private readonly transcript: Transcript;
  private readonly generated: RegExp[];
  private readonly versions: Map<string, number>;
  private readonly uids = new Map<string, string>();
  private readonly names = new Map<string, string>();
  /** The highest version of an object so far. */
  private highest = 0n;

  constructor(transcript: Transcript, generated: string[]) {
    this.transcript = transcript;
    this.generated = generated.map((prefix) => new RegExp(`(${prefix})[bcdfghjklmnpqrstvwxz2456789]{5}\\b`, 'g'));
    const found = new Set(transcript.answers.flatMap((answer) => [...objectVersions(contentOf(answer))]));
    const sorted = [...found].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
    this.versions = new Map(sorted.map((version, i) => [version, i + 1]));
  }

  answer(answer: Answer): Answer {
    for (const version of objectVersions(contentOf(answer))) {
      if (BigInt(version) > this.highest) this.highest = BigInt(version);
    }
    const { request, status, headers, body, events, ended } = answer;
    return {
      request,
      ...(status === undefined ? {} : { status }),
      ...(headers === undefined ? {} : { headers: this.headers(headers) }),
      ...(body === undefined ? {} : { body: this.value(body) }),
      ...(events === undefined ? {} : { events: events.map((event) => this.value(event)) }),
      ...(ended === undefined ? {} : { ended }),
    };
  }

  private headers(headers: { [name: string]: string[] }): { [name: string]: string[] } {
    const kept = HEADERS.flatMap((name) => {
      const values = headers[name];
      if (values === undefined || (name === 'cache-control' && values.join() === USUAL_CACHE_CONTROL)) return [];
      return [[name, values.map((value) => (name === 'etag' ? '{etag}' : this.text(value)))] as const];
    });
    return Object.fromEntries(kept);
  }

  private value(value: Json): Json {
    if (typeof value === 'string') return this.text(value);
    if (Array.isArray(value)) return value.map((item) => this.value(item));
    if (!isObject(value)) return value;
    const result: JsonObject = {};
    for (const [key, member] of Object.entries(value)) {
      result[this.text(key)] = key === 'metadata' && isObject(member) ? this.metadata(member) : this.value(member);
    }
    return result;
  }

  private metadata(metadata: JsonObject): JsonObject {
    const result = this.value(metadata) as JsonObject;
    const { resourceVersion, continue: token } = metadata;
    if (typeof resourceVersion === 'string' && resourceVersion !== '') {
      result.resourceVersion = isOfObject(metadata) ? this.version(resourceVersion) : this.present(resourceVersion);
    }
    if (typeof token === 'string') result.continue = this.continuation(token);
    return result;
  }

  private version(version: string): string {
    const rank = this.versions.get(version);
    return rank === undefined ? version : `{rv ${rank}}`;
  }

  private present(version: string): string {
    if (!/^\d+$/.test(version)) return version;
    return BigInt(version) >= this.highest ? '{now}' : this.versions.get(version) ? this.version(version) : '{between}';
  }

  private continuation(token: string): string {
    if (token === '') return token;
    const { v, rv, start } = JSON.parse(Buffer.from(token, 'base64url').toString()) as JsonObject;
    const at = typeof rv === 'number' && rv > 0 ? this.present(String(rv)) : rv;
    // With a slash where a cache wrote it, without one where the store did.
    const from = this.text(String(start).replace(/^\//, ''));
    return `{continue ${v} at ${at} from ${JSON.stringify(from)}}`;
  }

  private text(text: string): string {
    let result = text.replaceAll(this.transcript.namespace, '{ns}').replaceAll(this.transcript.host, '{server}');
    result = result.replace(UUID, (uid) => (uid === NO_UID ? uid : nth(this.uids, uid, (n) => `{uid ${n}}`)));
    result = result.replace(SECOND, (time) => this.time(time));
    for (const pattern of this.generated) {
      result = result.replace(pattern, (name, prefix: string) => nth(this.names, name, (n) => `{${prefix}?${n}}`));
    }
    return (
      result
        .replace(/(, current: )\d+/, '$1{now}')
        .replace(
          /(too old resource version: )(\d+) \(\d+\)/,
          (_, words: string, rv: string) => `${words}${this.version(rv)} ({compacted})`,
        )
        // An object within a text: as JSON, its quotes escaped as often as need be, or as Go prints a map.
        .replace(/(resourceVersion\\*"?:\\*"?)(\d+)/g, (_, words: string, rv: string) => `${words}${this.version(rv)}`)
        .replace(
          /(ResourceVersion in (?:the )?(?:precondition|record) \()(\d+)\)/g,
          (_, words: string, rv: string) => `${words}${this.version(rv)})`,
        )
    );
  }

  private time(time: string): string {
    const second = Date.parse(time) / 1000;
    const { seconds, endedMs } = this.transcript;
    // The namespace is older than the first second of a timed sequence.
    if (second < (seconds[0] ?? 0) || second * 1000 > endedMs) return time;
    return `{t${seconds.filter((start) => start <= second).length - 1}}`;
  }
}

function nth(known: Map<string, string>, text: string, symbol: (n: number) => string): string {
  const found = known.get(text) ?? symbol(known.size + 1);
  known.set(text, found);
  return found;
}

const contentOf = (answer: Answer): Json => answer.events ?? answer.body ?? null;

/** Lists and bookmarks have no name. */
const isOfObject = (metadata: JsonObject): boolean => typeof metadata.name === 'string';

function* objectVersions(value: Json): Generator<string> {
  if (Array.isArray(value)) for (const item of value) yield* objectVersions(item);
  if (!isObject(value)) return;
  for (const [key, member] of Object.entries(value)) {
    if (key === 'metadata' && isObject(member) && isOfObject(member)) {
      if (typeof member.resourceVersion === 'string' && /^\d+$/.test(member.resourceVersion))
        yield member.resourceVersion;
    } else yield* objectVersions(member);
  }
}
