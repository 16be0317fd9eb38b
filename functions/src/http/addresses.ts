/** Addresses of the functions. An HTTP function has several addresses, and a link in its answer must lead back to the same kind. */
import { HTTP_ENDPOINTS } from 'offline-audio-sync-contract';
import type { HttpEndpoint } from 'offline-audio-sync-contract';

/** The part of a request from which its address follows. */
export interface RequestAddress {
  /** The path as the function sees it: the platform cuts off the function's name. */
  readonly path: string;
  get(header: 'host'): string | undefined;
}

/**
 * The address of another function, as a URL reference for the answer to a request (RFC 3986, section 4.1):
 * - behind Hosting, or any proxy that keeps the paths, the other one's path;
 * - at Cloud Run's own address, which is a host for each function, an address on that function's host;
 * - at the platform's address and in the emulator, where the name is the last part of the path, the other name in its place.
 *
 * @param service the name under which the function is deployed, which a kit may prefix: Cloud Run's `K_SERVICE`
 */
export function addressOf(
  target: HttpEndpoint,
  own: HttpEndpoint,
  request: RequestAddress,
  service: string = process.env['K_SERVICE'] ?? own,
): string {
  if (request.path !== '/') {
    const [, proxied = ''] = new RegExp(`^(.*)${HTTP_ENDPOINTS[own].path}/*$`).exec(request.path) ?? [];
    return proxied + HTTP_ENDPOINTS[target].path;
  }
  const isNamed = service.toLowerCase().endsWith(own.toLowerCase());
  const prefix = isNamed ? service.slice(0, -own.length) : '';
  const host = request.get('host') ?? '';
  const hostPrefix = `${prefix}${own}-`.toLowerCase();
  if (host.startsWith(hostPrefix) && host.endsWith('.run.app')) {
    return `https://${prefix.toLowerCase()}${target.toLowerCase()}-${host.slice(hostPrefix.length)}/`;
  }
  return `${prefix}${target}`;
}
