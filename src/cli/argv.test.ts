import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type FlagShapes, normaliseArgv, verbFirst } from './argv.js';
import { UsageError } from './errors.js';

const flags: FlagShapes = {
  namespace: { type: 'option', char: 'n' },
  output: { type: 'option', char: 'o' },
  by: { type: 'option' },
  yes: { type: 'boolean' },
  'leader-elect': { type: 'boolean', allowNo: true },
  'all-namespaces': { type: 'boolean', char: 'A' },
};

it.each([
  [['web'], ['web']],
  [['--yes'], ['--yes']],
  [['--yes=true'], ['--yes']],
  [['--yes=false'], []],
  [['--yes', '--yes=false'], []],
  [['--leader-elect=false'], ['--no-leader-elect']],
  [['--no-leader-elect'], ['--no-leader-elect']],
  [['--no-leader-elect', '--leader-elect'], ['--leader-elect']],
  [['--yes=false', '--yes'], ['--yes']],
  [
    ['-n', 'kube-system', 'web'],
    ['--namespace=kube-system', 'web'],
  ],
  [['-nkube-system'], ['--namespace=kube-system']],
  [['-n=kube-system'], ['--namespace=kube-system']],
  [['--namespace', 'a=b'], ['--namespace=a=b']],
  [
    ['-Ao', 'wide'],
    ['--output=wide', '--all-namespaces'],
  ],
  [['-A=false', 'x'], ['x']],
  [['--by', '-1h'], ['--by=-1h']],
  [['--by=-1h'], ['--by=-1h']],
  [['--namespace', '--yes'], ['--namespace=--yes']],
])('reads %j as %j', (argv, words) => {
  expect(normaliseArgv(argv, flags)).toEqual({ words, command: undefined });
});

it('keeps every word after the first -- for CMD', () => {
  expect(normaliseArgv(['web', '--', 'sh', '-c', 'x', '--', '--yes=false'], flags)).toEqual({
    words: ['web'],
    command: ['sh', '-c', 'x', '--', '--yes=false'],
  });
  expect(normaliseArgv(['web', '--'], flags).command).toEqual([]);
});

it.each([
  [['--yes=maybe'], '"maybe" is neither true nor false'],
  [['--yes='], '"" is neither true nor false'],
  [['--namespace'], 'flag needs a value: --namespace'],
  [['web', '-n'], 'flag needs a value: --namespace'],
  [['-n', '--', 'x'], 'flag needs a value: --namespace'],
  [['--namspace=x'], 'unknown flag: --namspace'],
  [['-z'], 'unknown flag: -z'],
  [['--no-yes'], 'unknown flag: --no-yes'],
  [['--constructor'], 'unknown flag: --constructor'],
])('refuses %j', (argv, message) => {
  expect(() => normaliseArgv(argv, flags)).toThrow(UsageError);
  expect(() => normaliseArgv(argv, flags)).toThrow(message);
});

it('says which flag was probably meant', () => {
  try {
    normaliseArgv(['--namspace=x'], flags);
    expect.unreachable();
  } catch (error) {
    expect((error as UsageError).tries[0]).toBe('did you mean --namespace?');
  }
});

it('knows a command whose -- is missing by the first word that is no Lease', () => {
  const before = { verb: 'acquire', words: 1 };
  const read = (...argv: string[]) => normaliseArgv(argv, flags, before);
  expect(read('web', '-n', 'ns').words).toEqual(['web', '--namespace=ns']);
  expect(read('web', 'other', '--', 'true').words).toEqual(['web', 'other']);
  try {
    read('-n', 'ns', 'web', 'sh', '-c', 'true');
    expect.unreachable();
  } catch (error) {
    expect((error as UsageError).tries).toEqual(['a command stands after --: kle acquire -n ns web -- sh -c true']);
  }
});

it('never lets a word after -- reach the flags, and never loses one', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (after) => {
      const { words, command } = normaliseArgv(['web', '--', ...after], flags);
      expect(words).toEqual(['web']);
      expect(command).toEqual(after);
    }),
  );
});

it.each([
  [
    ['-n', 'ns', 'status', 'x'],
    ['status', '-n', 'ns', 'x'],
  ],
  [
    ['--namespace=ns', '-A', 'status'],
    ['status', '--namespace=ns', '-A'],
  ],
  [
    ['status', '-n', 'ns'],
    ['status', '-n', 'ns'],
  ],
])('puts the verb first: %j', (argv, expected) => {
  expect(verbFirst(argv, flags)).toEqual(expected);
});
