/**
 * A supervisor as a process of its own, for tests: runs CMD under a claim that renews itself, says on descriptor 3 what
 * happens (JSON lines) and takes orders there: `abort REASON`, `silence` (no more renewals), `stall MS` (busy loop).
 *
 *   node fixture.js '{"watchdog":…,"holdMs":…,"drainMs":…,"renewMs":…}' CMD…
 */
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { sharedClock } from '../../src/platform/shared-clock.js';
import { type Claim, KILL_MARGIN_MS } from '../../src/supervise/deadline.js';
import { exitCodeOf, startsAgain } from '../../src/supervise/outcome.js';
import { forwardSignals } from '../../src/supervise/signals.js';
import { supervise } from '../../src/supervise/supervisor.js';
import type { FixtureOptions } from './supervise-run.js';

const options: FixtureOptions = JSON.parse(process.argv[2] ?? '{}');
const command = process.argv.slice(3);
const say = (type: string, data: object = {}) =>
  writeSync(3, `${JSON.stringify({ type, atMs: sharedClock.monoMs(), ...data })}\n`);

const lost = new AbortController();
let deadlineMs = 0;
let listener = () => {};
const renew = () => {
  deadlineMs = sharedClock.monoMs() + options.holdMs + options.drainMs + KILL_MARGIN_MS;
  listener();
  say('renewed', { deadlineMs });
};
const claim: Claim = {
  deadlineMs: () => deadlineMs,
  signal: lost.signal,
  drainMs: options.drainMs,
  onRenewed: (fn) => {
    listener = fn;
    return () => {};
  },
};
renew();
const renewals = setInterval(renew, options.renewMs);
setTimeout(() => clearInterval(renewals), options.renewForMs ?? 10_000).unref();

const orders = new Socket({ fd: 3, readable: true, writable: false });
orders.unref();
orders.setEncoding('utf8').on('data', (text: string) => {
  for (const line of text.trim().split('\n')) {
    const [word, argument = ''] = line.split(' ');
    if (word === 'abort') lost.abort(argument);
    if (word === 'silence') clearInterval(renewals);
    if (word === 'stall') for (const end = performance.now() + Number(argument); performance.now() < end; );
  }
});

const env = { ...process.env, KLE_LEASE: 'demo' };
const work = supervise({
  clock: sharedClock,
  claim,
  command,
  env,
  watchdogScript: options.watchdog,
  onEvent: ({ type, ...data }) => say(type, data),
});
const unforward = forwardSignals(work, (signal) => say('signal', { signal }));
say('listening');
void work.workStopped.then(() => say('stopped', { running: work.running }));
const outcome = await work.outcome;
unforward();
clearInterval(renewals);
say('outcome', { outcome, code: exitCodeOf(outcome), again: startsAgain(outcome) });
process.exit(exitCodeOf(outcome) ?? 75);
