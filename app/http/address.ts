/** The address that limits count by: the peer's, or what trusted proxies say of it. */

import ipaddr from "ipaddr.js";
import type { Cidr } from "../config.ts";

/** An IPv6 customer holds a /64 at least, so single addresses in it are no different clients. */
const IPV6_CLIENT_BITS = 64;

/**
 * Finds the client's address. `X-Forwarded-For` is read from the right, each entry being what the
 * hop behind it saw, and believed for as long as that hop is trusted.
 * @returns an IPv4 address, or an IPv6 network such as `2001:db8:0:1::/64`, or `unknown`
 */
export function clientAddress(
  peer: string | undefined,
  forwardedFor: string | null,
  trusted: readonly Cidr[],
): string {
  let address = parse(peer ?? "");
  const hops = forwardedFor === null ? [] : forwardedFor.split(",");
  while (address !== undefined && hops.length > 0 && isTrusted(address, trusted)) {
    const next = parse((hops.pop() as string).trim());
    // An entry that is no address says nothing; the hop that wrote it is the last one known.
    if (next === undefined) break;
    address = next;
  }
  return address === undefined ? "unknown" : toKey(address);
}

/** Parses strictly: the library alone reads 010.0.0.1 as octal and takes `1.2` for an address. */
function parse(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  if (!text.includes(":") || !ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.IPv6.parse(text.replace(/%.*$/, ""));
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

function isTrusted(address: ipaddr.IPv4 | ipaddr.IPv6, trusted: readonly Cidr[]): boolean {
  return trusted.some(
    ([network, bits]) =>
      network.kind() === address.kind() && address.match(network as ipaddr.IPv4, bits),
  );
}

function toKey(address: ipaddr.IPv4 | ipaddr.IPv6): string {
  if (address.kind() === "ipv4") return address.toString();
  const network = ipaddr.IPv6.networkAddressFromCIDR(`${address.toString()}/${IPV6_CLIENT_BITS}`);
  return `${network.toString()}/${IPV6_CLIENT_BITS}`;
}
