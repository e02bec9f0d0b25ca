/**
 * A watch as a source of lines: initial events, then changes as they come, bookmarks, and the end (apiserver
 * pkg/endpoints/handlers/watch.go, pkg/storage/cacher). Lines are made when they are drawn, never kept.
 */
import type { JsonObject, KubeObject } from '../json/value.js';
import type { Resource } from '../resources/resource.js';
import { emptyObject } from '../schema/decode.js';
import { expired, unclassified } from '../status.js';
import { WatchCursor } from '../watch-cursor.js';
import { type ApiServer, nowMs } from './api-server.js';
import { emptyOf } from './body.js';
import type { Call, StreamAnswer, WatchSource } from './call.js';
import { type OutputForm, outputForm } from './negotiate.js';
import { type ListOptions, listOptions } from './options.js';
import { versionFor } from './read.js';
import { type Selection, selectionOf } from './selection.js';
import { partial, shown, table } from './shape.js';

const CHANGES_PER_DRAW = 256;
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';
/** Without timeoutSeconds a watch ends after 30 to 60 minutes (server/config.go, MinRequestTimeout). */
const MIN_TIMEOUT_MS = 1_800_000;
/** A last bookmark comes this long before the end (cache_watcher.go, nextBookmarkTime). */
const LAST_BOOKMARK_MS = 2_000;

export function watchObjects(server: ApiServer, call: Call, resource: Resource, random: () => number): StreamAnswer {
  const form = outputForm(call, true);
  const options = listOptions(call.query, true);
  const selection = selectionOf(call, resource, options);
  const version = versionFor(options.resourceVersion, unclassified);
  const stream = new ObjectWatch(server, call, resource, form, options, selection, version, random());
  return { status: 200, contentType: 'application/json', stream };
}

class ObjectWatch implements WatchSource {
  private readonly server: ApiServer;
  private readonly call: Call;
  private readonly resource: Resource;
  private readonly form: OutputForm;
  private readonly options: ListOptions;
  private readonly cursor: WatchCursor;
  private readonly endsAt: number;
  private initial: KubeObject[] | undefined;
  private nextBookmark: number;
  private columnsSent = false;
  private expiredAt: string | undefined;
  private ended = false;

  constructor(
    server: ApiServer,
    call: Call,
    resource: Resource,
    form: OutputForm,
    options: ListOptions,
    selection: Selection,
    version: bigint,
    random: number,
  ) {
    this.server = server;
    this.call = call;
    this.resource = resource;
    this.form = form;
    this.options = options;
    const { store, clock } = server;
    const now = clock.monoMs();
    const timeout = options.timeoutSeconds ? options.timeoutSeconds * 1000 : MIN_TIMEOUT_MS * (1 + random);
    this.endsAt = now + timeout;
    this.nextBookmark = this.bookmarkAfter(now);
    const fromStore = options.sendInitialEvents === true;
    if (fromStore) this.initial = store.list(resource.storage).filter(selection.matches);
    const start = fromStore || version === 0n ? store.revision : Number(version);
    if (!fromStore && version !== 0n && start < store.compacted) this.expiredAt = `${version} (${store.compacted})`;
    this.cursor = new WatchCursor(store, resource.storage, selection.matches, start);
  }

  next(): { lines: string[]; behind: boolean; end: boolean } {
    if (this.ended) return { lines: [], behind: false, end: true };
    if (this.expiredAt !== undefined) return this.finish([this.expiry(this.expiredAt)]);
    const now = this.server.clock.monoMs();
    if (now >= this.endsAt) return this.finish([]);
    const lines = this.drawInitial();
    // An event is no list: the first that should be one ends the stream.
    if (lines.length > 0 && typeof this.form === 'object' && this.form.kind.endsWith('List')) return this.finish([]);
    const drawn = this.cursor.next(CHANGES_PER_DRAW);
    if (drawn === 'lost') {
      return this.finish([...lines, this.expiry(`${this.cursor.revision} (${this.server.store.compacted})`)]);
    }
    for (const event of drawn.events) lines.push(this.line(event.type, shown(this.resource, event.object)));
    if (this.options.allowWatchBookmarks && !drawn.behind && now >= this.nextBookmark) {
      this.nextBookmark = this.bookmarkAfter(now);
      lines.push(this.bookmark(false));
    }
    return { lines, behind: drawn.behind, end: false };
  }

  isLost(): boolean {
    return this.cursor.revision < this.server.store.compacted;
  }

  onReady(callback: () => void): () => void {
    const { store, clock } = this.server;
    const stopChanges = store.onChange(callback);
    let cancel = () => {};
    const arm = () => {
      const now = clock.monoMs();
      const due = this.options.allowWatchBookmarks ? Math.min(this.nextBookmark, this.endsAt) : this.endsAt;
      cancel = clock.timer(Math.max(1, due - now), () => {
        callback();
        arm();
      });
    };
    arm();
    return () => {
      stopChanges();
      cancel();
    };
  }

  private finish(lines: string[]): { lines: string[]; behind: boolean; end: boolean } {
    this.ended = true;
    return { lines, behind: false, end: true };
  }

  private drawInitial(): string[] {
    if (!this.initial) return [];
    const lines = this.initial.map((object) => this.line('ADDED', shown(this.resource, object)));
    this.initial = undefined;
    if (this.options.allowWatchBookmarks) lines.push(this.bookmark(true));
    return lines;
  }

  private bookmarkAfter(now: number): number {
    const last = this.endsAt - LAST_BOOKMARK_MS;
    const next = now + this.server.bookmarkEveryMs;
    return now < last ? Math.min(next, last) : Number.POSITIVE_INFINITY;
  }

  private bookmark(initialEnd: boolean): string {
    const metadata = {
      resourceVersion: String(this.cursor.revision),
      ...(initialEnd ? { annotations: { [INITIAL_EVENTS_END]: 'true' } } : {}),
    };
    const empty = emptyObject(this.resource.type);
    return this.line('BOOKMARK', { ...emptyOf(this.resource), ...withoutKind(empty), metadata } as KubeObject);
  }

  private expiry(detail: string): string {
    return `${JSON.stringify({ type: 'ERROR', object: expired(`too old resource version: ${detail}`).status })}\n`;
  }

  private line(type: string, object: KubeObject): string {
    if (this.form === 'object') return `{"type":"${type}","object":${textOf(object)}}\n`;
    return `${JSON.stringify({ type, object: this.shaped(object) })}\n`;
  }

  private shaped(object: KubeObject): JsonObject {
    if (this.form === 'object') return object;
    if (this.form.kind !== 'Table') return partial(object, this.form.version);
    const metadata = { resourceVersion: object.metadata.resourceVersion ?? '' };
    const first = !this.columnsSent;
    this.columnsSent = true;
    return table(this.call, this.resource, this.form.version, [object], metadata, nowMs(this.server), first);
  }
}

function withoutKind(object: JsonObject): JsonObject {
  const { kind: _kind, apiVersion: _version, metadata: _metadata, ...rest } = object;
  return rest;
}

const texts = new WeakMap<KubeObject, string>();

/** Objects do not change, so many watchers share one text. */
function textOf(object: KubeObject): string {
  let text = texts.get(object);
  if (text === undefined) {
    text = JSON.stringify(object);
    texts.set(object, text);
  }
  return text;
}
