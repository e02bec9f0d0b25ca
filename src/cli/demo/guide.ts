/** What the demo says beside the screen, and after it. */
import type { Guide } from '../../tui/parts/guide.js';

export const GUIDE: Guide = {
  about: 'A sandbox in this process: red, green and blue, each a `kle acquire`, compete for one Lease.',
  tips: [
    { key: 'r', text: 'press r to make the leader step down: kle fences the Lease, waits for it, then frees it' },
    { key: 's', text: 'press s to take the Lease away from its leader, and see when it stops' },
    { key: 'k', text: "press k to shift the leader's clock, and see whether anybody is fooled" },
  ],
  last: 'press q to leave; the sandbox and the three end with it',
};

/** On the lines of the shell, when the screen is gone. */
export const NEXT = `
That was a sandbox, and it is gone. Next:

  kle sandbox                    one to keep: it prints how to use it
  kle watch -n NAMESPACE LEASE   this screen on a Lease of your cluster
  kle status -A                  who leads what, and whether that is still so
`;
