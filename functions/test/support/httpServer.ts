/** Serves an HTTP function in this process, with the server of a deployment. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { http as register } from '@google-cloud/functions-framework';
import type { HttpFunction } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';

export interface RunningFunction {
  readonly url: string;
  close(): Promise<void>;
}

/** @param name unique in the process, because the framework keeps functions by name. */
export async function serve(name: string, handler: HttpFunction): Promise<RunningFunction> {
  register(name, handler);
  const server = getTestServer(name) as Server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
