/** What earlier answers said, for the texts of later steps. */
import { Edit, type Json, type JsonObject } from './sequence.js';

interface Seen {
  rv?: string;
  oldrv?: string;
  uid?: string;
  olduid?: string;
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export class References {
  private readonly saved = new Map<string, Json>();
  private readonly objects = new Map<string, Seen>();
  private readonly namespace: string;

  constructor(namespace: string) {
    this.namespace = namespace;
  }

  /** Remembers an answer, and the version and uid of the object in it. */
  keep(body: Json, as: string | undefined): void {
    if (as !== undefined) this.saved.set(as, body);
    if (!isObject(body) || !isObject(body.metadata)) return;
    const { name, uid, resourceVersion } = body.metadata;
    if (typeof name !== 'string' || typeof resourceVersion !== 'string' || typeof uid !== 'string') return;
    const seen = this.objects.get(name) ?? {};
    if (seen.rv !== resourceVersion) Object.assign(seen, { oldrv: seen.rv, rv: resourceVersion });
    if (seen.uid !== uid) Object.assign(seen, { olduid: seen.uid, uid });
    this.objects.set(name, seen);
  }

  resolve(text: string): string {
    return text.replace(/\{\{([^}]+)\}\}/g, (_, reference: string) => this.textOf(reference));
  }

  body(body: Json | Edit): string {
    if (typeof body === 'string') return this.resolve(body);
    if (!(body instanceof Edit)) return this.resolveJson(body);
    const changes = JSON.parse(this.resolveJson(body.changes)) as JsonObject;
    return JSON.stringify(merged(this.saved.get(body.base) ?? {}, changes));
  }

  /** A text that is one reference and nothing else stands for the value itself. */
  private resolveJson(value: Json): string {
    const text = JSON.stringify(value).replace(/"\{\{([^}]+)\}\}"/g, (_, reference: string) =>
      JSON.stringify(this.lookUp(reference)),
    );
    return this.resolve(text);
  }

  private textOf(reference: string): string {
    const value = this.lookUp(reference);
    return typeof value === 'string' ? value : JSON.stringify(value);
  }

  private lookUp(reference: string): Json {
    if (reference === 'ns') return this.namespace;
    const ofObject = /^(rv|oldrv|uid|olduid):(.+)$/.exec(reference);
    if (ofObject) {
      const [, what = '', name = ''] = ofObject;
      // A name that was not answered yet has none: the same stand-in on every server.
      return this.objects.get(name)?.[what as keyof Seen] ?? (what.endsWith('rv') ? '1' : 'no-such-uid');
    }
    const [name = '', ...path] = reference.split('.');
    let value: Json | undefined = this.saved.get(name);
    for (const part of path) {
      if (Array.isArray(value)) value = value[Number(part)];
      else value = isObject(value) ? value[part] : undefined;
    }
    if (value === undefined || value === null) throw new Error(`no earlier answer has ${reference}`);
    return value;
  }
}

function merged(base: Json, changes: JsonObject): Json {
  const result: JsonObject = isObject(base) ? { ...base } : {};
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) delete result[key];
    else result[key] = isObject(value) ? merged(result[key] ?? {}, value) : value;
  }
  return result;
}
