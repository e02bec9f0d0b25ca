/**
 * No election can stop a leader whose process stood still: it wakes and writes before it looks at any clock. Only what
 * it writes to can refuse. Here a store remembers the largest token it has seen.
 *
 *   kle sandbox -- node examples/fencing.mjs
 */
import { LeaderElection } from 'kle';

/** In SQL: UPDATE job SET value = $1, token = $2 WHERE id = $3 AND token <= $2, and no row changed means: stale. */
class FencedStore {
  #token = 0n;
  value = null;

  write(value, token) {
    // Tokens have up to 64 bits: compare them as numbers of that size, not as texts and not as JavaScript numbers.
    if (BigInt(token) < this.#token) throw new Error(`refused: token ${token} is older than ${this.#token}`);
    this.#token = BigInt(token);
    this.value = value;
  }
}

const store = new FencedStore();
const old = new LeaderElection({ name: 'example-fencing', identity: 'old' });
const young = new LeaderElection({ name: 'example-fencing', identity: 'young' });
try {
  const first = await old.acquire();
  store.write('by the first leader', first.token);
  await first.stepDown(Promise.resolve());

  const second = await young.acquire();
  store.write('by the second leader', second.token);
  try {
    // Like a request of the first leader that was under way for a long time.
    store.write('late, by the first leader', first.token);
  } catch (error) {
    console.log(error.message);
  }
  console.log(`the store holds what was written ${store.value}`);
  await second.stepDown(Promise.resolve());
} finally {
  await Promise.all([old.close(), young.close()]);
}
