/** The two messages of grpc.health.v1.Health/Check with gRPC framing. PURE. */

/** Flag (1 byte), length (4 bytes). */
const FRAME_HEAD = 5;
const SERVING_STATUS = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
/** The field `service` of the request, and `status` of the response: both have number 1. */
const FIELD = 1;
const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 };

/** HealthCheckRequest; an empty name asks for the server as a whole. */
export function encodeCheck(service: string): Buffer {
  const name = Buffer.from(service);
  const field = name.length === 0 ? [] : [(FIELD << 3) | WIRE.bytes, ...varint(name.length)];
  const head = Buffer.alloc(FRAME_HEAD);
  head.writeUInt32BE(field.length + name.length, 1);
  return Buffer.concat([head, Buffer.from(field), name]);
}

function varint(n: number): number[] {
  return n < 0x80 ? [n] : [(n & 0x7f) | 0x80, ...varint(n >>> 7)];
}

/** The name of the status in a HealthCheckResponse; undefined if the frame is malformed or truncated. */
export function decodeStatus(frame: Buffer): string | undefined {
  // No compression was offered.
  if (frame.length < FRAME_HEAD || frame[0] !== 0 || frame.readUInt32BE(1) !== frame.length - FRAME_HEAD) return undefined;
  const reader = new ProtobufReader(frame, FRAME_HEAD);
  let status: number | undefined = 0;
  while (!reader.done) {
    const tag = reader.varint();
    if (tag === undefined) return undefined;
    const value = reader.value(tag & 7);
    if (value === undefined) return undefined;
    if (tag === ((FIELD << 3) | WIRE.varint)) status = value;
  }
  return SERVING_STATUS[status] ?? `status ${status}`;
}

class ProtobufReader {
  #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** At most ten bytes; bits above 32 are dropped, as every protobuf decoder does for an enum. */
  varint(): number | undefined {
    let value = 0;
    for (let i = 0; i < 10; i++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) return undefined;
      if (i < 5) value |= (byte & 0x7f) << (7 * i);
      if (byte < 0x80) return value;
    }
    return undefined;
  }

  /** The value of a field, or 0 for a skipped one; undefined if it cannot be read. */
  value(wire: number): number | undefined {
    switch (wire) {
      case WIRE.varint:
        return this.varint();
      case WIRE.fixed64:
        return this.#skip(8);
      case WIRE.bytes:
        return this.#skip(this.varint());
      case WIRE.fixed32:
        return this.#skip(4);
      default:
        return undefined;
    }
  }

  #skip(length: number | undefined): number | undefined {
    if (length === undefined || length < 0 || length > this.#bytes.length - this.#at) return undefined;
    this.#at += length;
    return 0;
  }
}
