import { describe, expect, it } from 'vitest';
import { exactMatch, matchesFields, parseFieldSelector } from './fields.js';
import { parseLabelSelector } from './labels.js';

const refusal = (read: () => unknown): string => {
  try {
    read();
    return 'accepted';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('label selectors', () => {
  const labels = { app: 'kle', n: '5', empty: '' };
  it.each([
    ['', true],
    ['app', true],
    ['!app', false],
    ['nope', false],
    ['!nope', true],
    ['app=kle', true],
    ['app==kle,n=5', true],
    ['app!=kle', false],
    ['nope!=kle', true],
    ['app in (a, kle)', true],
    ['app notin (a,kle)', false],
    ['nope notin (a)', true],
    ['n>4', true],
    ['n<5', false],
    ['empty=', true],
    ['empty in ()', true],
    ['in', false],
  ])('%j', (selector, matches) => {
    expect(parseLabelSelector(selector)(labels)).toBe(matches);
  });

  it.each([
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['a,', "found '', expected: identifier after ','"],
    [',', "found ',', expected: !, identifier, or 'end of string'"],
  ])('refuses %j in the words of the server', (selector, message) => {
    expect(refusal(() => parseLabelSelector(selector))).toBe(message);
  });
});

describe('field selectors', () => {
  it('reads terms with escapes', () => {
    expect(parseFieldSelector('a=1,b!=2,c==x\\,y')).toEqual([
      { field: 'a', equal: true, value: '1' },
      { field: 'b', equal: false, value: '2' },
      { field: 'c', equal: true, value: 'x,y' },
    ]);
    expect(exactMatch(parseFieldSelector('a!=1,a=2'), 'a')).toBe('2');
  });

  it('takes an absent field for an empty one', () => {
    expect(matchesFields(parseFieldSelector('a='), {})).toBe(true);
    expect(matchesFields(parseFieldSelector('a!=x'), {})).toBe(true);
    expect(matchesFields(parseFieldSelector('a=x'), { a: 'y' })).toBe(false);
  });

  it('refuses what is no term', () => {
    expect(refusal(() => parseFieldSelector('a'))).toBe("invalid selector: 'a'; can't understand 'a'");
    expect(refusal(() => parseFieldSelector('a=b=c'))).toBe('invalid field selector: unescaped character in value: 61');
  });
});
