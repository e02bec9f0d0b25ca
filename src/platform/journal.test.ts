import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Journal, JournalFolder, journalFolder } from './journal.js';
import { bootId } from './process-identity.js';

interface Operation {
  id: string;
  note?: string;
}
const about = { server: 'https://cluster:6443', context: 'prod' };
const operation: Operation = { id: 'abcdefghij', note: 'x' };
const check = (value: unknown) => (typeof (value as Operation)?.id === 'string' ? (value as Operation) : null);

let home: string;
let env: NodeJS.ProcessEnv;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'kle-journal-'));
  env = { XDG_STATE_HOME: home };
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const journal = () => new Journal<Operation>(env, about);
const folder = () => new JournalFolder<Operation>(env, check);
const path = (id = operation.id) => join(home, 'kle', 'operations', `${id}.jsonl`);

describe('journal', () => {
  it('is a private file in a private folder, with no credential and no path in it', async () => {
    expect(await journal().begin(operation)).toEqual({ ok: true });
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    expect(statSync(join(home, 'kle', 'operations')).mode & 0o777).toBe(0o700);
    const text = readFileSync(path(), 'utf8');
    expect(Object.keys(JSON.parse(text)).sort()).toEqual(['context', 'operation', 'process', 'server', 'startedMs']);
    expect(text).not.toContain(home);
  });

  it('is read back, knows that its process lives, and for how long the write is under way', async () => {
    const one = journal();
    await one.begin(operation);
    expect(await folder().entries()).toMatchObject([{ operation, ...about, alive: true, sentAgoMs: null }]);
    await one.sending(operation.id);
    const [entry] = await folder().entries();
    expect(entry?.sentAgoMs).toBeGreaterThanOrEqual(bootId() === null ? Number.NaN : 0);
    expect(entry?.sentAgoMs).toBeLessThan(10_000);
  });

  it('is gone when settled', async () => {
    await journal().begin(operation);
    await journal().settle(operation.id);
    expect(existsSync(path())).toBe(false);
    await journal().settle('nonesuch00');
  });

  it('is never written over', async () => {
    await journal().begin(operation);
    expect(await journal().begin(operation)).toMatchObject({ ok: false });
    rmSync(path());
    const elsewhere = join(home, 'elsewhere');
    writeFileSync(elsewhere, '');
    symlinkSync(elsewhere, path());
    expect(await journal().begin(operation)).toMatchObject({ ok: false });
    expect(await journal().sending(operation.id)).toMatchObject({ ok: false });
    expect(readFileSync(elsewhere, 'utf8')).toBe('');
    expect(await folder().entries()).toEqual([]);
  });

  it.each([
    ['no state folder', () => ({})],
    ['a relative one', () => ({ XDG_STATE_HOME: 'state' })],
    ['a folder that is a file', () => ({ XDG_STATE_HOME: join(home, 'file') })],
    ['a folder that is a link', () => ({ XDG_STATE_HOME: join(home, 'linked') })],
    ['a folder that others may write', () => ({ XDG_STATE_HOME: join(home, 'open') })],
  ])('refuses %s', async (_, make) => {
    writeFileSync(join(home, 'file'), '');
    mkdirSync(join(home, 'linked'));
    mkdirSync(join(home, 'target'));
    symlinkSync(join(home, 'target'), join(home, 'linked', 'kle'));
    mkdirSync(join(home, 'open', 'kle'), { recursive: true });
    chmodSync(join(home, 'open', 'kle'), 0o777);
    expect(journalFolder(make())).toMatchObject({ ok: false });
    expect(await new Journal<Operation>(make(), about).begin(operation)).toMatchObject({ ok: false });
  });

  it('lives beside what is not a journal, and survives a last line that was cut', async () => {
    const one = journal();
    await one.begin(operation);
    await one.sending(operation.id);
    writeFileSync(path(), readFileSync(path(), 'utf8').slice(0, -5));
    writeFileSync(path('garbage000'), 'not json\n');
    writeFileSync(join(home, 'kle', 'operations', 'README'), '');
    const entries = await folder().entries();
    expect(entries).toMatchObject([{ operation, sentAgoMs: null }]);
    expect(readdirSync(join(home, 'kle', 'operations'))).toHaveLength(3);
  });

  it('knows a process that is gone, another one with its number, and another boot', async () => {
    await journal().begin(operation);
    const text = readFileSync(path(), 'utf8');
    const alive = async (change: (head: { process: Record<string, unknown> }) => void) => {
      const head = JSON.parse(text);
      change(head);
      writeFileSync(path(), `${JSON.stringify(head)}\n`);
      return (await folder().entries())[0]?.alive;
    };
    expect(await alive(() => {})).toBe(true);
    expect(await alive((head) => Object.assign(head.process, { pid: 2 ** 22 + 7 }))).toBe(false);
    if (bootId() === null) return;
    expect(await alive((head) => Object.assign(head.process, { start: 1 }))).toBe(false);
    expect(await alive((head) => Object.assign(head.process, { boot: 'another' }))).toBe(false);
  });
});
