/** A door in front of a server: bytes pass until somebody shuts it. */
import { connect, createServer, type Socket } from 'node:net';

export interface Gate {
  /** As the server's, with the gate's port. */
  url: URL;
  /** Cuts what is open and refuses the rest while `meanwhile` runs. */
  interrupt(meanwhile: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

export async function openGate(to: URL): Promise<Gate> {
  const sockets = new Set<Socket>();
  let shut = false;
  const server = createServer((near) => {
    if (shut) return void near.resetAndDestroy();
    const far = connect(Number(to.port), to.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => {});
    }
    near.pipe(far).pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(to);
  url.port = String((server.address() as { port: number }).port);
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    url,
    async interrupt(meanwhile) {
      shut = true;
      cut();
      await meanwhile().finally(() => {
        shut = false;
      });
    },
    close: () =>
      new Promise((resolve) => {
        cut();
        server.close(() => resolve());
      }),
  };
}
