/** `kle acquire` as its user meets it, on the sandbox. What needs a real API server and faults is in test/cluster. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { play, trials } from '../support/acquire-faults.js';
import {
  type AcquireEnd,
  Acquiring,
  endAll,
  isDead,
  membersOf,
  SHORT,
  untilDead,
  worker,
} from '../support/acquire-run.js';
import { type Sandbox, startSandbox } from '../support/acquire-sandbox.js';
import { randomOf } from '../support/acquire-stage.js';
import { Stranger } from '../support/acquire-watch.js';
import { kle, type Run, type RunOptions } from '../support/kle.js';
import { chunk, head, json, type Script, startTestServer, status } from '../support/test-server.js';
import { transcript } from '../support/transcript.js';
import { ms, parseWork } from '../support/worker-log.js';

const folder = mkdtempSync(join(tmpdir(), 'kle-acquire-'));
const ALL = ['get', 'list', 'watch', 'create', 'update'];
const without = (verb: string) =>
  ALL.filter((one) => one !== verb)
    .map((one) => `${one}:leases`)
    .join(',');

let sandbox: Sandbox;
let stranger: Stranger;
let count = 0;

beforeAll(async () => {
  const users = Object.fromEntries(ALL.map((verb) => [`no-${verb}`, without(verb)]));
  users['no-events'] = ALL.map((verb) => `${verb}:leases`).join(',');
  users['no-reads'] = 'create:leases,update:leases';
  sandbox = await startSandbox(folder, users);
  stranger = new Stranger(sandbox.kubeconfig);
});

afterAll(async () => {
  await endAll();
  stranger?.close();
  await sandbox?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const newLease = (): string => `lease-${++count}`;
const file = (name: string): string => join(folder, name);

function acquire(lease: string, ...args: string[]): Acquiring {
  return new Acquiring([lease, ...SHORT, ...args], { kubeconfig: sandbox.kubeconfig });
}

const acquireAs = (user: string, lease: string, ...args: string[]): Acquiring =>
  new Acquiring([lease, ...SHORT, ...args], { kubeconfig: sandbox.kubeconfigOf(user) });

/** Its end, and that nothing of it is left. */
async function ending(run: Acquiring): Promise<AcquireEnd> {
  const end = await run.until(() => run.ended, 'its end');
  expect(run.left(), 'processes left behind').toEqual([]);
  return end;
}

const holderOf = async (lease: string): Promise<unknown> => (await stranger.get(lease)).spec?.holderIdentity ?? '';

async function said(args: string[], options: RunOptions = {}, hide: Record<string, string> = {}): Promise<string> {
  const run: Run = await kle(args, options);
  expect(run.stderr).not.toMatch(/^\s+at /m);
  return transcript(args, run, { [folder]: '/FOLDER', ...hide });
}

describe('refuses', () => {
  it.each([
    [['acquire']],
    [['acquire', '--', 'sh']],
    [['acquire', 'web', '--']],
    [['acquire', 'web', 'sleep', '5']],
    [['acquire', '-n', 'shop', 'web', 'sh', '-c', 'true']],
    [['acquire', 'web', 'other', '--', 'true']],
    [['acquire', 'pods/web']],
    [['acquire', 'web', '--retry-period=10s']],
    [['acquire', 'web', '--retry-period=0s']],
    [['acquire', 'web', '--retry-period=-1s']],
    [['acquire', 'web', '--retry-period=2']],
    [['acquire', 'web', '--renew-deadline=15s']],
    [['acquire', 'web', '--renew-deadline=0s']],
    [['acquire', 'web', '--renew-deadline=ten']],
    [['acquire', 'web', '--lease-duration=2147483648s']],
    [['acquire', 'web', '--lease-duration=15500ms']],
    [['acquire', 'web', '--lease-duration=0s']],
    [['acquire', 'web', '--lease-duration=-15s']],
    [['acquire', 'web', '--lease-duration=15']],
    [['acquire', 'web', '--drain-timeout=4800ms']],
    [['acquire', 'web', '--drain-timeout=-1s']],
    [['acquire', 'web', '--timeout=soon']],
    [['acquire', 'web', '--timeout=-1s']],
    [['acquire', 'web', '--timeout-exit-code=256']],
    [['acquire', 'web', '-E', 'x']],
    [['acquire', 'web', '--identity=']],
    [['acquire', 'web', '--identity=kle/abc']],
    [['acquire', 'web', '--once']],
    [['acquire', 'web', '--once', '--identity=a', '--', 'true']],
    [['acquire', 'web', '--restart']],
    [['acquire', 'web', '--leader-elect=false']],
    [['acquire', 'web', '--leader-elect=maybe', '--', 'true']],
    [['acquire', 'web', '--http=nowhere']],
    [['acquire', 'web', '--ready-when=sometimes']],
  ])('%j', async (args) => {
    expect(await said(args)).toMatchSnapshot();
  });

  it('an address that is taken', async () => {
    const taken = createServer();
    const port = await new Promise<number>((resolve) =>
      taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port)),
    );
    const lease = newLease();
    const run = await kle(['acquire', lease, `--http=127.0.0.1:${port}`, '--', 'true'], sandbox);
    taken.close();
    expect(run.code).toBe(2);
    expect(run.stderr).toContain(`--http: cannot listen on 127.0.0.1:${port}: listen EADDRINUSE`);
    await expect(stranger.get(lease)).rejects.toThrow('404');
  });
});

it.each([
  ['acquire', 'kle acquire LEASE [FLAGS] [-- CMD...]'],
  ['wait', 'kle wait LEASE --for=CONDITION... [FLAGS]'],
])('%s --help shows what is needed', async (verb, usage) => {
  const { stdout } = await kle([verb, '--help']);
  expect(stdout).toContain(`USAGE\n  $ ${usage}\n`);
  expect(stdout).toMatch(/^ {2}LEASE {2}/m);
});

it('warns of timing that client-go would refuse or that leaves little room', async () => {
  const run = await kle(
    ['acquire', newLease(), '--lease-duration=3s', '--renew-deadline=2s', '--retry-period=1s', '--', 'true'],
    sandbox,
  );
  expect(run.code).toBe(0);
  expect(run.stderr).toMatchSnapshot();
});

describe('the command', () => {
  it('is told who leads what, and with which token', async () => {
    const lease = newLease();
    const run = acquire(lease, '--identity=me', '-n', 'default', '--', 'sh', '-c', 'env | grep ^KLE_ | sort');
    expect(await ending(run)).toMatchObject({ code: 0 });
    const { metadata, spec } = await stranger.get(lease);
    const values = Object.fromEntries(
      run.stdout
        .trim()
        .split('\n')
        .map((line) => line.split('=')),
    );
    expect(values).toMatchObject({
      KLE_LEASE: lease,
      KLE_NAMESPACE: 'default',
      KLE_IDENTITY: 'me',
      KLE_LEASE_UID: metadata.uid,
      KLE_LEASE_TRANSITIONS: '0',
      KLE_FENCING_TOKEN: expect.stringMatching(/^\d+$/),
    });
    expect(Number(values.KLE_FENCING_TOKEN)).toBeLessThan(Number(metadata.resourceVersion));
    expect(spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
    expect(run.stderr).toBe('');
  });

  it('has our streams, and keeps its words as they are', async () => {
    const command = ['sh', '-c', 'cat; echo "$@" >&2', 'sh', '--timeout', '-v', '--', 'a b'];
    const run = new Acquiring([newLease(), '--', ...command], {
      kubeconfig: sandbox.kubeconfig,
      input: 'to and fro\n',
    });
    expect(await ending(run)).toMatchObject({ code: 0 });
    expect(run.stdout).toBe('to and fro\n');
    expect(run.stderr).toBe('--timeout -v -- a b\n');
  });

  it.each([
    ['exits at once', ['true'], 0, ''],
    ['exits with a code', ['sh', '-c', 'exit 7'], 7, ''],
    ['is ended by a signal', ['sh', '-c', 'kill -USR1 $$'], 138, ''],
    ['is killed', ['sh', '-c', 'kill -9 $$'], 137, ''],
    ['is not there', ['no-such-command'], 127, 'kle: no-such-command: there is no such command (ENOENT)\n'],
    ['lies below a file', ['/etc/passwd/x'], 127, 'kle: /etc/passwd/x: there is no such command (ENOTDIR)\n'],
    ['is a folder', ['/tmp'], 126, 'kle: /tmp: it cannot be run (EACCES)\n'],
  ])('%s: its code is ours and the Lease is free', async (_what, command, code, stderr) => {
    const lease = newLease();
    const run = acquire(lease, '--', ...command);
    expect(await ending(run)).toMatchObject({ code, signal: null });
    expect(run.stderr).toBe(stderr);
    expect(await holderOf(lease)).toBe('');
  });

  it('may not be executable', async () => {
    const lease = newLease();
    const script = file('plain');
    writeFileSync(script, '#!/bin/sh\n');
    chmodSync(script, 0o644);
    const run = acquire(lease, '--', script);
    expect(await ending(run)).toMatchObject({ code: 126 });
    expect(run.stderr).toBe(`kle: ${script}: it cannot be run (EACCES)\n`);
    expect(await holderOf(lease)).toBe('');
  });

  it('may close its streams: it is led on, and ended when the Lease is lost', async () => {
    const lease = newLease();
    const out = file(`${lease}.work`);
    const run = acquire(lease, '--', ...worker(out, 'close-stdio'));
    await run.until(() => existsSync(out) || undefined, 'work');
    const watch = await stranger.watch(lease);
    const renewals = new Set<string | null>();
    await watch.until((look) => renewals.add(look.renewTime).size > 3, 'three renewals');
    await stranger.patch(lease, { spec: { holderIdentity: 'thief' } });
    expect(await ending(run)).toMatchObject({ code: 75 });
    watch.close();
  });

  it('may leave a process of its group behind: that is ended before the Lease is freed', async () => {
    const lease = newLease();
    const out = file(`${lease}.work`);
    const watch = await stranger.watch(lease);
    let alive: boolean | undefined;
    const run = acquire(lease, '--', ...worker(out, 'child', 'leave', 'drain=150'));
    const group = await run.command();
    watch.onLook = (look) => {
      if (look.holder === '') alive = membersOf(new Set([group])).length > 0;
    };
    expect(await ending(run)).toMatchObject({ code: 0 });
    const freed = await watch.until((look) => look.holder === '', 'release');
    expect(alive, 'a process of the group lived when the Lease was freed').toBe(false);
    const last = parseWork(readFileSync(out, 'utf8')).at(-1);
    expect(last?.mono).toBeLessThan(freed.mono);
    watch.close();
  });

  it.runIf(process.platform === 'linux')('may start a daemon that leaves its group: that is not held', async () => {
    const lease = newLease();
    const left = 'until [ "$(cut -d" " -f6 /proc/$!/stat)" = $! ]; do :; done';
    const script = `setsid sleep 60 < /dev/null > /dev/null 2>&1 & ${left}; echo $!`;
    const run = acquire(lease, '--', 'sh', '-c', script);
    expect(await ending(run)).toMatchObject({ code: 0 });
    const daemon = Number(run.stdout);
    expect(isDead(daemon), 'docs/acquire.md says that it lives on').toBe(false);
    process.kill(daemon, 'SIGKILL');
    expect(await holderOf(lease)).toBe('');
  });

  it('may ignore TERM: it is killed after the drain, and only then is the Lease freed', async () => {
    const lease = newLease();
    const out = file(`${lease}.work`);
    const run = acquire(lease, '--drain-timeout=300ms', '--', ...worker(out, 'ignore-term'));
    await run.until(() => existsSync(out) || undefined, 'work');
    await stranger.patch(lease, { spec: { holderIdentity: 'thief' } });
    const at = process.hrtime.bigint();
    expect(await ending(run)).toMatchObject({ code: 75 });
    const last = parseWork(readFileSync(out, 'utf8')).at(-1);
    expect(ms((last?.mono ?? 0n) - at)).toBeGreaterThan(150);
    expect(ms((last?.mono ?? 0n) - at)).toBeLessThan(1500);
    expect(await holderOf(lease)).toBe('thief');
  });

  it('gets the signals that come to kle', async () => {
    const lease = newLease();
    const run = acquire(lease, '--', ...worker(file(`${lease}.work`), 'ignore-term', 'tell'));
    await run.line('ready');
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const) {
      run.signal(signal);
      await run.line(new RegExp(`^${signal}$`));
    }
    process.kill(await run.command(), 'SIGKILL');
    expect(await ending(run)).toMatchObject({ code: 137 });
    expect(await holderOf(lease)).toBe('');
  });

  it('leads a group of its own, which no signal to ours reaches', async () => {
    const run = acquire(newLease(), '--', 'sh', '-c', 'cut -d" " -f1,5,6 /proc/$$/stat');
    await ending(run);
    const [pid, group, session] = run.stdout.trim().split(' ');
    expect([group, session]).toEqual([pid, pid]);
  });
});

describe('a lost Lease', () => {
  const steal = (lease: string) => stranger.patch(lease, { spec: { holderIdentity: 'thief' } });

  it.each([
    ['75', [], 75],
    ['-E', ['-E', '9'], 9],
  ])('ends with %s, and says why', async (_what, flags, code) => {
    const lease = newLease();
    const out = file(`${lease}.work`);
    const run = acquire(lease, ...flags, '--', ...worker(out));
    await run.until(() => existsSync(out) || undefined, 'work');
    await steal(lease);
    expect(await ending(run)).toMatchObject({ code });
    expect(run.stderr).toContain('kle: lost the Lease: somebody else holds the Lease; the command has ended; ');
  });

  it('--restart competes again, with a higher token', async () => {
    const lease = newLease();
    const out = file(`${lease}.work`);
    const run = acquire(lease, '--restart', '--', ...worker(out));
    await run.until(() => existsSync(out) || undefined, 'work');
    await steal(lease);
    await run.line('competing again');
    const second = await run.until(() => {
      const tokens = new Set(parseWork(readFileSync(out, 'utf8')).map(({ token }) => token));
      return tokens.size > 1 ? [...tokens] : undefined;
    }, 'a second term');
    expect(Number(second[1])).toBeGreaterThan(Number(second[0]));
    run.signal('SIGTERM');
    expect(await ending(run)).toMatchObject({ code: 143 });
    expect(await holderOf(lease)).toBe('');
  });

  it('--restart does not start a command again that ended by itself', async () => {
    const run = acquire(newLease(), '--restart', '--', 'sh', '-c', 'echo once; exit 4');
    expect(await ending(run)).toMatchObject({ code: 4 });
    expect(run.stdout).toBe('once\n');
  });

  it('--no-release leaves it to expire', async () => {
    const lease = newLease();
    const run = acquire(lease, '--identity=me', '--no-release', '--', 'true');
    expect(await ending(run)).toMatchObject({ code: 0 });
    expect(await holderOf(lease)).toBe('me');
  });
});

describe('--timeout', () => {
  it('0s takes a free Lease', async () => {
    const run = acquire(newLease(), '--timeout=0s', '--', 'echo', 'led');
    expect(await ending(run)).toMatchObject({ code: 0 });
    expect(run.stdout).toBe('led\n');
  });

  it.each([
    ['0s', [], 124],
    ['300ms', [], 124],
    ['0s', ['--timeout-exit-code=1'], 1],
  ])('%s with %j gives a held Lease up', async (timeout, flags, code) => {
    const lease = newLease();
    await stranger.create(lease, { holderIdentity: 'other', leaseDurationSeconds: 60, ...times() });
    const run = acquire(lease, `--timeout=${timeout}`, ...flags, '--', 'echo', 'led');
    expect(await ending(run)).toMatchObject({ code });
    expect(run.stdout).toBe('');
    expect(run.stderr).toBe('kle: held by other\nkle: not acquired in time: held by other\n');
    expect(await holderOf(lease)).toBe('other');
  });

  it('counts until the Lease is held, not while the command runs', async () => {
    const run = acquire(newLease(), '--timeout=3s', '--', 'sh', '-c', 'sleep 3.2; echo done');
    expect(await ending(run)).toMatchObject({ code: 0 });
    expect(run.stdout).toBe('done\n');
  });
});

const times = (at = new Date()) => {
  const text = at.toISOString().replace('Z', '000Z');
  return { acquireTime: text, renewTime: text, leaseTransitions: 3 };
};

describe('--once', () => {
  const once = (lease: string, identity: string, ...flags: string[]) =>
    kle(['acquire', lease, ...SHORT, '--once', `--identity=${identity}`, ...flags], sandbox);

  it('takes a free Lease, and renews its own', async () => {
    const lease = newLease();
    const first = await once(lease, 'me');
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/^acquired default\/\S+ as me \(token \d+\)\nvalidUntil: \d{4}-\S+\.\d{6}Z\n$/);
    const second = await once(lease, 'me', '-o', 'json');
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(second.stdout)).toMatchObject({
      apiVersion: 'kle/v1alpha1',
      kind: 'AcquireResult',
      lease: { namespace: 'default', name: lease },
      identity: 'me',
      outcome: 'renewed',
      holder: 'me',
      token: expect.stringMatching(/^\d+$/),
      remainingMs: expect.any(Number),
    });
    const { remainingMs, validUntil } = JSON.parse(second.stdout);
    expect(remainingMs).toBeLessThanOrEqual(2000);
    expect(Math.abs(Date.parse(validUntil) - Date.now())).toBeLessThan(5000);
    // Nobody ends a term of --once but time.
    expect(await holderOf(lease)).toBe('me');
  });

  it('says who holds it', async () => {
    const lease = newLease();
    await once(lease, 'me');
    const run = await once(lease, 'you', '--timeout=0s', '-o', 'json');
    expect(run.code).toBe(1);
    expect(JSON.parse(run.stdout)).toMatchObject({ outcome: 'held', holder: 'me', token: null, validUntil: null });
    expect((await once(lease, 'you', '--timeout=0s')).stdout).toBe(`default/${lease} is held by me\n`);
  });

  it('waits an expired one out: by what it sees, never by renewTime', async () => {
    const lease = newLease();
    const old = times(new Date(Date.now() - 3_600_000));
    await stranger.create(lease, { holderIdentity: 'gone', leaseDurationSeconds: 2, ...old });
    const started = process.hrtime.bigint();
    const run = await once(lease, 'me');
    expect(run.code).toBe(0);
    expect(run.stderr).toBe(`kle: watching default/${lease}, held by gone, for up to 3.0s\n`);
    expect(run.stdout).toContain(`acquired default/${lease} as me`);
    expect(ms(process.hrtime.bigint() - started)).toBeGreaterThan(3000);
  });

  it('does not take one that is renewed meanwhile', async () => {
    const lease = newLease();
    const leader = acquire(lease, '--identity=leader');
    await leader.line('acquired');
    const run = await once(lease, 'me');
    expect(run).toMatchObject({ code: 1, stdout: `default/${lease} is held by leader\n` });
    leader.signal('SIGINT');
    expect(await ending(leader)).toMatchObject({ code: 0 });
  });

  it('gives up after --timeout', async () => {
    const lease = newLease();
    await stranger.create(lease, { holderIdentity: 'other', leaseDurationSeconds: 60, ...times() });
    expect(await once(lease, 'me', '--timeout=300ms')).toMatchObject({ code: 124 });
  });
});

describe('without a command', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'holds until %s, a line on each change, and frees the Lease',
    async (signal) => {
      const lease = newLease();
      const run = acquire(lease, '--identity=me');
      await run.line(`acquired default/${lease} as me (token `);
      run.signal(signal);
      expect(await ending(run)).toMatchObject({ code: 0 });
      expect(run.stdout.split('\n')).toEqual([
        expect.stringMatching(/^acquired default\/lease-\d+ as me \(token \d+\)$/),
        'stepping down: the Lease is free',
        '',
      ]);
      expect(await holderOf(lease)).toBe('');
    },
  );

  it('competes again when the Lease is lost', async () => {
    const lease = newLease();
    const run = acquire(lease, '--identity=me');
    await run.line('acquired');
    await stranger.patch(lease, { spec: { holderIdentity: 'thief' } });
    await run.line(`lost default/${lease}: somebody else holds the Lease; competing again`);
    await run.line('held by thief');
    await run.until(() => (run.stdout.match(/^acquired/gm)?.length === 2 ? true : undefined), 'a second term');
    run.signal('SIGINT');
    expect(await ending(run)).toMatchObject({ code: 0 });
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s before it led ends with %i', async (signal, code) => {
    const lease = newLease();
    await stranger.create(lease, { holderIdentity: 'other', leaseDurationSeconds: 60, ...times() });
    for (const command of [[], ['--', 'echo', 'led']]) {
      const run = acquire(lease, ...command);
      await run.line('held by other');
      run.signal(signal);
      expect(await ending(run)).toMatchObject({ code });
      expect(run.stdout).toBe('');
    }
    expect(await holderOf(lease)).toBe('other');
  });
});

describe('flags beside the election', () => {
  it('--leader-elect=false runs the command at once, without a cluster and without a token, and warns', async () => {
    const run = await kle(['acquire', 'web', '--leader-elect=false', '--', 'sh', '-c', 'env | grep ^KLE_; exit 6']);
    expect(run).toMatchObject({ code: 6, stdout: '' });
    expect(run.stderr).toBe(
      'kle: warning: --leader-elect=false: the command runs without any Lease; others may run it at the same time\n',
    );
  });

  it('--events records when it became leader and when it stopped', async () => {
    const lease = newLease();
    const run = acquire(lease, '--identity=me', '--events', '--', 'true');
    expect(await ending(run)).toMatchObject({ code: 0 });
    expect(run.stderr).toBe('');
    expect(await eventsOf(lease)).toEqual(['me became leader', 'me stopped leading']);
  });

  it('--events without the right to says so, and goes on', async () => {
    const run = acquireAs('no-events', newLease(), '--events', '--', 'true');
    expect(await ending(run)).toMatchObject({ code: 0 });
    expect(run.stderr).toContain('Events are not recorded: ');
  });

  it('--http answers before the Lease is held, and while it is', async () => {
    const lease = newLease();
    await stranger.create(lease, { holderIdentity: 'other', leaseDurationSeconds: 60, ...times() });
    const port = await freePort();
    const ask = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      return { status: answer.status, text: await answer.text() };
    };
    const out = file(`${lease}.work`);
    const run = acquire(
      lease,
      '--identity=me',
      `--http=127.0.0.1:${port}`,
      '--ready-when=leader',
      '--',
      ...worker(out),
    );
    await run.line('held by other');
    expect(await ask('/livez')).toMatchObject({ status: 200 });
    expect(await ask('/readyz')).toMatchObject({ status: 503, text: 'not ready: no leader yet\n' });
    expect(JSON.parse((await ask('/leader')).text)).toMatchObject({
      lease,
      isLeader: false,
      holder: 'other',
      token: null,
    });
    await stranger.patch(lease, { spec: { holderIdentity: '' } });
    await run.until(() => existsSync(out) || undefined, 'work');
    expect(await ask('/readyz')).toMatchObject({ status: 200 });
    const leader = JSON.parse((await ask('/leader')).text);
    expect(leader).toMatchObject({ isLeader: true, holder: 'me', identity: 'me' });
    expect(parseWork(readFileSync(out, 'utf8'))[0]?.token).toBe(BigInt(leader.token));
    expect((await ask('/metrics')).text).toMatch(/^kle_/m);
    run.signal('SIGTERM');
    expect(await ending(run)).toMatchObject({ code: 143 });
  });

  it('in a Pod, the made-up identity begins with its name', async () => {
    const run = new Acquiring([newLease(), '--', 'sh', '-c', 'echo $KLE_IDENTITY'], {
      kubeconfig: sandbox.kubeconfig,
      env: { POD_NAME: 'web-7d9f' },
    });
    expect(await ending(run)).toMatchObject({ code: 0 });
    expect(run.stdout).toMatch(/^web-7d9f_[a-z0-9]{10}\n$/);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function eventsOf(lease: string): Promise<string[]> {
  const { items } = (await stranger.list('/api/v1/namespaces/default/events')) as {
    items: { involvedObject: { name: string }; message: string }[];
  };
  return items
    .filter(({ involvedObject }) => involvedObject.name === lease)
    .map(({ message }) => message)
    .sort();
}

describe('a right that is missing', () => {
  it.each(['get', 'list', 'watch', 'create', 'update'])('%s', async (verb) => {
    const lease = newLease();
    if (verb !== 'create') await stranger.create(lease, { holderIdentity: '', leaseDurationSeconds: 1, ...times() });
    const run = acquireAs(`no-${verb}`, lease, '--identity=me', '--timeout=1500ms', '--', 'echo', 'led');
    await ending(run);
    expect(hidden(run, lease)).toMatchSnapshot();
  });

  it('get and list and watch: the Lease cannot be known, and each right is named', async () => {
    const run = acquireAs('no-reads', newLease(), '--identity=me', '--timeout=1500ms', '--', 'echo', 'led');
    expect(await ending(run)).toMatchObject({ code: 124 });
    expect(run.stdout).toBe('');
    expect(run.stderr).toContain('kubectl auth can-i list leases');
    expect(run.stderr.match(/cannot read the Lease: .*kubectl auth can-i get leases/g)).toHaveLength(1);
  });

  it('watch: asked by polling, said once, and handed over all the same', async () => {
    const lease = newLease();
    const leader = acquire(lease, '--identity=leader');
    await leader.line('acquired');
    const run = acquireAs('no-watch', lease, '--identity=me', '--', 'echo', 'led');
    await run.line('held by leader');
    leader.signal('SIGTERM');
    expect(await ending(run)).toMatchObject({ code: 0 });
    expect(run.stdout).toBe('led\n');
    expect(run.stderr.match(/cannot watch/g)).toHaveLength(1);
    expect(await ending(leader)).toMatchObject({ code: 0 });
  });

  it('create is not needed where the Lease is there', async () => {
    const lease = newLease();
    await stranger.create(lease, { holderIdentity: '', leaseDurationSeconds: 1, ...times() });
    const run = acquireAs('no-create', lease, '--identity=me', '--', 'echo', 'led');
    expect(await ending(run)).toMatchObject({ code: 0 });
    expect(run.stdout).toBe('led\n');
  });
});

function hidden(run: Acquiring, lease: string): string {
  const text = `${run.stdout}--- stderr\n${run.stderr}---\nexit ${run.ended?.code}\n`;
  return text.replaceAll(lease, 'LEASE');
}

it('a namespace that does not exist is said once, and nothing is created', async () => {
  const run = acquire('web', '-n', 'nowhere', '--timeout=1500ms', '--', 'echo', 'led');
  expect(await ending(run)).toMatchObject({ code: 124 });
  expect(run.stdout).toBe('');
  expect(run.stderr).toMatchSnapshot();
});

// Each waits a Lease out.
describe.concurrent('a Lease as nobody should write it', () => {
  const held = () => ({ holderIdentity: 'other', leaseDurationSeconds: 2, ...times() });

  it.each([
    ['no spec at all', null],
    ['an empty spec', {}],
    ['no holder', { ...held(), holderIdentity: undefined }],
    ['an empty holder', { ...held(), holderIdentity: '' }],
  ])('%s: it is free', async (_what, spec) => {
    const lease = newLease();
    await stranger.create(lease, spec);
    const run = acquire(lease, '--identity=me', '--timeout=0s', '--', 'echo', 'led');
    expect(await ending(run)).toMatchObject({ code: 0 });
    expect(run.stdout).toBe('led\n');
  });

  it.each([
    ['no duration', { leaseDurationSeconds: undefined }],
    ['no renewTime', { renewTime: undefined }],
    ['no acquireTime', { acquireTime: undefined }],
    ['no transitions', { leaseTransitions: undefined }],
    ['a renewTime years ahead', { renewTime: '2099-01-01T00:00:00.000000Z' }],
    ['a renewTime years ago', { renewTime: '1999-01-01T00:00:00.000000Z' }],
  ])('%s: waited out by what is seen, then taken', async (_what, change) => {
    const lease = newLease();
    await stranger.create(lease, { ...held(), ...change });
    const started = process.hrtime.bigint();
    const run = acquire(lease, '--identity=me', '--', 'sh', '-c', 'echo $KLE_LEASE_TRANSITIONS');
    expect(await ending(run)).toMatchObject({ code: 0 });
    expect(ms(process.hrtime.bigint() - started)).toBeGreaterThan(3000);
    expect(Number(run.stdout)).toBeGreaterThan(0);
  });
});

describe.concurrent('a server that answers what no Kubernetes would', () => {
  const spec = () => ({ holderIdentity: 'other', leaseDurationSeconds: 1, ...times() });

  it.each([
    ['a holder that is null', { ...spec(), holderIdentity: null }],
    ['a duration that is null', { ...spec(), leaseDurationSeconds: null }],
    ['a renewTime that is null', { ...spec(), renewTime: null }],
    ['an acquireTime that is null', { ...spec(), acquireTime: null }],
    ['transitions that are null', { ...spec(), leaseTransitions: null }],
    ['a spec that is null', null],
    ['a holder that is a number', { ...spec(), holderIdentity: 5 }],
    ['a holder that is an object', { ...spec(), holderIdentity: {} }],
    ['a duration that is a text', { ...spec(), leaseDurationSeconds: '15' }],
    ['half a second', { ...spec(), leaseDurationSeconds: 0.5 }],
    ['a negative duration', { ...spec(), leaseDurationSeconds: -1 }],
    ['a renewTime that is a number', { ...spec(), renewTime: 7 }],
    ['an acquireTime that is no time', { ...spec(), acquireTime: 'yesterday' }],
    ['transitions that are a text', { ...spec(), leaseTransitions: '3' }],
    ['a strategy that is a number', { ...spec(), strategy: 3 }],
    ['a preferred holder that is a list', { ...spec(), preferredHolder: ['x'] }],
    ['a spec that is a text', 'other'],
    ['a spec that is a list', ['other']],
  ])('%s: it is waited out or free, never a reason to fail', async (_what, given) => {
    const { server, kubeconfig } = await oneLease(given);
    const run = new Acquiring(['web', ...SHORT, '--identity=me', '--timeout=8s', '--', 'echo', 'led'], { kubeconfig });
    expect(await ending(run), run.describe()).toMatchObject({ code: 0 });
    expect(run.stdout).toBe('led\n');
    await server.close();
  });

  it('the right to update is taken away from the leader: its command ends in time, and it says why', async () => {
    const refusal = 'leases is forbidden: User "me" cannot update resource "leases"';
    const details = { group: 'coordination.k8s.io', kind: 'leases' };
    const refuse = (body: string) => Number(JSON.parse(body).metadata.resourceVersion) > 101 && body.includes('"me"');
    const { server, kubeconfig } = await oneLease({}, (body) =>
      refuse(body) ? status(403, { reason: 'Forbidden', message: refusal, details }) : undefined,
    );
    const out = file('refused.work');
    const run = new Acquiring(['web', ...SHORT, '--identity=me', '--', ...worker(out)], { kubeconfig });
    expect(await ending(run)).toMatchObject({ code: 75 });
    expect(run.stderr).toContain(`cannot renew the Lease: ${refusal}`);
    // The elector and the supervisor have a timer each for the same moment.
    const why = 'no renewal succeeded within the renew deadline|the deadline of the last renewal passed';
    expect(run.stderr).toMatch(new RegExp(`lost the Lease: (${why})`));
    const units = parseWork(readFileSync(out, 'utf8'));
    expect(ms((units.at(-1)?.mono ?? 0n) - (units[0]?.mono ?? 0n))).toBeLessThan(3000);
    await server.close();
  });
});

/** A server with one Lease, `web`, that keeps whatever it is told. `refuse` may answer a PUT instead. */
async function oneLease(spec: unknown, refuse: (body: string) => Script | undefined = () => undefined) {
  let version = 100;
  let lease: Record<string, unknown> = {};
  const watches = new Set<Socket>();
  const store = (given: unknown) => {
    version += 1;
    const metadata = { name: 'web', namespace: 'default', uid: 'u', resourceVersion: String(version) };
    lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec: given };
    for (const socket of watches) socket.write(chunk(`${JSON.stringify({ type: 'MODIFIED', object: lease })}\n`));
  };
  store(spec);
  const script: Script = (socket, request) => {
    const [method = '', path = ''] = request.line.split(' ');
    if (method === 'GET' && path.includes('watch=')) {
      watches.add(socket);
      socket.write(head());
    } else if (method === 'GET' && path.includes('/leases/web')) json(lease)(socket, request);
    else if (method === 'GET') {
      json({ kind: 'LeaseList', metadata: { resourceVersion: String(version) }, items: [lease] })(socket, request);
    } else {
      const refused = refuse(request.body);
      if (refused) return refused(socket, request);
      store(JSON.parse(request.body).spec);
      json(lease)(socket, request);
    }
  };
  const server = await startTestServer([script]);
  const kubeconfig = file(`one-lease-${++count}`);
  const cluster = { server: server.url.origin };
  const config = {
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { token: 't' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  return { server, kubeconfig };
}

describe('two processes with one given identity', () => {
  it('never lead at once: the second waits as a stranger would', async () => {
    const lease = newLease();
    const [a, b] = [file(`${lease}.a`), file(`${lease}.b`)];
    const first = acquire(lease, '--identity=same', '--', ...worker(a));
    await first.until(() => existsSync(a) || undefined, 'work');
    const second = acquire(lease, '--identity=same', '--', ...worker(b));
    await second.line(
      'held by same, our own --identity: another process uses it, or one did; waiting as for a stranger',
    );
    const watch = await stranger.watch(lease);
    const renewals = new Set<string | null>();
    // Longer than the Lease lasts.
    await watch.until((look) => renewals.add(look.renewTime).size > 10, 'ten renewals');
    expect(existsSync(b)).toBe(false);
    first.signal('SIGTERM');
    expect(await ending(first)).toMatchObject({ code: 143 });
    await second.until(() => existsSync(b) || undefined, 'work of the second');
    const [last, next] = [parseWork(readFileSync(a, 'utf8')).at(-1), parseWork(readFileSync(b, 'utf8'))[0]];
    expect(last?.mono).toBeLessThan(next?.mono ?? 0n);
    expect(Number(last?.token)).toBeLessThan(Number(next?.token));
    second.signal('SIGTERM');
    expect(await ending(second)).toMatchObject({ code: 143 });
    watch.close();
  });
});

it('--timeout 0s looks once at a Lease with our own identity too', async () => {
  const lease = newLease();
  await stranger.create(lease, { holderIdentity: 'same', leaseDurationSeconds: 60, ...times() });
  const run = acquire(lease, '--identity=same', '--timeout=0s', '--', 'echo', 'led');
  expect(await ending(run)).toMatchObject({ code: 124 });
  expect(run.stdout).toBe('');
  expect(run.stderr).toMatch(/^kle: held by same, our own --identity: .*\nkle: not acquired in time: held by same\n$/);
});

/** A few of the faults that test/cluster plays on a real server, where that cannot be had. */
describe('three candidates on one Lease', () => {
  const seed = Number(process.env.KLE_TEST_SEED ?? Math.floor(Math.random() * 1_000_000));
  const random = randomOf(seed);
  it.each([
    'supervisor killed',
    'all of the leader told to end at once',
    'all of the leader stopped for long',
    'Lease deleted',
    'Lease cleared',
  ])('%s', async (name) => {
    const trial = trials.find((one) => one.name === name);
    if (!trial) throw new Error(`no fault ${name}`);
    const timing = { leaseMs: 3000, renewMs: 2000, retryMs: 400 };
    const place = { lease: newLease(), folder, kubeconfig: sandbox.kubeconfig, timing, random, stranger };
    await play(trial, place, {}, `seed ${seed}`);
  });
});

describe('the end of kle itself', () => {
  it('killed: the watchdog ends the command, and the Lease expires', async () => {
    const lease = newLease();
    const out = file(`${lease}.work`);
    const run = acquire(lease, '--identity=me', '--', ...worker(out));
    await run.until(() => existsSync(out) || undefined, 'work');
    const command = await run.command();
    run.signal('SIGKILL');
    await untilDead(command);
    await Promise.all(run.left().map(untilDead));
    expect(isDead(command)).toBe(true);
    expect(await holderOf(lease)).toBe('me');
  });
});
