/** Follows Leases on the live screen, and lets the user act on them there. */
import type { LeaseScope } from '../lease/api.js';
import type { HolderPod } from '../operations/follow/follow-around.js';
import { type FollowEnd, type FollowLimits, followUntil } from '../operations/follow/follow-until.js';
import type { EventPort, PodPort } from '../operations/ports.js';
import type { Terminal } from '../platform/terminal.js';
import type { Guide } from '../tui/parts/guide.js';
import type { LiveScreen } from '../tui/start.js';
import { plainTheme, themeFor } from '../view/theme.js';
import type { Cluster, Context } from './context.js';
import { screenVerbs } from './screen-verbs.js';

export interface FollowPlan {
  scope: LeaseScope;
  cluster: Cluster;
  limits: FollowLimits;
  contextName: string | null;
  /** Beside one Lease: Events about it and its holder's Pod. */
  around?: { events: EventPort; pods: PodPort };
  guide?: Guide;
}

export interface ScreenEnd extends FollowEnd {
  /** Of a verb that was interrupted by leaving, or that left something changed; null: there was none. */
  code: number | null;
}

/**
 * Ends as `followUntil` does, or when the user leaves; a verb that runs then comes to its end first. The terminal is as
 * it was before, however it ends.
 */
export async function followOnScreen(plan: FollowPlan, terminal: Terminal, context: Context): Promise<ScreenEnd> {
  const { clock, signal: interrupt } = context;
  const { leases } = plan.cluster;
  const quit = new AbortController();
  const early: (() => void)[] = [];
  let screen: LiveScreen | undefined;
  let broken: { error: unknown } | undefined;
  const leave = () => (screen ? screen.leave() : quit.abort());
  const takeAway = () => {
    screen?.close();
    terminal.leave();
  };
  // The connection is being made while the screen loads.
  const onPod = (pod: HolderPod | null) => (screen ? screen.showPod(pod) : early.push(() => screen?.showPod(pod)));
  const ports = {
    leases,
    clock,
    signal: quit.signal,
    ...(plan.around && { around: { ...plan.around, past: true, onPod } }),
  };
  const ended = followUntil(plan.scope, plan.limits, ports, (events, followed) => {
    if (screen) screen.take(events, followed);
    else early.push(() => screen?.take(events, followed));
  });
  // What a verb has changed is put back also where there is nobody left to see it.
  const offHangUp = terminal.onHangUp(takeAway);
  interrupt.addEventListener('abort', leave, { once: true });
  if (interrupt.aborted) leave();
  const { verbs, outcome } = screenVerbs(plan.cluster, context, (code) => {
    takeAway();
    tell(outcome.lines, context);
    context.talk.endNow(code);
  });
  try {
    const { startScreen } = await import('../tui/start.js');
    const colour = (await themeFor(context.io.stdout, context.io.env)) !== plainTheme;
    if (!quit.signal.aborted) {
      terminal.enter();
      screen = startScreen({
        terminal,
        clock,
        leases,
        place: placeOf(plan),
        lease: plan.scope.name === undefined ? null : { namespace: plan.scope.namespace ?? '', name: plan.scope.name },
        colour,
        verbs,
        guide: plan.guide,
        onQuit: () => quit.abort(),
        onError: (error) => {
          broken = { error };
          quit.abort();
        },
      });
    }
    for (const news of early.splice(0)) news();
    const end = await ended;
    if (broken) throw broken.error;
    await screen?.idle();
    return { ...end, code: outcome.code };
  } finally {
    quit.abort();
    offHangUp();
    interrupt.removeEventListener('abort', leave);
    takeAway();
    if (outcome.code !== null) tell(outcome.lines, context);
  }
}

/** On the lines of the shell, since the screen is gone. */
const tell = (lines: readonly string[], { io }: Context) => {
  for (const line of lines) io.stderr.write(`${line}\n`);
};

const placeOf = ({ scope, contextName }: FollowPlan) => ({
  context: contextName,
  namespace: scope.namespace ?? null,
  selector: scope.labelSelector ?? null,
});
