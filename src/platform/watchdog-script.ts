import { join } from 'node:path';

/** The watchdog's program, in dist/ beside the chunk that this is bundled into. */
export const watchdogScript = (): string => join(__dirname, __dirname.endsWith('chunks') ? '..' : '.', 'watchdog.js');
