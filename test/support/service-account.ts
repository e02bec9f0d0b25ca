/** A service account with the rights of a candidate, its tokens, and a place where a process takes itself for in a Pod. */
import { spawnSync } from 'node:child_process';
import { createPrivateKey, createSign, type KeyObject } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stranger } from './acquire-watch.js';
import type { ApiServer } from './apiserver.js';

const NAMESPACE = '/api/v1/namespaces/default';
export const RBAC = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
const NAME = 'worker';

/** The server takes a token for so long after its end (go-jose `jwt.DefaultLeeway`). */
const GRACE_S = 60;

interface Named {
  metadata: { name: string; uid: string };
}

/** A token that the server refuses as soon as what it is bound to has gone. */
export interface BoundToken {
  readonly text: string;
  /** Resolves when the server refuses it: what it has accepted it goes on accepting for ten seconds. */
  revoke(): Promise<void>;
}

export class ServiceAccount {
  readonly #stranger: Stranger;
  readonly #uid: string;
  readonly #key: KeyObject;
  #count = 0;

  private constructor(stranger: Stranger, uid: string, key: KeyObject) {
    this.#stranger = stranger;
    this.#uid = uid;
    this.#key = key;
  }

  static async create(stranger: Stranger, server: ApiServer): Promise<ServiceAccount> {
    const { metadata } = await stranger.ask<Named>('POST', `${NAMESPACE}/serviceaccounts`, {
      metadata: { name: NAME },
    });
    await stranger.ask('POST', `${RBAC}/roles`, {
      metadata: { name: NAME },
      rules: [
        {
          apiGroups: ['coordination.k8s.io'],
          resources: ['leases'],
          verbs: ['get', 'list', 'watch', 'create', 'update'],
        },
      ],
    });
    await stranger.ask('POST', `${RBAC}/rolebindings`, {
      metadata: { name: NAME },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: NAME },
      subjects: [{ kind: 'ServiceAccount', name: NAME, namespace: 'default' }],
    });
    const key = createPrivateKey(readFileSync(join(server.dir, 'service-account.key')));
    return new ServiceAccount(stranger, metadata.uid, key);
  }

  /** By TokenRequest, as the kubelet has them. */
  async token(): Promise<BoundToken> {
    const name = `bound-${++this.#count}`;
    const secret = await this.#stranger.ask<Named>('POST', `${NAMESPACE}/secrets`, { metadata: { name } });
    const { uid } = secret.metadata;
    const { status } = await this.#stranger.ask<{ status: { token: string } }>(
      'POST',
      `${NAMESPACE}/serviceaccounts/${NAME}/token`,
      { spec: { expirationSeconds: 600, boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name, uid } } },
    );
    return {
      text: status.token,
      revoke: async () => {
        await this.#stranger.ask('DELETE', `${NAMESPACE}/secrets/${name}`);
        // There is no event for it: the server forgets what it has accepted when it is asked.
        while ((await this.#stranger.statusFor(status.token)) !== 401) {
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
      },
    };
  }

  /** Signed with the server's own key, for a life shorter than TokenRequest gives. */
  tokenFor(seconds: number): string {
    const issuer = 'https://kubernetes.default.svc';
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: issuer,
      aud: [issuer],
      sub: `system:serviceaccount:default:${NAME}`,
      iat: now - 2 * GRACE_S,
      nbf: now - 2 * GRACE_S,
      exp: now + seconds - GRACE_S,
      'kubernetes.io': { namespace: 'default', serviceaccount: { name: NAME, uid: this.#uid } },
    };
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = `${part({ alg: this.#key.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256', typ: 'JWT' })}.${part(claims)}`;
    const key = { key: this.#key, dsaEncoding: 'ieee-p1363' as const };
    return `${signed}.${createSign('sha256').update(signed).sign(key).toString('base64url')}`;
  }
}

/** What the kubelet puts into a Pod, and how it changes it: a whole file in the place of another. */
export class PodFolder {
  readonly path: string;

  constructor(path: string, ca: string, token: string) {
    this.path = path;
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'ca.crt'), ca);
    writeFileSync(join(path, 'namespace'), 'elsewhere');
    this.rotate(token);
  }

  rotate(token: string): void {
    const next = join(this.path, 'token.next');
    writeFileSync(next, token, { mode: 0o600 });
    renameSync(next, join(this.path, 'token'));
  }

  /** To run something that finds this folder where a Pod has it: in a mount namespace of its own, where /run is empty. */
  get through(): readonly string[] {
    return [...UNSHARE, 'sh', '-c', MOUNT, 'sh', this.path];
  }
}

const UNSHARE = ['unshare', '--map-root-user', '--mount'];
const MOUNT = [
  'mount -t tmpfs none /run && mkdir -p /run/secrets/kubernetes.io',
  'ln -s "$1" /run/secrets/kubernetes.io/serviceaccount && shift && exec "$@"',
].join(' && ');

/** Undefined where it works; else why it cannot be done here. */
export function noPodFolders(): string | undefined {
  if (process.platform !== 'linux') return `this is ${process.platform}, not Linux`;
  const [first = '', ...words] = [...UNSHARE, 'sh', '-c', MOUNT, 'sh', '/tmp'];
  const tried = spawnSync(first, [...words, 'test', '-d', '/var/run/secrets/kubernetes.io/serviceaccount/.'], {
    encoding: 'utf8',
  });
  if (tried.status === 0) return undefined;
  return `no mount namespace of our own: ${(tried.stderr ?? String(tried.error)).trim()}`;
}
