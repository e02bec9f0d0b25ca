import { describe, expect, it } from 'vitest';
import { LeaderElection, OptionError } from '../../src/index.js';

const NAME = { name: 'demo' };

describe('options', () => {
  it.each([
    [
      { leaseDuration: 0 },
      'leaseDuration',
      'duration-not-positive',
      'leaseDuration: must be longer than 0, and is 0 ms',
    ],
    [{ retryPeriod: -1 }, 'retryPeriod', 'duration-not-positive', 'retryPeriod: must be longer than 0, and is -1 ms'],
    [{ renewDeadline: Number.NaN }, 'renewDeadline', 'duration-not-positive', /must be longer than 0/],
    [{ drainTimeout: -5 }, 'drainTimeout', 'duration-not-positive', 'drainTimeout: must be 0 or longer, and is -5 ms'],
    [{ observeTimeout: 0 }, 'observeTimeout', 'duration-not-positive', 'observeTimeout: must be longer than 0'],
    [
      { leaseDuration: 15_500 },
      'leaseDuration',
      'lease-duration-not-whole-seconds',
      /15\.5s, and a Lease stores whole/,
    ],
    [{ leaseDuration: '600000h' }, 'leaseDuration', 'lease-duration-too-long', /must be at most 2147483647s/],
    [
      { retryPeriod: '10s' },
      'retryPeriod',
      'retry-not-below-deadline',
      /shorter than renewDeadline: retryPeriod is 10s/,
    ],
    [{ renewDeadline: 15_000 }, 'renewDeadline', 'stops-after-lease', /15\.25s is more than 15s$/],
    [
      { drainTimeout: '5s' },
      'renewDeadline',
      'stops-after-lease',
      /renewDeadline \+ drainTimeout \+ 0\.25s must be at most/,
    ],
    [{ leaseDuration: '15' }, 'leaseDuration', 'not-a-duration', /"15" is no duration: give milliseconds as a number/],
    [{ leaseDuration: {} }, 'leaseDuration', 'not-a-duration', /no duration/],
    [{ name: 'Upper' }, 'name', 'not-a-name', /"Upper" is no name Kubernetes takes/],
    [{ name: 'a/b' }, 'name', 'not-a-name', /no name/],
    [{ name: undefined }, 'name', 'missing', /missing/],
    [{ namespace: '' }, 'namespace', 'not-a-name', /no name/],
    [{ namespace: 'a.b' }, 'namespace', 'not-a-name', /no name/],
    [{ identity: ' ' }, 'identity', 'wrong-type', /not empty/],
    [{ identity: 'kle/abc' }, 'identity', 'reserved', /kle\/…/],
    [{ releaseOnStop: 'no' }, 'releaseOnStop', 'wrong-type', /true or false/],
    [{ api: {}, kubeConfig: 'x' }, 'api', 'contradiction', /give one of them/],
  ])('refuses %o and names the rule', (given, option, rule, message) => {
    const make = () => new LeaderElection({ ...NAME, ...given } as never);
    expect(make).toThrow(OptionError);
    expect(make).toThrow(expect.objectContaining({ option, rule }) as never);
    expect(make).toThrow(message);
  });

  it('takes numbers as milliseconds and Go durations', () => {
    for (const leaseDuration of [15_000, '15s', '0h0m15s']) new LeaderElection({ ...NAME, leaseDuration });
    expect(() => new LeaderElection({ ...NAME, leaseDuration: 15 })).toThrow('a Lease stores whole seconds');
  });

  it('makes an identity up, another each time', () => {
    const [one, two] = [new LeaderElection(NAME), new LeaderElection(NAME)];
    expect(one.identity).toMatch(/^.+_[a-z0-9]{10}$/);
    expect(one.identity).not.toBe(two.identity);
    expect(new LeaderElection({ ...NAME, identity: 'me' }).identity).toBe('me');
  });

  it('says what a kubeConfig must be', async () => {
    for (const kubeConfig of [{}, 7, null, '']) {
      const election = new LeaderElection({ ...NAME, kubeConfig: kubeConfig as never });
      await expect(election.acquire()).rejects.toThrow(
        'kubeConfig: must be a path, or an object with getCurrentCluster',
      );
    }
  });

  it('wants a namespace with an api that has none', async () => {
    await expect(new LeaderElection({ ...NAME, api: {} as never }).acquire()).rejects.toThrow('namespace: needed');
  });
});
