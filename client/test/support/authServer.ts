/** The part of Firebase Auth that its SDK needs to sign users in and to renew tokens. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface AuthServer {
  readonly url: string;
  /** The user who signs in next. */
  uid: string;
  /** Firebase Auth's reason for refusing tokens; null if it gives them. */
  refusal: string | null;
  close(): Promise<void>;
}

export async function startAuthServer(): Promise<AuthServer> {
  let tokens = 0;
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const server = createServer((request, response) => {
    const { uid } = auth;
    const now = Math.floor(Date.now() / 1000);
    // Every token is different.
    const token = `${part({ alg: 'none' })}.${part({ sub: uid, iat: now, exp: now + 3600, jti: (tokens += 1) })}.`;
    const answer = {
      ...{ localId: uid, idToken: token, refreshToken: 'refresh', expiresIn: '3600' },
      ...{ access_token: token, refresh_token: 'refresh', expires_in: '3600' },
      users: [{ localId: uid }],
    };
    request.resume().on('end', () => {
      if (auth.refusal !== null) {
        const refused = { error: { code: 400, message: auth.refusal, errors: [{ message: auth.refusal }] } };
        response.writeHead(400, { 'Content-Type': 'application/json' }).end(JSON.stringify(refused));
        return;
      }
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const auth: AuthServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    uid: 'ann',
    refusal: null,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return auth;
}
