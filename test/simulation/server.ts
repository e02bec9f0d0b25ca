/** A simulated API server with one Lease: compare-and-swap, one version per write, and a log for watches. */
import type { Request } from '../../src/elector/protocol.js';
import type { ApiFailure } from '../../src/lease/api.js';
import { type LeaseObject, type LeaseRecord, readLease, specKey } from '../../src/lease/record.js';

export interface Version {
  resourceVersion: number;
  type: 'added' | 'modified' | 'deleted';
  record: LeaseRecord;
  /** uid and spec: the same for versions that differ in annotations alone. */
  key: string;
  /** Who wrote it; only the checker may ask. */
  by: string;
  atMs: number;
}

export type Served = { ok: true; record: LeaseRecord } | { ok: false; failure: ApiFailure };

const CONFLICT: ApiFailure = { kind: 'conflict', exists: false, message: 'the object has been modified' };
const EXISTS: ApiFailure = { kind: 'conflict', exists: true, message: 'already exists' };
const GONE: ApiFailure = { kind: 'not-found', resource: 'leases', name: 'l', message: 'not found' };

export class Server {
  current: Version | null = null;
  last: Version | null = null;
  onVersion: (version: Version, previous: Version | null) => void = () => {};
  #resourceVersion = 100;
  #uids = 0;

  get resourceVersion(): number {
    return this.#resourceVersion;
  }

  serve(request: Request, by: string, nowMs: number): Served {
    const { current } = this;
    if (request.verb === 'get') return current ? { ok: true, record: current.record } : { ok: false, failure: GONE };
    if (request.verb === 'create') {
      if (current) return { ok: false, failure: EXISTS };
      return { ok: true, record: this.#store(request.lease, `u${++this.#uids}`, 'added', by, nowMs) };
    }
    if (!current) return { ok: false, failure: request.lease.metadata.uid ? CONFLICT : GONE };
    const { uid, resourceVersion } = request.lease.metadata;
    if (uid !== current.record.uid || resourceVersion !== current.record.resourceVersion) {
      return { ok: false, failure: CONFLICT };
    }
    return { ok: true, record: this.#store(request.lease, uid ?? '', 'modified', by, nowMs) };
  }

  /** What a writer without compare-and-swap does. */
  overwrite(change: (lease: LeaseObject) => LeaseObject, by: string, nowMs: number): void {
    if (!this.current) return;
    const lease = change(structuredClone(this.current.record.raw));
    this.#store(lease, this.current.record.uid ?? '', 'modified', by, nowMs);
  }

  remove(by: string, nowMs: number): void {
    if (!this.current) return;
    const { uid } = this.current.record;
    const { raw } = this.current.record;
    this.#store(raw, uid ?? '', 'deleted', by, nowMs);
  }

  #store(lease: LeaseObject, uid: string, type: Version['type'], by: string, atMs: number): LeaseRecord {
    const resourceVersion = ++this.#resourceVersion;
    const metadata = { ...lease.metadata, uid, resourceVersion: String(resourceVersion) };
    const record = readLease({ ...lease, metadata });
    const version = { resourceVersion, type, record, key: `${uid} ${specKey(record)}`, by, atMs };
    const previous = this.current;
    this.current = type === 'deleted' ? null : version;
    this.last = version;
    this.onVersion(version, previous);
    return record;
  }
}
