import { describe } from 'vitest';
import { keepsEveryPromise } from './expect.js';

describe('kle keeps S1 to S7 and L1 to L4', () => keepsEveryPromise(1, 5000));
