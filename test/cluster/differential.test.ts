/**
 * Random operations of two writers on a real kube-apiserver and on the sandbox: the same answers, the same events in
 * the same order. KLE_TEST_SEED repeats a run; KLE_TEST_OPERATIONS makes it longer or shorter.
 */
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compare } from '../fidelity/differential.js';
import { realServer, type SandboxTarget, sandbox } from '../fidelity/servers.js';
import type { Target } from '../fidelity/target.js';

const seed = Number(process.env.KLE_TEST_SEED ?? randomInt(1_000_000));
const operations = Number(process.env.KLE_TEST_OPERATIONS ?? (process.env.KLE_TEST_LONG ? 20_000 : 2_500));

let real: Target;
let ours: SandboxTarget;
beforeAll(async () => {
  [real, ours] = await Promise.all([realServer(), sandbox({ historySize: 2 * operations + 1_000 })]);
});
afterAll(async () => {
  await Promise.all([real?.stop(), ours?.stop()]);
});

it(`answers ${operations} random operations as kube-apiserver does (KLE_TEST_SEED=${seed})`, async () => {
  process.stderr.write(`differential: KLE_TEST_SEED=${seed} KLE_TEST_OPERATIONS=${operations}\n`);
  const difference = await compare(real, ours, seed, operations);
  expect(difference === undefined, `KLE_TEST_SEED=${seed} ${difference?.report}`).toBe(true);
}, 600_000);
