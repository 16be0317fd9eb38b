/** Faults of a request on a bad network, for the server in memory and for the proxy before a real one. */

export const NETWORK_FAULTS = [
  'refused', // no connection
  'cut_request', // breaks off somewhere in the body
  'lost_answer', // done, but no answer arrives
  'cut_answer', // breaks off somewhere in the answer
  'delayed',
  'doubled', // arrives twice
  'rate_limited', // 429
  'busy', // 503
  'bad_gateway', // 502, by another machine
  'portal', // 200 and a page, by a network that requires a sign-in
  'sign_in', // 511
  'blocked', // 403 and a page
  'no_such_page', // 404 and a page
  'down_for_a_day', // 503 and a page, with a Retry-After that must be ignored
  'strange_json', // 500 and JSON of another machine
  'sent_elsewhere', // 302 to a page of another machine
  'no_content', // 204, by another machine
] as const;
export type NetworkFault = (typeof NETWORK_FAULTS)[number];

interface Stranger {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const page = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): Stranger => ({
  status,
  body,
  headers: { 'content-type': 'text/html', ...headers },
});

/** Answers of other machines on the way to the server. */
const STRANGERS: Readonly<Partial<Record<NetworkFault, Stranger>>> = {
  bad_gateway: page(502, '<h1>Bad gateway</h1>'),
  portal: page(200, '<h1>Welcome to our hotel</h1>'),
  sign_in: page(511, '<h1>Sign in to the network</h1>'),
  blocked: page(403, '<h1>Blocked by your administrator</h1>'),
  no_such_page: page(404, '<h1>Not found</h1>'),
  down_for_a_day: page(503, '<h1>Be right back</h1>', { 'retry-after': '86400' }),
  sent_elsewhere: page(302, '', { location: 'http://login.hotel.test/' }),
  no_content: page(204, ''),
  strange_json: page(500, '{"message":"Internal server error"}', { 'content-type': 'application/json' }),
};

/** @returns null if the fault is not an answer of another machine */
export function strangerAt(fault: string | null): Stranger | null {
  return STRANGERS[fault as NetworkFault] ?? null;
}
