/** The program of the watchdog process. Bundled alone into dist/watchdog.js: it must start fast and hold little. */
import { exitNow, onSignals, parentByPipes } from '../platform/own-process.js';
import { findMarkedGroup, groupAlive, signalGroup } from '../platform/process-group.js';
import { sharedClock } from '../platform/shared-clock.js';
import { Watchdog } from './watchdog.js';
import { MARK } from './watchdog-messages.js';

// Whoever ends everything in a container or a service at once wants work to end, and the watchdog last.
onSignals(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'], () => {});
const findGroup = (mark: string) => findMarkedGroup(MARK, mark);
new Watchdog({ clock: sharedClock, parent: parentByPipes(), signalGroup, groupAlive, findGroup, exit: exitNow });
