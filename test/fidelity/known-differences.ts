/**
 * Where the sandbox answers otherwise than the real server, by sequence: which of its requests, and why that is so for
 * now. None at present.
 */
export const knownDifferences: { [sequence: string]: { requests: string[]; why: string } } = {};
