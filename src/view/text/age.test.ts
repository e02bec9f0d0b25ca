import { expect, it } from 'vitest';
import { shortAge } from './age.js';

// The same lengths as printed by kubectl (apimachinery pkg/util/duration/duration_test.go holds such a table).
it.each([
  [0, '0s'],
  [999, '0s'],
  [1000, '1s'],
  [119_999, '119s'],
  [120_000, '2m'],
  [125_000, '2m5s'],
  [600_000, '10m'],
  [3 * 3_600_000 - 1, '179m'],
  [3 * 3_600_000, '3h'],
  [3 * 3_600_000 + 60_000, '3h1m'],
  [8 * 3_600_000 + 60_000, '8h'],
  [47 * 3_600_000, '47h'],
  [48 * 3_600_000, '2d'],
  [50 * 3_600_000, '2d2h'],
  [200 * 3_600_000, '8d'],
  [400 * 86_400_000, '400d'],
  [3 * 365 * 86_400_000 + 86_400_000, '3y1d'],
  [7973 * 365 * 86_400_000, '7973y'],
])('%d ms is %s', (ms, text) => {
  expect(shortAge(ms)).toBe(text);
});
