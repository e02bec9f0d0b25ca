/** `--http ADDR`: where the probes listen. */

export interface ProbeAddress {
  /** Undefined is every interface, IPv6 and IPv4. */
  readonly host: string | undefined;
  readonly port: number;
}

/**
 * Reads `:8080`, `127.0.0.1:8080`, `localhost:8080` or `[::1]:8080`; undefined for anything else, a bare port included.
 * Without a host it is every interface, as in Go: the kubelet asks a Pod by the Pod's address, not by loopback.
 * Port 0 lets the system choose.
 */
export function parseProbeAddress(text: string): ProbeAddress | undefined {
  const found = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([\w.-]*)):(\d{1,5})$/.exec(text);
  if (!found) return undefined;
  const port = Number(found[3]);
  const host = found[1] ?? found[2];
  if (port > 65_535 || (found[1] !== undefined && !found[1].includes(':'))) return undefined;
  return { host: host === '' ? undefined : host, port };
}
