/**
 * The proxy variables of the environment. Requests to this machine must not go through a proxy: the emulators listen on the
 * loopback interface.
 */

const PROXIES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'];
const LOOPBACK = ['127.0.0.1', 'localhost', '::1'];

/**
 * @param {Readonly<Record<string, string | undefined>>} env
 * @returns {Record<string, string>} variables to add: empty without a proxy
 */
export function bypassProxyForLoopback(env) {
  const proxied = PROXIES.some((name) => env[name] || env[name.toLowerCase()]);
  if (!proxied) return {};
  const given = [env['NO_PROXY'], env['no_proxy']].flatMap((list) => list?.split(',') ?? []);
  const hosts = [...new Set([...given.map((host) => host.trim()).filter(Boolean), ...LOOPBACK])].join(',');
  return { NO_PROXY: hosts, no_proxy: hosts };
}
