import { describe, expect, it } from 'vitest';
import { exactJson } from '../json/value.js';
import { decode } from './decode.js';
import { lease } from './kinds.js';

describe('decode', () => {
  it('keeps maps in the order of their keys, as Go prints them', () => {
    const { object } = decode(lease, { metadata: { name: 'a', labels: { b: '1', a: '<' } } });
    expect(exactJson(object)).toContain('"labels":{"a":"\\u003c","b":"1"}');
  });

  it('leaves an empty map out', () => {
    expect(decode(lease, { metadata: { name: 'a', labels: {} } }).object).toEqual({
      metadata: expect.not.objectContaining({ labels: expect.anything() }),
      spec: {},
    });
  });
});
