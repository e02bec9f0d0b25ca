/** What `npm start` shows on a machine without a cluster. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { bin, cleanEnv, kle } from '../support/kle.js';

/** Times, figures and who won differ from run to run; everything else is the story. */
const story = (text: string) => {
  const names = [...new Set([...text.matchAll(/acquired +default\/demo (\w+)/g)].map(([, name]) => name ?? ''))];
  return names
    .reduce(
      (told, name, i) =>
        told.replaceAll(new RegExp(`\\b${name}\\b(?!, green|, red| and)`, 'g'), ['FIRST', 'SECOND', 'THIRD'][i] ?? ''),
      text,
    )
    .replace(/^\nThree candidates, .*$/m, '\nThree candidates …')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/[\d.]+s without/g, 'Ns without')
    .replace(/\d+ ms/g, 'N ms')
    .replace(/ +/g, ' ')
    .replace(/\d+s ago +in \d+s/g, 'AGE EXPIRY');
};

const childrenOf = (parent: number | undefined) =>
  execFileSync('ps', ['-eo', 'pid,ppid'], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/ +/).map(Number))
    .flatMap(([pid = 0, ppid]) => (ppid === parent ? [pid] : []));

it('tells a hand-over and a crash, ends by itself and leaves nobody behind', async () => {
  const run = await kle(['demo']);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(story(run.stdout)).toMatchSnapshot();
});

/** The demo, once somebody leads, and its three candidates. */
async function started(): Promise<{ child: ChildProcess; code: Promise<unknown>; candidates: number[] }> {
  const child = spawn(process.execPath, [bin, 'demo'], { env: cleanEnv(), stdio: ['ignore', 'pipe', 'pipe'] });
  const code = new Promise((resolve) => child.on('close', resolve));
  await new Promise<void>((resolve) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.includes('acquired')) resolve();
    });
  });
  const candidates = childrenOf(child.pid);
  expect(candidates).toHaveLength(3);
  return { child, code, candidates };
}

it('ends on Ctrl-C with 0, and takes its candidates along', async () => {
  const { child, code, candidates } = await started();
  child.kill('SIGINT');
  expect(await code).toBe(0);
  for (const pid of candidates) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

it('killed, it leaves no candidate behind', async () => {
  const { child, candidates } = await started();
  child.kill('SIGKILL');
  await Promise.all(candidates.map(gone));
});

/** Once there is no such process; it is nobody's child here, so there is nothing to wait on but its entry. */
async function gone(pid: number): Promise<void> {
  const isThere = () => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  for (let tries = 0; isThere(); tries++) {
    if (tries > 150) throw new Error(`${pid} still runs`);
    await setTimeout(100);
  }
}
