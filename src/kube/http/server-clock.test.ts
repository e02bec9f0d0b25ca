import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHttpDate, ServerClock } from './server-clock.js';

const DATE = 1_800_000_000_000;
const micros = (ms: number) => BigInt(ms) * 1000n;

describe('the server clock', () => {
  it('knows nothing before the first answer', () => {
    expect(new ServerClock().at(0, 0)).toBeUndefined();
  });

  it('takes the second of one answer, wider by the time the answer took', () => {
    const clock = new ServerClock();
    clock.observe({ sentMs: 100, receivedMs: 130, dateMs: DATE, suspendedMs: 0 });
    expect(clock.at(130, 0)).toEqual({ earliest: micros(DATE), latest: micros(DATE + 1030) });
  });

  it('narrows down when a second answer saw the second change', () => {
    const clock = new ServerClock();
    clock.observe({ sentMs: 0, receivedMs: 10, dateMs: DATE, suspendedMs: 0 });
    clock.observe({ sentMs: 20, receivedMs: 30, dateMs: DATE + 1000, suspendedMs: 0 });
    const { earliest, latest } = clock.at(30, 0) ?? { earliest: 0n, latest: 0n };
    expect(earliest).toBe(micros(DATE + 1000));
    expect(Number(latest - earliest)).toBeLessThan(31_000);
  });

  it('believes the newest answer alone when two contradict each other', () => {
    const clock = new ServerClock();
    clock.observe({ sentMs: 0, receivedMs: 0, dateMs: DATE, suspendedMs: 0 });
    clock.observe({ sentMs: 10, receivedMs: 10, dateMs: DATE - 60_000, suspendedMs: 0 });
    expect(clock.at(10, 0)).toEqual({ earliest: micros(DATE - 60_000), latest: micros(DATE - 59_000) });
  });

  it('allows for the time the machine was suspended, in which the monotonic clock stood still', () => {
    const clock = new ServerClock();
    clock.observe({ sentMs: 0, receivedMs: 0, dateMs: DATE, suspendedMs: 5 });
    expect(clock.at(0, 3605)).toEqual({ earliest: micros(DATE), latest: micros(DATE + 1000 + 3600) });
  });

  it('knows less and less while nothing is heard', () => {
    const clock = new ServerClock();
    clock.observe({ sentMs: 0, receivedMs: 0, dateMs: DATE, suspendedMs: 0 });
    // 200 ppm of 1,000 s.
    expect(clock.at(1_000_000, 0)).toEqual({ earliest: micros(DATE + 999_800), latest: micros(DATE + 1_001_200) });
  });

  it('always holds the true time of one server whose rate differs by up to 150 ppm', () => {
    const request = fc.record({
      pauseMs: fc.integer({ min: 0, max: 100_000 }),
      outMs: fc.integer({ min: 0, max: 3000 }),
      backMs: fc.integer({ min: 0, max: 3000 }),
    });
    fc.assert(
      fc.property(
        fc.array(request, { minLength: 1, maxLength: 30, size: 'max' }),
        fc.integer({ min: 0, max: 999 }),
        fc.integer({ min: -150, max: 150 }),
        (requests, phaseMs, ppm) => {
          const serverAt = (monoMs: number) => DATE + phaseMs + monoMs * (1 + ppm / 1e6);
          const clock = new ServerClock();
          let now = 0;
          for (const { pauseMs, outMs, backMs } of requests) {
            const sentMs = now + pauseMs;
            const answeredMs = sentMs + outMs;
            now = answeredMs + backMs;
            const dateMs = Math.floor(serverAt(answeredMs) / 1000) * 1000;
            clock.observe({ sentMs, receivedMs: now, dateMs, suspendedMs: 0 });
            const seen = clock.at(now, 0);
            const truth = serverAt(now) * 1000;
            expect(Number(seen?.earliest)).toBeLessThanOrEqual(truth);
            expect(Number(seen?.latest)).toBeGreaterThanOrEqual(truth);
          }
        },
      ),
    );
  });
});

describe('parseHttpDate', () => {
  it('reads an HTTP date and nothing else', () => {
    expect(parseHttpDate('Sat, 21 Nov 2026 03:30:25 GMT')).toBe(Date.UTC(2026, 10, 21, 3, 30, 25));
    for (const text of ['', 'Sat, 21 Nov 2026 03:30:25', '2026-11-21T03:30:25Z', 'Sat, 21 Nov 2026 03:30:25 CET']) {
      expect(parseHttpDate(text)).toBeUndefined();
    }
  });
});
