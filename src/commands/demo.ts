import { KleCommand } from '../cli/base-command.js';
import { Candidates, LEASE, NAMESPACE } from '../cli/demo/candidates.js';
import { GUIDE, NEXT } from '../cli/demo/guide.js';
import { tellDemo } from '../cli/demo/script.js';
import { Interrupted } from '../cli/errors.js';
import { EXIT, type ExitCode } from '../cli/exit-codes.js';
import { followOnScreen } from '../cli/follow-on-screen.js';
import { kubeconfigPlace } from '../cli/sandbox-kubeconfig.js';
import { openTerminal } from '../platform/terminal.js';

export default class Demo extends KleCommand {
  static override summary = 'The tool at work without a cluster: three candidates, one Lease.';
  static override usage = 'demo';
  static override description = [
    'Starts a sandbox and three `kle acquire` processes that compete for one Lease. On a terminal it shows them on the live',
    'screen, where r makes the leader step down, until q; elsewhere it tells one hand-over and one crash line by line, and ends by itself within 30 seconds.',
  ].join(' ');
  static override flags = {};

  override async run(): Promise<ExitCode> {
    this.refuseCommandWords();
    await this.parse(Demo);
    const { io, signal } = this.context;
    const { startSandbox } = await import('../sandbox/server.js');
    const place = kubeconfigPlace(undefined);
    const sandbox = await startSandbox();
    place.write(sandbox.kubeconfig());
    const candidates = new Candidates(io.env, place.path);
    try {
      const cluster = await this.context.cluster({ kubeconfig: place.path, 'request-timeout': '5s' });
      const terminal = openTerminal();
      if (terminal) {
        const scope = { namespace: NAMESPACE, name: LEASE };
        const plan = { scope, cluster, limits: {}, contextName: 'kle-sandbox', guide: GUIDE };
        await followOnScreen(plan, terminal, this.context);
        io.stdout.write(NEXT);
        // Leaving is a normal end here; what was left changed is gone with the sandbox.
      } else {
        await tellDemo({ context: this.context, leases: cluster.leases, candidates });
      }
    } catch (error) {
      // An interrupt is a normal end here.
      if (!(signal.aborted && signal.reason instanceof Interrupted)) throw error;
    } finally {
      await candidates.stop();
      await sandbox.close();
      place.remove();
    }
    return EXIT.ok;
  }
}
