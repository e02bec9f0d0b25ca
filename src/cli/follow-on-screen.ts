/** Follows Leases on the live screen. */
import type { LeaseApi, LeaseScope } from '../lease/api.js';
import type { HolderPod } from '../operations/follow-around.js';
import { type FollowEnd, type FollowLimits, followUntil } from '../operations/follow-until.js';
import type { EventPort, PodPort } from '../operations/ports.js';
import type { Terminal } from '../platform/terminal.js';
import type { LiveScreen } from '../tui/start.js';
import { plainTheme, themeFor } from '../view/theme.js';
import type { Context } from './context.js';

export interface FollowPlan {
  scope: LeaseScope;
  leases: LeaseApi;
  limits: FollowLimits;
  contextName: string | null;
  /** Beside one Lease: Events about it and its holder's Pod. */
  around?: { events: EventPort; pods: PodPort };
}

/** Ends as `followUntil` does, or when the user leaves. The terminal is as it was before, however it ends. */
export async function followOnScreen(plan: FollowPlan, terminal: Terminal, context: Context): Promise<FollowEnd> {
  const { clock, signal: interrupt } = context;
  const quit = new AbortController();
  const signal = AbortSignal.any([interrupt, quit.signal]);
  const early: (() => void)[] = [];
  let screen: LiveScreen | undefined;
  let broken: { error: unknown } | undefined;
  // The connection is being made while the screen loads.
  const onPod = (pod: HolderPod | null) => (screen ? screen.showPod(pod) : early.push(() => screen?.showPod(pod)));
  const ports = { leases: plan.leases, clock, signal, ...(plan.around && { around: { ...plan.around, onPod } }) };
  const ended = followUntil(plan.scope, plan.limits, ports, (events, followed) => {
    if (screen) screen.take(events, followed);
    else early.push(() => screen?.take(events, followed));
  });
  const offHangUp = terminal.onHangUp(() => quit.abort());
  try {
    const { startScreen } = await import('../tui/start.js');
    const colour = (await themeFor(context.io.stdout, context.io.env)) !== plainTheme;
    if (!signal.aborted) {
      terminal.enter();
      screen = startScreen({
        terminal,
        clock,
        leases: plan.leases,
        place: placeOf(plan),
        lease: plan.scope.name === undefined ? null : { namespace: plan.scope.namespace ?? '', name: plan.scope.name },
        colour,
        onQuit: () => quit.abort(),
        onError: (error) => {
          broken = { error };
          quit.abort();
        },
      });
    }
    for (const tell of early.splice(0)) tell();
    const end = await ended;
    if (broken) throw broken.error;
    return end;
  } finally {
    quit.abort();
    offHangUp();
    screen?.close();
    terminal.leave();
  }
}

const placeOf = ({ scope, contextName }: FollowPlan) => ({
  context: contextName,
  namespace: scope.namespace ?? null,
  selector: scope.labelSelector ?? null,
});
