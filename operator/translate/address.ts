const IPV4 = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;
const IPV6_CHARACTERS = /^[0-9a-fA-F:.]+$/;

/** Whether a slice's address is a literal of its address type. The URL parser knows the grammar of IPv6 (and needs no I/O). */
export function isEndpointAddress(address: string, addressType: string): boolean {
  if (addressType === 'IPv4') return IPV4.test(address);
  return IPV6_CHARACTERS.test(address) && URL.canParse(`http://[${address}]/`);
}
