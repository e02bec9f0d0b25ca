import type { ReactElement } from 'react';
import { formatMicroTime, type Micros } from '../../lease/micro-time.js';
import { failureText } from '../../view/messages.js';
import { safe } from '../../view/safe.js';
import type { ScreenTheme } from '../../view/screen-theme.js';
import type { ConnectionState } from '../model.js';
import { Line, type Pieces } from './line.js';
import { seconds } from './words.js';

/** Where the Leases are. */
export interface Place {
  /** Null: no kubeconfig context. */
  context: string | null;
  /** Null: every namespace. */
  namespace: string | null;
  /** `-l` and the like, as given. */
  selector: string | null;
}

export interface HeaderProps {
  columns: number;
  place: Place;
  /** The Lease that is shown; null: the table. */
  lease: string | null;
  connection: ConnectionState;
  time: Micros;
  paused: boolean;
  theme: ScreenTheme;
}

/** The first row: what is shown, from where, and whether it is live. */
export function Header({ columns, place, lease, connection, time, paused, theme }: HeaderProps): ReactElement {
  const subject = lease === null ? `Leases in ${scopeText(place)}` : safe(lease);
  const context = place.context === null ? '' : `  ${safe(place.context)}`;
  const left: Pieces = [
    { text: subject, paint: theme.strong },
    { text: context, paint: theme.faint },
    '  ',
    ...connectionPieces(connection, theme),
  ];
  const clock = `${formatMicroTime(time).slice(11, 19)} UTC`;
  const right: Pieces = paused
    ? [{ text: 'PAUSED', paint: theme.warning }, `  ${clock}`]
    : [{ text: clock, paint: theme.faint }];
  return <Line columns={columns} left={left} right={right} />;
}

function scopeText({ namespace, selector }: Place): string {
  const where = namespace === null ? 'all namespaces' : safe(namespace);
  return selector === null ? where : `${where} (${safe(selector)})`;
}

function connectionPieces(connection: ConnectionState, theme: ScreenTheme): Pieces {
  switch (connection.state) {
    case 'live':
      return [{ text: 'live', paint: theme.faint }];
    case 'connecting':
      return [{ text: 'connecting', paint: theme.faint }];
    case 'polling':
      return [{ text: 'polling (may not watch)', paint: theme.warning }];
    case 'down': {
      const why = safe(failureText(connection.failure).message);
      return [{ text: `RECONNECTING for ${seconds(connection.forMs)}: ${why}`, paint: theme.warning }];
    }
  }
}
