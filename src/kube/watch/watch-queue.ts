/** Between a producer that cannot wait and a consumer that takes its time. */

/** From this many waiting items on, the producer is asked to stop; below the second number it may go on. */
const FULL = 1024;
const DRAINED = 256;

export class WatchQueue<T> {
  #items: T[] = [];
  #next = 0;
  #waiting: ((result: IteratorResult<T, undefined>) => void)[] = [];
  #closed = false;
  #full = false;
  /** Called when a queue that was full has been drained. */
  onDrained: () => void = () => {};

  get full(): boolean {
    return this.#full;
  }

  push(item: T): void {
    if (this.#closed) return;
    const waiting = this.#waiting.shift();
    if (waiting) waiting({ value: item, done: false });
    else this.#items.push(item);
    if (this.#items.length - this.#next >= FULL) this.#full = true;
  }

  /** The next item, when there is one; `done` when the queue is closed and empty. */
  shift(): Promise<IteratorResult<T, undefined>> {
    if (this.#next < this.#items.length) return Promise.resolve({ value: this.#take(), done: false });
    if (this.#closed) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Nothing is added any more. `discard`: what nobody has taken yet is dropped too. */
  close(discard: boolean): void {
    this.#closed = true;
    if (discard) this.#items = [];
    if (discard) this.#next = 0;
    for (const waiting of this.#waiting.splice(0)) waiting({ value: undefined, done: true });
  }

  #take(): T {
    const item = this.#items[this.#next++] as T;
    const left = this.#items.length - this.#next;
    if (left === 0 || this.#next >= FULL) {
      this.#items = this.#items.slice(this.#next);
      this.#next = 0;
    }
    if (this.#full && left < DRAINED) {
      this.#full = false;
      this.onDrained();
    }
    return item;
  }
}
