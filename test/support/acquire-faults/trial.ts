/** One fault of the rounds with real processes, and how a round of it is played. */
import { Stage, type StageOptions, type Timing } from '../acquire-stage.js';
import type { Faketime } from '../faketime.js';
import type { FaultProxy } from '../fault-proxy.js';
import type { Freezer } from '../freezer.js';

export interface Trial {
  readonly name: string;
  /** Through a fault proxy. */
  readonly network?: boolean;
  /** With a wall clock of its own for each. */
  readonly wall?: boolean;
  /** With a freezer of the kernel's. */
  readonly freezer?: boolean;
  /** How many there are from the beginning; 3 unless given. */
  readonly contenders?: number;
  /** How workers take TERM; by chance unless given. */
  readonly manners?: string;
  /** 0 unless given: not a single unit of work of two at once. */
  readonly allowOverlapMs?: (timing: Timing) => number;
  run(stage: Stage, tools: Tools): Promise<void>;
}

export interface Tools {
  readonly proxy?: FaultProxy;
  readonly faketime?: Faketime | null;
  readonly freezer?: Freezer | null;
}

/** One round of it: the figures that it came to. Throws with all that is known when anything did not hold. */
export async function play(
  trial: Trial,
  place: Omit<StageOptions, 'network' | 'wall'>,
  tools: Tools,
  about: string,
): Promise<Record<string, number>> {
  const { proxy, faketime } = tools;
  const stage = new Stage({
    ...place,
    ...(trial.network && proxy && { network: (client: string) => proxy.client(client) }),
    ...(trial.wall && faketime && { wall: () => faketime.clock() }),
  });
  try {
    await stage.open(trial.contenders, trial.manners);
    await trial.run(stage, tools);
    await stage.close(trial.allowOverlapMs?.(place.timing) ?? 0, about);
  } catch (error) {
    throw new Error(`${about}; ${stage.notes.join('; ')}\n${(error as Error).message}\n${stage.describe()}`);
  } finally {
    await stage.abandon();
  }
  return stage.figures;
}
