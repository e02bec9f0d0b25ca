/** A KubeConfig by its shape: what becomes of its cluster, its credential and its age. */
import { describe, expect, it } from 'vitest';
import { connectionOf } from '../../src/library/kube-config.js';
import type { KubeConfigLike } from '../../src/library/types.js';
import { type Clock, systemClock } from '../../src/platform/clock.js';

const ENV = {};

function configOf(apply: (options: Record<string, unknown>) => void, cluster = {}): KubeConfigLike {
  return {
    getCurrentCluster: () => ({ server: 'https://10.0.0.1:6443', skipTLSVerify: false, ...cluster }),
    getCurrentContext: () => 'here',
    getContextObject: () => ({ namespace: 'shop\n' }),
    applyToHTTPSOptions: async (options) => apply(options as Record<string, unknown>),
  };
}

function handClock(): { clock: Clock; forward(ms: number): void } {
  let ms = 0;
  const forward = (by: number) => {
    ms += by;
  };
  return { clock: { ...systemClock, monoMs: () => ms }, forward };
}

describe('connectionOf', () => {
  it('takes server, trust, namespace and impersonation', async () => {
    const config = configOf(
      (options) => {
        Object.assign(options, { ca: 'PEM', servername: 'api.internal', headers: { 'Impersonate-User': 'jörg' } });
      },
      { proxyUrl: 'http://proxy:3128' },
    );
    const connection = await connectionOf(config, ENV, systemClock);
    expect(connection).toMatchObject({
      contextName: 'here',
      namespace: 'shop',
      tls: { ca: 'PEM', servername: 'api.internal', insecure: false },
      headers: [['Impersonate-User', 'jÃ¶rg']],
    });
    expect(connection.server.href).toBe('https://10.0.0.1:6443/');
    expect(connection.proxy?.host).toBe('proxy:3128');
    expect(await connection.credential()).toEqual({});
  });

  it.each([
    ['a bearer token', { headers: { Authorization: 'Bearer t' } }, { authorization: 'Bearer t' }],
    ['basic auth', { auth: 'me:secret' }, { authorization: 'Basic bWU6c2VjcmV0' }],
    ['a certificate', { cert: 'C', key: 'K', headers: undefined }, { cert: 'C', key: 'K' }],
  ])('takes %s', async (_, given, expected) => {
    const connection = await connectionOf(
      configOf((options) => Object.assign(options, given)),
      ENV,
      systemClock,
    );
    expect(await connection.credential()).toEqual(expected);
  });

  it('trusts any certificate only where the KubeConfig does', async () => {
    const connection = await connectionOf(
      configOf(() => {}, { skipTLSVerify: true }),
      ENV,
      systemClock,
    );
    expect(connection.tls.insecure).toBe(true);
  });

  it('asks again for an old credential without making anybody wait, and keeps what it has when that fails', async () => {
    const { clock, forward } = handClock();
    const answers: (string | Error)[] = ['one', 'one', new Error('the plugin failed'), 'two'];
    const config = configOf((options) => {
      const answer = answers.shift() ?? 'last';
      if (answer instanceof Error) throw answer;
      options.headers = { Authorization: answer };
    });
    const connection = await connectionOf(config, ENV, clock);
    const first = await connection.credential();
    expect(answers).toHaveLength(3);
    const again = async () => {
      forward(10_001);
      const had = await connection.credential();
      // What was asked for meanwhile has been answered.
      await new Promise(setImmediate);
      return had;
    };
    // The same object, so that sockets are used again.
    expect(await again()).toBe(first);
    expect(await again()).toBe(first);
    expect(await again()).toBe(first);
    expect(await connection.credential()).toEqual({ authorization: 'two' });
  });

  it('asks at once after a 401, and says when there is none', async () => {
    let good = true;
    const config = configOf(() => {
      if (!good) throw new Error('log in first');
    });
    const connection = await connectionOf(config, ENV, systemClock);
    good = false;
    expect(connection.forgetCredential()).toBe(true);
    await expect(connection.credential()).rejects.toThrow('the kubeConfig has no credential: log in first');
    await expect(connectionOf(config, ENV, systemClock)).rejects.toThrow('log in first');
  });
});
