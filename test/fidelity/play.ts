/** Plays steps on one server and writes down what it answered, as it came. */
import { PROTOBUF_TYPE, protobufBody } from './protobuf-body.js';
import { isObject, References } from './references.js';
import type { Json, RequestStep, Sequence, Step, WatchStep } from './sequence.js';
import type { RawAnswer, RawRequest, RawWatch, Target } from './target.js';

export interface Answer {
  /** What was asked, for readers. */
  request: string;
  status?: number;
  headers?: { [name: string]: string[] };
  body?: Json;
  events?: Json[];
  /** The stream is over. */
  ended?: true;
}

export interface Transcript {
  namespace: string;
  host: string;
  answers: Answer[];
  /** When it started and when the clock ticked, in whole seconds since 1970. */
  seconds: number[];
  endedMs: number;
  /** A step ended in a later second than it should have. */
  late: boolean;
}

const NAMESPACES = '/api/v1/namespaces';
const AGENT = 'kle-fidelity/1';

export class Player {
  readonly transcript: Transcript;
  readonly references: References;
  private readonly target: Target;
  private readonly watches = new Map<string, RawWatch>();

  private constructor(target: Target, namespace: string) {
    this.target = target;
    this.references = new References(namespace);
    this.transcript = { namespace, host: target.host, answers: [], seconds: [], endedMs: 0, late: false };
  }

  /** In a new namespace. */
  static async start(target: Target, namespace: string, timed = false): Promise<Player> {
    const player = new Player(target, namespace);
    const made = await target.exchange({
      method: 'POST',
      path: NAMESPACES,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify({ metadata: { name: namespace } })),
      user: 'admin',
    });
    if (made.status !== 201) throw new Error(`namespace ${namespace}: ${made.status} ${made.text}`);
    if (timed) await target.tick();
    player.transcript.seconds.push(Math.floor(target.nowMs() / 1000));
    return player;
  }

  /** Answers what it added to the transcript, if anything. */
  async play(step: Step): Promise<Answer | undefined> {
    const answer = await this.answerOf(step);
    if (answer) this.transcript.answers.push(answer);
    const { transcript } = this;
    transcript.endedMs = this.target.nowMs();
    if (Math.floor(transcript.endedMs / 1000) !== transcript.seconds.at(-1)) transcript.late = true;
    return answer;
  }

  end(): void {
    for (const watch of this.watches.values()) watch.close();
    this.watches.clear();
  }

  private async answerOf(step: Step): Promise<Answer | undefined> {
    if ('tick' in step) {
      await this.target.tick();
      this.transcript.seconds.push(Math.floor(this.target.nowMs() / 1000));
      return undefined;
    }
    if ('compact' in step) {
      await this.target.compact();
      return undefined;
    }
    if ('events' in step) return viewed(await this.collect(step.events, step.until), step.view);
    if ('watch' in step) return this.open(step);
    const raw = await this.target.exchange(this.request(step));
    const body = parsed(raw);
    // What is not there is nothing to refer to.
    this.references.keep(body, raw.status === 404 ? undefined : step.as);
    const seen = step.view && raw.status < 300 ? step.view(body) : body;
    return { request: label(step), status: raw.status, headers: raw.headers, body: seen };
  }

  private request(step: RequestStep): RawRequest {
    const { method, headers = {}, user = 'admin' } = step;
    const path = this.references.resolve(step.path);
    const given = step.body === undefined ? undefined : this.references.body(step.body);
    const body = given === undefined ? undefined : bodyOf(step, given);
    const type = body === undefined ? {} : { 'content-type': step.protobuf ? PROTOBUF_TYPE : 'application/json' };
    const resolved = Object.fromEntries(
      Object.entries({ 'user-agent': AGENT, ...type, ...headers })
        // An empty one says: without this header.
        .filter(([, value]) => value !== '')
        .map(([name, value]) => [name, this.references.resolve(value)]),
    );
    return { method, path, headers: resolved, user, ...(body === undefined ? {} : { body }) };
  }

  private async open(step: WatchStep): Promise<Answer> {
    const { watch: name, ...rest } = step;
    const request: RequestStep = { method: 'GET', ...rest };
    const stream = await this.target.watch(this.request(request));
    const answer: Answer = { request: `${label(request)} → ${name}`, status: stream.status, headers: stream.headers };
    if (stream.status === 200) {
      this.watches.get(name)?.close();
      this.watches.set(name, stream);
      return answer;
    }
    let text = '';
    for (let line = await stream.next(); line !== undefined; line = await stream.next()) text += `${line}\n`;
    return { ...answer, body: parsed({ text }) };
  }

  private async collect(name: string, until: number | 'bookmark' | 'end' | { object: string }): Promise<Answer> {
    const stream = this.watches.get(name);
    if (!stream) throw new Error(`no watch ${name}`);
    const found: Json[] = [];
    const answer: Answer = { request: `events of ${name}`, events: found };
    while (until !== found.length) {
      const line = await stream.next().catch((error: Error) => {
        throw new Error(`${error.message} on ${name} after ${JSON.stringify(found)}`);
      });
      if (line === undefined) return { ...answer, ended: true };
      const event = JSON.parse(line) as Json;
      found.push(event);
      if (!isObject(event)) continue;
      if (until === 'bookmark' && event.type === 'BOOKMARK') return answer;
      if (typeof until === 'object' && nameIn(event.object ?? null) === until.object) return answer;
    }
    return answer;
  }
}

const bodyOf = ({ protobuf, latin1 }: RequestStep, text: string): Buffer =>
  protobuf ? protobufBody(protobuf, JSON.parse(text)) : Buffer.from(text, latin1 ? 'latin1' : 'utf8');

function nameIn(object: Json): string | undefined {
  if (!isObject(object)) return undefined;
  if (object.kind === 'Table' && Array.isArray(object.rows)) {
    const [row] = object.rows;
    return isObject(row) && Array.isArray(row.cells) ? String(row.cells[0]) : undefined;
  }
  return isObject(object.metadata) && typeof object.metadata.name === 'string' ? object.metadata.name : undefined;
}

const viewed = ({ events = [], ...rest }: Answer, view = (event: Json): Json => event): Answer => ({
  ...rest,
  events: events.map(view),
});

function parsed({ text }: Pick<RawAnswer, 'text'>): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

function label({ method, path, user }: RequestStep): string {
  const short = path.length > 200 ? `${path.slice(0, 200)}…` : path;
  return `${method} ${short}${user === undefined ? '' : ` as ${user}`}`;
}

export async function play(target: Target, sequence: Sequence, namespace: string): Promise<Transcript> {
  const player = await Player.start(target, namespace, sequence.timed);
  try {
    for (const step of sequence.steps) await player.play(step);
  } catch (error) {
    const after = player.transcript.answers.at(-1)?.request ?? 'the start';
    throw new Error(`${sequence.name}, after ${after}: ${(error as Error).message}`, { cause: error });
  } finally {
    player.end();
  }
  return player.transcript;
}
