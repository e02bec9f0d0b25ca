/** True time, in milliseconds, and what happens when. Nothing in the simulation waits. */

interface Event {
  atMs: number;
  order: number;
  run: () => void;
}

export class World {
  nowMs = 0;
  steps = 0;
  #order = 0;
  readonly #heap: Event[] = [];

  at(atMs: number, run: () => void): void {
    this.#push({ atMs: Math.max(atMs, this.nowMs), order: this.#order++, run });
  }

  after(ms: number, run: () => void): void {
    this.at(this.nowMs + ms, run);
  }

  /** Until `endMs`, or until `done` says so. */
  run(endMs: number, done: () => boolean): void {
    while (this.#heap.length > 0 && !done()) {
      const next = this.#heap[0] as Event;
      if (next.atMs > endMs) break;
      this.#pop();
      this.nowMs = next.atMs;
      this.steps++;
      next.run();
    }
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let i = heap.push(event) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(event, heap[parent] as Event)) break;
      heap[i] = heap[parent] as Event;
      i = parent;
    }
    heap[i] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Event;
    if (heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Event, heap[child] as Event)) child++;
      if (!before(heap[child] as Event, last)) break;
      heap[i] = heap[child] as Event;
      i = child;
    }
    heap[i] = last;
  }
}

const before = (a: Event, b: Event) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
